"""Words of a gateway's log that have a meaning."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from provision.checks.doctor.units import Unit
from provision.model.facts import Facts
from provision.model.finding import Severity
from provision.model.shell import Sh

Fact: TypeAlias = Callable[[Unit, Facts], bool]


def fallen(unit: Unit, facts: Facts) -> bool:
    """A gateway that does not run, or falls again and again."""
    return unit.down


@dataclass(frozen=True, slots=True)
class Saying:
    """Words of the log, and what they mean; `detail` finds in them what completes the cause.

    They count where a `fact` that no log can tell goes with them: whoever writes to the gateway
    may stand in its log. In `hint`, {host}, {unit}, {user} and {product} stand for the server and
    its service.
    """

    id: str
    severity: Severity
    pattern: re.Pattern[str]
    problem: str
    cause: str
    hint: str
    detail: re.Pattern[str] | None = None
    fact: Fact = fallen
    fix: Callable[[Unit], Sh] | None = None


def build_saying(
    id: str,
    pattern: str,
    told: tuple[str, str, str],
    *,
    severity: Severity = "critical",
    detail: str = "",
    fact: Fact = fallen,
    fix: Callable[[Unit], Sh] | None = None,
) -> Saying:
    """A saying from plain texts; `told` are its problem, cause and hint."""
    found = re.compile(detail, re.MULTILINE) if detail else None
    return Saying(id, severity, re.compile(pattern), *told, found, fact, fix)
