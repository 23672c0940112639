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
from provision.model.report import Report, Verdict
from provision.model.shell import sh
from provision.model.spec import Host

LOG_LINES = 20


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
        if not report.ok:
            report = _with_log(report, session, wish)
        return replace(report, seconds=time.monotonic() - started)


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


def _with_log(report: Report, session: Session, wish: Wish) -> Report:
    """The report with the service's last lines, and with what they mean where that is known."""
    read = sh("journalctl -q -o cat -n {} -u {}", LOG_LINES, wish.product.service)
    completed = session.transport.execute(whole(read, next(session.nonces)))
    log = tuple(completed.out.strip().splitlines())
    cause = find_cause(log)
    hint = cause.hint if cause else f"journalctl -u {wish.product.service} -n 100   (on the server)"
    verdict = Verdict("gateway:log", cause.what if cause else "the cause is not known", hint)
    return replace(report, verdicts=(*report.verdicts, verdict), log=log)
