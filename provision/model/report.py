"""What came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from provision.model.facts import Facts, Reading
from provision.model.plan import Plan
from provision.model.shell import Sh

Judge: TypeAlias = Callable[[Reading, Facts], str]


@dataclass(frozen=True, slots=True)
class Check:
    """A question about health that rides with the probes.

    `judge` gets the reading and returns the problem as a sentence, or "" when all is well;
    `hint` says what to type or do about it.
    """

    id: str
    script: Sh
    judge: Judge
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found; an empty `problem` is good news."""

    check: str
    problem: str
    hint: str = ""

    @property
    def ok(self) -> bool:
        return not self.problem

    def to_dict(self) -> dict[str, object]:
        return {"check": self.check, "ok": self.ok, "problem": self.problem, "hint": self.hint}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one change went; `tail` holds the last lines of its output."""

    resource: str
    status: Literal["done", "failed"]
    exit: int
    tail: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        return {"id": self.resource, "status": self.status, "exit": self.exit}


@dataclass(frozen=True, slots=True)
class Proof:
    """What a client saw of the gateway through a real path.

    `path` names the way taken, `latency_ms` the time from opening the connection to the answer
    of `health`, `refused` says for each bad credential whether the gateway turned it away.
    """

    ok: bool
    path: str
    latency_ms: int = 0
    server: str = ""
    refused: Mapping[str, bool] | None = None
    problem: str = ""

    def to_dict(self) -> dict[str, object]:
        answer: dict[str, object] = {
            "ok": self.ok,
            "path": self.path,
            "latency_ms": self.latency_ms,
            "server": self.server,
            "refused": dict(self.refused or {}),
        }
        return answer | ({"problem": self.problem} if self.problem else {})


@dataclass(frozen=True, slots=True)
class Report:
    """The whole story of one verb on one host; `log` has the gateway's last words if it is ill."""

    host: str
    plan: Plan
    outcomes: tuple[Outcome, ...] = ()
    left: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    proof: Proof | None = None
    log: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether every check is content and the gateway, if it was asked to, proved itself."""
        return all(v.ok for v in self.verdicts) and (self.proof is None or self.proof.ok)

    def to_dict(self) -> dict[str, object]:
        """The document that `--json` prints (DESIGN.md, "At the terminal")."""
        return {
            "host": self.host,
            "plan": self.plan.to_dict(),
            "outcomes": [o.to_dict() for o in self.outcomes],
            "left": list(self.left),
            "verdicts": [v.to_dict() for v in self.verdicts],
            "proof": self.proof.to_dict() if self.proof else None,
            "seconds": round(self.seconds, 2),
        }
