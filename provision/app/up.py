"""`up`: a host brought to its wish, and proved."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from provision.app.keeping import tell_left
from provision.app.laptop import at_laptop
from provision.app.link import Link, prepare
from provision.app.operator import Operator
from provision.app.secret import keep_secret, recall
from provision.app.server import Wish, prove_it, wished
from provision.checks.causes import find_cause
from provision.engine.frames import whole
from provision.engine.gather import Seen, Session, Stack
from provision.engine.plan import build_plan
from provision.engine.run import Converged, converge
from provision.errors import ApplyError, SecretError
from provision.model.report import Report, Verdict
from provision.model.secret import Secret
from provision.model.shell import sh
from provision.model.spec import Host
from provision.stacks.access import build_leaving, heed_leaving
from provision.stacks.funnel import build_closing

LOG_LINES = 20


def up(host: Host, operator: Operator, *, leave: bool = False) -> Report:
    """Bring `host` to its wish and prove the gateway; running it again changes nothing.

    With `leave`, it is out of the tailnet afterwards, if clawprov has brought it there.
    """
    started = time.monotonic()
    host = recall(host)
    with _linked(host, operator) as link, wished(host, operator, "up") as (session, wish):
        result = _converge(session, wish, operator, link, leave=leave)
        proof, seen = prove_it(session, wish, result.seen, patience=wish.product.start_limit_s)
        verdicts = (*(v for v in seen.preflight if v.note), *seen.verdicts)
        report = Report(
            host.name,
            result.plan,
            result.outcomes,
            left=_left(result),
            verdicts=verdicts,
            proof=proof,
        )
        if not proof.ok or _ails(report):
            report = _with_log(report, session, wish)
        else:
            verdicts = _keep(host, wish.gateway.credential.secret(seen.facts))
            report = replace(report, verdicts=(*report.verdicts, *verdicts))
            if link:
                report = link.install(report, wish, session.pin, result.seen)
            report = _close(report, session, wish, seen, operator.confirm, leave=leave)
            left = tell_left(host, leave=leave) if report.ok else ()
            report = replace(report, verdicts=(*report.verdicts, *left))
        return replace(report, seconds=time.monotonic() - started)


def _ails(report: Report) -> bool:
    """Whether it is the gateway or the server that is not well, and not a way in."""
    return any(not v.ok and not v.check.startswith("tailnet:") for v in report.verdicts)


def _close(
    report: Report,
    session: Session,
    wish: Wish,
    seen: Seen,
    confirm: Callable[[Seen], None],
    *,
    leave: bool,
) -> Report:
    """The ways shut that are wished no more, as soon as those that are wished are proved.

    A gateway that was started anew for it is proved once more.
    """
    closing = wish.gateway.closing
    if not report.ok:
        return report
    if leave:  # Funnel first: by its end the routes change, at which the others have to look
        report = _also(report, session, build_closing(wish.host), confirm)
        closing = build_leaving(closing, wish.gateway.serve.node)
    elif not build_plan(wish.host.name, closing.resources, seen.facts).changes:
        return report
    closed = _also(report, session, closing, confirm)
    if any(o.resource.startswith("service:") for o in closed.outcomes[len(report.outcomes) :]):
        patience = wish.product.start_limit_s
        return replace(closed, proof=prove_it(session, wish, seen, patience=patience)[0])
    return closed


def _also(
    report: Report, session: Session, stack: Stack, confirm: Callable[[Seen], None]
) -> Report:
    """The report, and what was closed afterwards, of which nothing is left to tell.

    Where nothing was changed before, nobody has been asked yet.
    """
    made = converge(session, stack) if report.outcomes else converge(session, stack, confirm)
    closed = {outcome.resource for outcome in made.outcomes}
    closed |= {"funnel:open"} if "tailscale:funnel" in closed else set()
    verdicts = tuple(v for v in report.verdicts if v.check not in closed)
    return replace(
        report,
        plan=report.plan + made.plan,
        outcomes=(*report.outcomes, *made.outcomes),
        left=(*report.left, *_left(made)),
        verdicts=verdicts,
    )


def _left(made: Converged) -> tuple[str, ...]:
    """What could not be judged to the end, since what it is after was not answered."""
    return tuple(blocked.resource for blocked in made.seen.plan.blocked)


def _keep(host: Host, secret: Secret) -> tuple[Verdict, ...]:
    """Nothing to say when a copy is kept here; the server is well all the same."""
    try:
        keep_secret(host, secret)
    except SecretError as error:
        problem = ": ".join(filter(None, (error.where, error.what)))
        return (Verdict("secret:kept", problem, error.hint),)
    return ()


@contextmanager
def _linked(host: Host, operator: Operator) -> Iterator[Link | None]:
    """The tunnel that is wished besides, if any."""
    if host.kept_tunnel is None or host.here:
        yield None
        return
    with at_laptop(operator, "up") as here:
        yield prepare(here, host, host.kept_tunnel)


def _converge(
    session: Session, wish: Wish, operator: Operator, link: Link | None, *, leave: bool
) -> Converged:
    """Converge, and where a step fails for a known reason, say so."""
    stack, confirm = wish.gateway.stack, operator.confirm
    if leave:
        stack = heed_leaving(stack, wish.gateway.serve.node)
    if link:
        stack, confirm = link.widen(stack), link.asking(confirm, wish, session.pin)
    try:
        return converge(session, stack, confirm)
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
