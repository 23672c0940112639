"""`tunnel`: this laptop's way to a gateway, made, shown and removed."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from provision.app.client import build_no_configs
from provision.app.laptop import at_laptop, memory_path, read_tunnels, recall_tunnel
from provision.app.link import prepare
from provision.app.operator import Operator
from provision.app.prove import greet
from provision.app.secret import recall
from provision.app.server import Wish, build_wish, connected
from provision.checks.tunnel import lingering, running
from provision.engine.gather import Session, Stack, gather
from provision.engine.guard import demand
from provision.engine.laptop import LAPTOP
from provision.engine.run import Converged, converge
from provision.errors import ConnectError, UsageError
from provision.model.facts import Facts, Reading
from provision.model.plan import Plan
from provision.model.report import Check, Report, Verdict
from provision.model.spec import Host, TunnelSpec
from provision.model.tunnel import Tunnel
from provision.products import find_product
from provision.stacks.account import build_no_account
from provision.stacks.client import build_no_client


def tunnel_up(
    host: Host, operator: Operator, *, anew: bool = False, config: bool | None = None
) -> Report:
    """A tunnel to `host` that runs by itself, proved; run again, it changes nothing.

    With `anew` it gets a new key. `config` says whether the product's own CLI here follows it;
    None: where there is one.
    """
    started = time.monotonic()
    host = recall(host)
    wish = build_wish(host, find_product(host.product))
    with at_laptop(operator, "tunnel up") as here:
        link = prepare(here, host, host.tunnel or TunnelSpec(), anew=anew, config=config)
        with connected(host, operator, "tunnel up") as there:
            stack = link.widen(Stack(host.name, (there_is_a_gateway(wish),), ()))
            done = converge(there, stack, link.asking(operator.confirm, wish, there.pin))
            demand(host.name, done.seen.preflight)
        report = Report(host.name, done.plan, done.outcomes, verdicts=done.seen.verdicts)
        report = link.install(report, wish, there.pin, done.seen)
    return replace(report, seconds=time.monotonic() - started)


def there_is_a_gateway(wish: Wish) -> Check:
    """A gateway with a secret of the kind that is wished, to which a tunnel can lead."""
    host, credential = wish.host, wish.gateway.credential

    def judge(reading: Reading, facts: Facts) -> str:
        if credential.kept(facts):
            return ""
        other = credential.other(facts)
        return f"its gateway asks for {other}" if other else "there is no gateway on it yet"

    kinds = {"token": "password", "password": "token"}
    hint = f"clawprov up {host.name}   (or --auth {kinds[host.auth.kind]})"
    return Check(credential.id, credential.probe().script, judge, hint)


def find_tunnel(host: Host) -> tuple[Tunnel, tuple[Tunnel, ...]]:
    """The tunnel to `host` that this laptop remembers, and its others."""
    remembered, found = read_tunnels(), recall_tunnel(host)
    if found is None:
        known = ", ".join(tunnel.host for tunnel in remembered)
        hint = f"there is one to {known}" if known else f"clawprov tunnel up {host.name}"
        raise UsageError("this laptop has no tunnel to it", where=host.name, hint=hint)
    return found, tuple(tunnel for tunnel in remembered if tunnel != found)


def tunnel_status(host: Host, operator: Operator) -> Report:
    """How the tunnel to `host` is; asked of this laptop alone, and through the tunnel itself."""
    started = time.monotonic()
    tunnel, _ = find_tunnel(host)
    with at_laptop(operator, "tunnel status") as here:
        verdicts = check_tunnel(here, host, tunnel)
    return Report(host.name, Plan(host.name), verdicts=verdicts, seconds=time.monotonic() - started)


def check_tunnel(here: Session, host: Host, tunnel: Tunnel) -> tuple[Verdict, ...]:
    """What this laptop says of a tunnel, and whether a gateway answers through it."""
    log = f"{Path.home()}/.ssh/clawprov/{tunnel.name}.log"
    checks = (running(host.name, tunnel, log), lingering(tunnel))
    seen = gather(here, Stack(host.name, (), (), checks, ground=LAPTOP))
    greeting = greet(here.transport, tunnel.port)
    hint = "" if greeting.ok else f"clawprov verify {host.name}"
    return (*seen.verdicts, replace(greeting, hint=hint, detail=greeting.ok * tunnel.url))


def tunnel_down(host: Host, operator: Operator, *, client: bool = False) -> Report:
    """Nothing of the tunnel to `host` is left here or there; with `client`, here alone."""
    started = time.monotonic()
    tunnel, others = find_tunnel(host)
    configs = build_no_configs(tunnel, others)

    def gone(memory: str) -> Stack:
        return build_no_client(host, str(Path.home()), tunnel, others, memory, configs)

    with at_laptop(operator, "tunnel down") as here:
        demand("this laptop", gather(here, gone(str(memory_path()))).preflight)
        there, left = (None, None) if client else shut_door(host, tunnel, operator)
        made = converge(here, gone("" if left else str(memory_path())), operator.confirm)
    return Report(
        host.name,
        there.plan + made.plan if there else made.plan,
        (*(there.outcomes if there else ()), *made.outcomes),
        verdicts=(left,) if left else (),
        seconds=time.monotonic() - started,
    )


def shut_door(
    host: Host, tunnel: Tunnel, operator: Operator
) -> tuple[Converged | None, Verdict | None]:
    """This laptop's key off the server; or what keeps it there."""
    try:
        with connected(host, operator, "tunnel down") as there:
            return converge(there, build_no_account(host, tunnel), operator.confirm), None
    except ConnectError as error:
        hint = f"clawprov tunnel down {host.name} again, or with --client if there is no server"
        return None, Verdict("tunnel:server", f"its list still has our key: {error.what}", hint)
