"""`verify`: every checkpoint of a host, looked at without touching, as often as wanted."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace

from provision.app.laptop import recall_tunnel
from provision.app.operator import Operator, Silence, nonces
from provision.app.secret import recall
from provision.app.server import Wish, prove_it, wished
from provision.app.tunnel import check_tunnel
from provision.checks.inside import judge_inside
from provision.engine.gather import Seen, Session, gather
from provision.errors import ConnectError
from provision.model.inside import Inside
from provision.model.report import Report, Verdict
from provision.model.spec import Host
from provision.stacks.checkpoints import find_places, widen
from provision.transport.local import Local

PATIENCE_S = 30.0
"""How long a gateway may be starting."""
FEW = 3
"""So many pending steps are named."""


def verify(host: Host, operator: Operator) -> Report:
    """Whether the host is as wished and its gateway proves itself; nothing is changed."""
    with verifying(recall(host), operator) as look:
        return look(PATIENCE_S)


@contextmanager
def verifying(host: Host, operator: Operator) -> Iterator[Callable[[float], Report]]:
    """A look at the host, which can be taken again over the one connection.

    It gives a gateway that is starting so many seconds.
    """
    with wished(host, operator, "verify") as (session, wish):
        tunnel = not host.here and recall_tunnel(host) is not None
        stack = widen(wish.gateway.stack, host, wish.product, tunnel=tunnel)
        wish = replace(wish, gateway=replace(wish.gateway, stack=stack))
        yield lambda patience: _look(session, wish, patience)


def keep_verifying(
    host: Host, operator: Operator, every_s: float
) -> Generator[Report | ConnectError]:
    """A look every so many seconds, without end, over one connection.

    One that is lost is told, and opened anew; the first one must come to something.
    """
    host, reached = recall(host), False
    while True:
        try:
            with verifying(host, operator) as look:
                while True:
                    report = look(every_s)
                    reached = True
                    yield report
                    time.sleep(every_s)
        except ConnectError as error:
            if not reached:
                raise
            yield error
        time.sleep(every_s)


def _look(session: Session, wish: Wish, patience: float) -> Report:
    started, host = time.monotonic(), wish.host
    seen = gather(session, wish.gateway.stack)
    proof, seen = prove_it(session, wish, seen, patience=patience, curious=True)
    inside = proof.inside or Inside()
    told = judge_inside(host.name, inside)
    return Report(
        host.name,
        seen.plan,
        verdicts=(_as_planned(seen), *seen.preflight, *seen.verdicts, *told, *_from_here(host)),
        proof=proof,
        seconds=time.monotonic() - started,
        places=find_places(host, wish.product, seen.facts, inside),
    )


def _as_planned(seen: Seen) -> Verdict:
    """Whether `up` would find nothing to do."""
    pending = [change.resource for change in seen.plan.changes]
    more = f" and {len(pending) - FEW} more" if len(pending) > FEW else ""
    problem = f"not as planned: {', '.join(pending[:FEW])}{more}" if pending else ""
    hint = f"clawprov plan {seen.plan.target}" if pending else ""
    return Verdict("host:as-planned", problem, hint, detail="" if pending else "nothing to change")


def _from_here(host: Host) -> tuple[Verdict, ...]:
    """This laptop's tunnel, where it has one; a word where it is to have one and has none."""
    if host.here:
        return ()
    if tunnel := recall_tunnel(host):
        here = Session(Local(own=True), "", "verify", nonces(), Silence())
        return check_tunnel(here, host, tunnel)
    if host.kept_tunnel is None:
        return ()
    hint, note = f"clawprov tunnel up {host.name}", "there is no tunnel from this machine"
    return (Verdict("tunnel:running", "", hint, note=note),)
