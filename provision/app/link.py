"""A tunnel on its way: what this laptop and the server need of each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from provision.app.client import choose_config, heed_own_gateway
from provision.app.exposure import closed_outside
from provision.app.keeping import tell_keeping
from provision.app.laptop import build_id, memory_path, read_tunnels
from provision.app.prove import prove
from provision.app.server import Wish
from provision.engine.gather import Seen, Session, Stack, gather
from provision.engine.guard import demand
from provision.engine.run import converge
from provision.errors import UnsupportedError, UsageError
from provision.model.facts import Facts
from provision.model.laptop import Laptop
from provision.model.report import Proof, Report, Verdict
from provision.model.secret import Secret
from provision.model.spec import Host, TunnelSpec
from provision.model.tunnel import Tunnel
from provision.stacks.account import build_account, build_account_checks
from provision.stacks.client import Wished, build_client
from provision.stacks.laptop import build_questions, read_laptop
from provision.stacks.naming import choose_name, choose_port, name_host, propose_names


@dataclass(frozen=True, slots=True)
class Link:
    """A tunnel that is wished: this laptop, where it is made, and both halves of its key.

    `fresh` is the private half of a new key; `notes` is what is worth a word. `config` says whether
    the product's own command line follows it, None: where there is one.
    """

    host: Host
    here: Session
    laptop: Laptop
    tunnel: Tunnel
    public: str
    fresh: Secret | None
    notes: tuple[Verdict, ...] = ()
    config: bool | None = None

    def widen(self, stack: Stack) -> Stack:
        """A server's stack, and its account for tunnels."""
        account = build_account(self.host, self.tunnel, self.public)
        checks = (*stack.checks, *build_account_checks())
        return replace(stack, resources=(*stack.resources, *account), checks=checks)

    def client(self, wish: Wish, pin: str, facts: Facts) -> Stack:
        """The laptop's stack, with the server's host key `pin` and what is known of it."""
        others = tuple(t for t in read_tunnels() if t.host != self.tunnel.host)
        spec, secret = self.host.kept_tunnel or TunnelSpec(), wish.gateway.credential.secret(facts)
        wished = Wished(
            self.tunnel,
            (*others, self.tunnel),
            str(memory_path()),
            self.public,
            self.fresh,
            pin,
            choose_config(self.laptop, self.tunnel, wish, secret, asked=self.config),
            spec.identity and str(Path(spec.identity).expanduser().absolute()),
        )
        return build_client(self.host, self.laptop, wished)

    def asking(
        self, confirm: Callable[[Seen], None], wish: Wish, pin: str
    ) -> Callable[[Seen], None]:
        """A question about the server's plan, and about this laptop's at once."""

        def ask(there: Seen) -> None:
            here = gather(self.here, self.client(wish, pin, there.facts))
            demand("this laptop", here.preflight)
            verdicts = (*there.verdicts, *self.notes)
            confirm(replace(there, plan=there.plan + here.plan, verdicts=verdicts))

        return ask

    def install(self, report: Report, wish: Wish, pin: str, seen: Seen) -> Report:
        """The laptop's part done, told and proved beside what the server's `report` tells."""
        made = converge(self.here, self.client(wish, pin, seen.facts))
        verdicts = [*report.verdicts, *self.notes]
        if not self.host.exposed and "tailnet" not in self.host.access:
            verdicts.append(closed_outside(self.host, self.laptop, seen))
        verdicts += tell_keeping(self.laptop, self.tunnel, self.host)
        proof = report.proof
        if self.laptop.supervisor:
            proof = self._prove(wish.gateway.credential.secret(seen.facts))
            if report.proof and report.proof.path.startswith("https:"):
                proof = replace(proof, path=f"{report.proof.path} and {proof.path}")
            proof = replace(proof, server=f"{self.host.product} {proof.server}".rstrip())
        return replace(
            report,
            plan=report.plan + made.plan,
            outcomes=(*report.outcomes, *made.outcomes),
            verdicts=tuple(verdicts),
            proof=proof,
        )

    def _prove(self, secret: Secret) -> Proof:
        """The proof through the tunnel that is installed."""
        progress = self.here.progress
        progress.step("proof", self.tunnel.url)
        path, nonce = f"tunnel from {self.tunnel.url}", next(self.here.nonces)
        proof = prove(self.here.transport, self.tunnel.port, secret, nonce=nonce, path=path)
        progress.done(0 if proof.ok else 1)
        return proof


def prepare(
    here: Session,
    host: Host,
    spec: TunnelSpec,
    *,
    anew: bool = False,
    config: bool | None = None,
) -> Link:
    """The tunnel that this laptop gets, and a new key when it has none, or `anew`."""
    if host.here:
        hint = f"its gateway is at ws://127.0.0.1:{host.gateway_port} already"
        raise UsageError(
            "it is this very machine, which needs no tunnel", where=host.name, hint=hint
        )
    remembered, home = read_tunnels(), str(Path.home())
    known = next((tunnel for tunnel in remembered if tunnel.host == name_host(host)), None)
    names = () if known else propose_names(host, remembered, build_id(here.who))
    key = spec.identity or f"{home}/.ssh/clawprov/{(known or names[0]).name}.key"
    seen = gather(here, build_questions(host, home, str(Path(key).expanduser()), names))
    demand("this laptop", seen.preflight)
    laptop = read_laptop(seen.facts, host, home, names)
    tunnel, why = choose_port(known or choose_name(names, laptop), spec.port, remembered, laptop)
    notes = heed_own_gateway(laptop, host, asked=config)
    if why:
        notes = (Verdict("laptop:port", "", note=why), *notes)
    public, fresh = choose_key(spec, laptop.public, anew=anew)
    return Link(host, here, laptop, tunnel, public, fresh, notes, config)


def choose_key(spec: TunnelSpec, public: str, *, anew: bool) -> tuple[str, Secret | None]:
    """The public half of the key that is there if it is as wished, else of a new one, and that."""
    from provision.transport.keypair import make_keypair

    if spec.identity:
        if not public:
            raise _unusable(spec.identity)
        return public, None
    if public and public.startswith(f"ssh-{spec.key}") and not anew:
        return public, None
    return make_keypair(spec.key or "ed25519")


def _unusable(identity: str) -> UnsupportedError:
    """Why a key that was named has no public half, and how it comes to one."""
    private = identity.removesuffix(".pub")
    make = f"ssh-keygen -y -f {private} >{private}.pub"
    if Path(private).expanduser().exists():
        return UnsupportedError("its public half is not there", where=identity, hint=make)
    hint = f"ssh-keygen -t ed25519 -f {private}, or name a key that is there"
    return UnsupportedError("this key is not there", where=identity, hint=hint)
