"""What must hold before anything is changed."""

from __future__ import annotations

from collections.abc import Iterable

from provision.errors import UnsupportedError
from provision.model.plan import Plan
from provision.model.report import Verdict


def refuse(plan: Plan, verdicts: Iterable[Verdict]) -> None:
    """Raise UnsupportedError with every reason why the plan must not run; an empty plan may."""
    if plan.changes:
        demand(plan.target, verdicts)


def demand(target: str, verdicts: Iterable[Verdict]) -> None:
    """Raise UnsupportedError with everything that is not well at `target`."""
    reasons = [v for v in verdicts if not v.ok]
    if not reasons:
        return
    first, *others = reasons
    raise UnsupportedError(
        first.problem,
        where=target,
        hint=first.hint,
        log=[f"also: {v.problem}" + (f" ({v.hint})" if v.hint else "") for v in others],
    )
