"""What came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal, TypeAlias

from provision.model.facts import Facts, Reading
from provision.model.inside import Inside, Place
from provision.model.plan import Plan
from provision.model.shell import Sh

Judge: TypeAlias = Callable[[Reading, Facts], str]


@dataclass(frozen=True, slots=True)
class Check:
    """A question about health that rides with the probes.

    `judge` gets the reading and returns the problem as a sentence, or "" when all is well;
    `hint` says what to type or do about it. With `note`, what it finds is worth a word and fails
    nothing. `tell` says in a few words what is seen where all is well.
    """

    id: str
    script: Sh
    judge: Judge
    hint: str = ""
    note: bool = field(default=False, kw_only=True)
    tell: Judge | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found: an empty `problem` is good news, a `note` is shown and fails nothing.

    `detail` is what is seen where all is well.
    """

    check: str
    problem: str
    hint: str = ""
    note: str = ""
    detail: str = ""

    @property
    def ok(self) -> bool:
        return not self.problem

    @property
    def silent(self) -> bool:
        """Whether a person need not hear of it."""
        return not (self.problem or self.note)

    def to_dict(self) -> dict[str, object]:
        said = {"problem": self.problem, "note": self.note, "hint": self.hint}
        more = {"detail": self.detail} if self.detail else {}
        return {"check": self.check, "ok": self.ok, **said, **more}


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
    of `health`, `refused` says for each bad credential whether the gateway turned it away; `inside`
    is what the gateway says of itself, None where it was not asked.
    """

    ok: bool
    path: str
    latency_ms: int = 0
    server: str = ""
    refused: Mapping[str, bool] | None = None
    problem: str = ""
    inside: Inside | None = None

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
    """The whole story of one verb on one host; `log` has the gateway's last words if it is ill.

    `left` are the resources that could not be judged even at its end; `places` are where things
    are executed, as far as anybody asked.
    """

    host: str
    plan: Plan
    outcomes: tuple[Outcome, ...] = ()
    left: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    proof: Proof | None = None
    log: tuple[str, ...] = ()
    seconds: float = 0.0
    places: tuple[Place, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every check is content and the gateway, if it was asked to, proved itself."""
        return all(v.ok for v in self.verdicts) and (self.proof is None or self.proof.ok)

    def to_dict(self) -> dict[str, object]:
        """The document that `--json` prints (DESIGN.md, "At the terminal")."""
        inside = self.proof.inside if self.proof else None
        return {
            "host": self.host,
            "plan": self.plan.to_dict(),
            "outcomes": [o.to_dict() for o in self.outcomes],
            "left": list(self.left),
            "verdicts": [v.to_dict() for v in self.verdicts],
            "proof": self.proof.to_dict() if self.proof else None,
            **(inside.to_dict() if inside else {}),
            **({"executes": [asdict(place) for place in self.places]} if self.places else {}),
            "seconds": round(self.seconds, 2),
        }
