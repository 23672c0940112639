"""`up`: a host brought to its wish, and proved."""

from __future__ import annotations

import time

from provision.app.operator import Operator
from provision.app.server import build_wish, connected, prove_it
from provision.engine.run import converge
from provision.model.report import Report
from provision.model.spec import Host


def up(host: Host, operator: Operator) -> Report:
    """Bring `host` to its wish and prove the gateway; running it again changes nothing."""
    started = time.monotonic()
    wish = build_wish(host)
    with connected(host, operator, "up") as session:
        result = converge(session, wish.gateway.stack, operator.confirm)
        proof = prove_it(session, wish, result.seen)
        return Report(
            host.name,
            result.plan,
            result.outcomes,
            verdicts=result.seen.verdicts,
            proof=proof,
            seconds=time.monotonic() - started,
        )
