"""`up`: a host brought to its wish, and proved."""

from __future__ import annotations

import time
from dataclasses import replace

from provision.app.operator import Operator
from provision.app.server import Wish, build_wish, connected, prove_it
from provision.checks.causes import find_cause
from provision.engine.frames import whole
from provision.engine.run import Converged, Session, converge
from provision.errors import ApplyError
from provision.model.report import Report
from provision.model.shell import sh
from provision.model.spec import Host

LOG_LINES = 10


def up(host: Host, operator: Operator) -> Report:
    """Bring `host` to its wish and prove the gateway; running it again changes nothing."""
    started = time.monotonic()
    wish = build_wish(host)
    with connected(host, operator, "up") as session:
        result = _converge(session, wish, operator)
        proof, seen = prove_it(session, wish, result.seen, patience=wish.product.start_limit_s)
        report = Report(
            host.name, result.plan, result.outcomes, verdicts=seen.verdicts, proof=proof
        )
        log = () if report.ok else _read_log(session, wish)
        return replace(report, log=log, seconds=time.monotonic() - started)


def _converge(session: Session, wish: Wish, operator: Operator) -> Converged:
    """Converge, and where a step fails for a known reason, say so."""
    try:
        return converge(session, wish.gateway.stack, operator.confirm)
    except ApplyError as error:
        cause = find_cause(error.log)
        if cause is None:
            raise
        raise ApplyError(
            f"{error.what}: {cause.what}", where=error.where, hint=cause.hint, log=error.log
        ) from error


def _read_log(session: Session, wish: Wish) -> tuple[str, ...]:
    """The last lines that the gateway wrote."""
    read = sh("journalctl -q -o cat -n {} _SYSTEMD_UNIT={}", LOG_LINES, wish.product.service)
    completed = session.transport.execute(whole(read, next(session.nonces)))
    return tuple(completed.out.strip().splitlines())
