"""From facts to the plan of one round."""

from __future__ import annotations

from collections.abc import Iterable

from provision.model.facts import Facts
from provision.model.plan import Blocked, Change, Plan, Resource
from provision.model.report import Check, Verdict


def build_plan(
    target: str, resources: Iterable[Resource], facts: Facts, *, product: str = ""
) -> Plan:
    """The changes and blocked resources of `target`, in the order of the resources."""
    differences = [resource.diff(facts) for resource in resources]
    return Plan(
        target,
        tuple(d for d in differences if isinstance(d, Change)),
        tuple(d for d in differences if isinstance(d, Blocked)),
        product,
    )


def judge(checks: Iterable[Check], facts: Facts) -> tuple[Verdict, ...]:
    """What each check says of its own reading."""
    return tuple(_verdict(check, facts) for check in checks)


def _verdict(check: Check, facts: Facts) -> Verdict:
    found = check.judge(facts[check.id], facts)
    if found:
        note = check.note
        return Verdict(check.id, "" if note else found, check.hint, note=found if note else "")
    detail = check.tell(facts[check.id], facts) if check.tell else ""
    return Verdict(check.id, "", detail=detail)
