"""A host, its wish and the connection to it, put together for the use cases."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from provision.app.https import prove_https
from provision.app.operator import Operator, nonces
from provision.app.port import prove_port
from provision.app.prove import prove
from provision.app.version import choose_version, find_installed
from provision.app.way import open_way
from provision.checks.access import serve_hint
from provision.engine.gather import Seen, Session, gather
from provision.errors import ConnectError, RegistryError
from provision.model.product import Product
from provision.model.report import Proof, Verdict
from provision.model.secret import Secret
from provision.model.shell import Sh
from provision.model.spec import Host
from provision.model.transport import Completed
from provision.products import choose_product
from provision.stacks.gateway import Gateway, build_gateway
from provision.transport.local import Local
from provision.transport.registry import ask_registry

if TYPE_CHECKING:  # Fabric and Paramiko take their time
    from provision.transport.session import Ssh

BETWEEN_LIVES_S = 3.0
"""For less than this, an sshd that reads its configuration again refuses us; walls are silent."""
CERTIFICATE_S = 90.0
"""For so long a first certificate is waited for."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a host is to be."""

    host: Host
    product: Product
    gateway: Gateway


def build_wish(host: Host, product: Product | None = None) -> Wish:
    """The wish for a host, with a fresh secret of 256 bits at hand in case it has none."""
    product = product or choose_product(host.product, host.version, ask_registry)
    fresh = Secret(secrets.token_urlsafe(32))
    return Wish(host, product, build_gateway(host, product, fresh=fresh, clock=time.time))


@contextmanager
def wished(host: Host, operator: Operator, verb: str) -> Iterator[tuple[Session, Wish]]:
    """A session on the host, and the wish for it, which is known first if it can be.

    Where the registry does not tell of a version, the release that is there already counts.
    """
    try:
        found: Wish | RegistryError = build_wish(host, choose_version(host, operator))
    except RegistryError as error:
        found = error
    with connected(host, operator, verb) as session:
        if isinstance(found, RegistryError):
            found = build_wish(host, find_installed(host, session, found))
        yield session, found


@contextmanager
def connected(host: Host, operator: Operator, verb: str) -> Iterator[Session]:
    """A session on the host, ended with the block."""
    operator.progress.step("connect", host.address)
    ask = cache(lambda: operator.password(host.name))
    transport = open_way(host, operator, ask)
    operator.progress.done(0)

    def fresh(script: Sh) -> Completed:
        until = time.monotonic() + BETWEEN_LIVES_S
        while True:
            try:
                return _run(script, open_way(host, operator, ask))
            except ConnectError:
                if time.monotonic() > until:
                    raise
            time.sleep(0.5)

    who, progress = operator.who, operator.progress
    try:
        way = None if host.here else fresh
        yield Session(transport, who, verb, nonces(), progress, way, pin=transport.pin)
    finally:
        transport.close()


def _run(script: Sh, transport: Ssh | Local) -> Completed:
    with closing(transport):
        return transport.execute(script)


def prove_it(
    session: Session, wish: Wish, seen: Seen, *, patience: float = 30.0, curious: bool = False
) -> tuple[Proof, Seen]:
    """The proof by the best way that is wished, shown as a step of its own.

    That is its tailnet, https before the bare port, or else the connection that is there; when the
    tailnet's fails, both are tried. A gateway that was still starting when it was `seen` is waited
    for, up to `patience` seconds, and then looked at again. Who is `curious` asks for its channels
    and nodes, too, which it does not tell over https.
    """
    stranger = next((v for v in seen.preflight if v.check == "preflight:port" and not v.ok), None)
    way = "loopback" if isinstance(session.transport, Local) else "ssh"
    path = f"{way} to 127.0.0.1:{wish.host.gateway_port}"
    if stranger:  # whoever that is must not be told the secret
        return Proof(False, path, problem=stranger.problem), seen
    over_tailnet = _over_https(session, wish, seen, patience, alone=curious)
    over_tailnet = over_tailnet or _over_port(session, wish, seen, path, patience)
    if over_tailnet and over_tailnet.ok and not curious:
        proof = over_tailnet
    else:
        proof = _over_loopback(session, wish, seen, path, patience, curious=curious)
        if over_tailnet and over_tailnet.ok and proof.ok:
            proof = replace(over_tailnet, inside=proof.inside, refused=proof.refused)
    if proof.ok and not all(verdict.ok for verdict in seen.verdicts):
        seen = gather(session, wish.gateway.stack)
    if over_tailnet and not over_tailnet.ok:
        verdict = Verdict("tailnet:proof", over_tailnet.problem, serve_hint(wish.host.name))
        seen = replace(seen, verdicts=(*seen.verdicts, verdict))
    return replace(proof, server=f"{wish.product.name} {proof.server}".rstrip()), seen


def _over_https(
    session: Session, wish: Wish, seen: Seen, patience: float, *, alone: bool
) -> Proof | None:
    """The proof over the gateway's route, None where it has none or is to have none.

    With `alone`, wrong secrets are left to the loopback's: OpenClaw shuts out for five minutes
    whoever comes with ten of them in a minute from anywhere else, and a watch would.
    """
    serve = wish.gateway.serve
    if not (serve.wished and serve.route(seen.facts)):
        return None
    node, secret = serve.node(seen.facts), wish.gateway.credential.secret(seen.facts)
    session.progress.step("proof", f"https://{node.name}/")
    patience = min(patience, CERTIFICATE_S)
    proof = prove_https(session, node, secret, patience=patience, alone=alone)
    session.progress.done(0 if proof.ok else 1)
    return proof


def _over_port(
    session: Session, wish: Wish, seen: Seen, path: str, patience: float
) -> Proof | None:
    """The proof over the gateway's port on its tailnet, None where it is not open, or not to be.

    Tailscale takes connections there also for a gateway that starts, which is waited for first.
    """
    forward = wish.gateway.forward
    if not forward.wished or forward.trouble(seen.facts):
        return None
    node, secret = forward.node(seen.facts), wish.gateway.credential.secret(seen.facts)
    if not node.ips:
        return None
    if not _over_loopback(session, wish, seen, path, patience, curious=False).ok:
        return None
    return prove_port(session, node.ips[0], forward.port, secret, patience=patience)


def _over_loopback(
    session: Session, wish: Wish, seen: Seen, path: str, patience: float, *, curious: bool
) -> Proof:
    """The proof over the connection that is there."""
    session.progress.step("proof", f"127.0.0.1:{wish.host.gateway_port}")
    proof = prove(
        session.transport,
        wish.host.gateway_port,
        wish.gateway.credential.secret(seen.facts),
        nonce=next(session.nonces),
        path=path,
        patience=patience,
        curious=curious,
    )
    session.progress.done(0 if proof.ok else 1)
    return proof
