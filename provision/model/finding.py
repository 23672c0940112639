"""What may be wrong with a server, and what was found to be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from provision.model.facts import Facts, Reading
from provision.model.shell import Sh

Severity: TypeAlias = Literal["critical", "serious", "minor"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: what is seen, why it is so, and what to type about it.

    `evidence` are lines as they were read, without secrets; `fix` is shell for root that cures it
    and harms nothing, None where a person must decide.
    """

    rule: str
    severity: Severity
    problem: str
    cause: str = ""
    hint: str = ""
    evidence: tuple[str, ...] = ()
    fix: Sh | None = None

    def to_dict(self) -> dict[str, object]:
        return {
            "rule": self.rule,
            "severity": self.severity,
            "problem": self.problem,
            "cause": self.cause,
            "hint": self.hint,
            "evidence": list(self.evidence),
            "fixable": self.fix is not None,
        }


@dataclass(frozen=True, slots=True)
class Rule:
    """A question about what may be wrong, which rides in the one exec of all the others.

    `judge` gets the reading and returns what is wrong, or None when all is well or unknown.
    """

    id: str
    script: Sh
    judge: Callable[[Reading, Facts], Finding | None]
