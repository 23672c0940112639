"""`doctor`: what is wrong with a gateway, whoever has made it, why, and what to do about it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from provision.app.examine import Examined, find_all, see_laptop, see_server
from provision.app.operator import Operator
from provision.app.secret import recall
from provision.app.server import connected
from provision.checks.doctor.laptop import CONNECTION
from provision.engine.apply import apply
from provision.engine.gather import Session
from provision.errors import ConnectError
from provision.model.facts import Reading
from provision.model.finding import Finding
from provision.model.plan import Change, Plan
from provision.model.report import Outcome
from provision.model.spec import Host

AWAY = (
    *("HAS CHANGED", "not the one that was given", "cannot be reached", "no answer"),
    "does not answer",
)
"""What is said of a server that is ill or away, rather than asked for in a wrong way."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found on a host; `asked` are the rules, `outcomes` what was mended before."""

    host: str
    product: str
    findings: tuple[Finding, ...]
    asked: tuple[str, ...]
    outcomes: tuple[Outcome, ...] = ()
    seconds: float = 0.0

    def to_dict(self) -> dict[str, object]:
        """The document that `--json` prints."""
        return {
            "host": self.host,
            "product": self.product,
            "findings": [finding.to_dict() for finding in self.findings],
            "asked": list(self.asked),
            "outcomes": [outcome.to_dict() for outcome in self.outcomes],
            "seconds": round(self.seconds, 2),
        }


def doctor(
    host: Host, operator: Operator, *, fix: bool = False, now: Callable[[], float] = time.time
) -> Diagnosis:
    """What is wrong with a host's gateway; with `fix`, what is safe is mended and looked at again.

    One exec on this laptop, one connection with one exec, and the handshakes. A server that is
    away is a finding, too. Raises ApplyError when a cure fails.
    """
    started = time.monotonic()
    host = recall(host)
    here = () if host.here else (see_laptop(host, operator),)
    try:
        with connected(host, operator, "doctor --fix" if fix else "doctor") as session:
            found = see_server(session, host, now)
            findings = find_all(found, *here, told={})
            outcomes = mend(session, found, findings, operator) if fix else ()
            if outcomes:
                found = see_server(session, host, now)
                findings = find_all(found, *here, told={})
            parts: tuple[Examined, ...] = (found, *here)
    except ConnectError as error:
        if not any(words in error.what for words in AWAY) or not here:
            raise
        parts, outcomes = here, ()
        away = Reading(0, f"{error.what}\n{error.hint}")
        findings = find_all(*parts, told={CONNECTION: away})
    asked = tuple(rule.id for part in parts for rule in part.rules)
    product, seconds = parts[0].patient.product.name, time.monotonic() - started
    return Diagnosis(host.name, product, findings, asked, outcomes, seconds)


def mend(
    session: Session, found: Examined, findings: tuple[Finding, ...], operator: Operator
) -> tuple[Outcome, ...]:
    """What can be done about the findings without harm, planned, confirmed and done."""
    changes = (
        Change(finding.rule, "fix", (finding.fix,), finding.problem)
        for finding in findings
        if finding.fix
    )
    plan = Plan(found.stack.target, tuple(changes))
    if not plan.changes:
        return ()
    seen = replace(found.seen, plan=plan)
    operator.confirm(seen)
    session.progress.plan(plan)
    return apply(session, found.stack, seen) or ()
