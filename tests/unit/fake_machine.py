"""A machine that answers scripts without a shell: it reads which sections they have."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

from provision.engine.gather import Session, Stack
from provision.model.facts import Facts, Probe
from provision.model.plan import Blocked, Change, Plan
from provision.model.shell import Sh, sh
from provision.model.transport import Channel, Completed, OnLine

IDLE = "ActiveState=inactive\nserial=0\n"
NONCE = re.compile(r"^NONCE=(\S+)$", re.M)
SECTION = re.compile(r"^begin (\S+)$", re.M)


@dataclass(frozen=True)
class Part:
    """A resource that wants its reading to be `made`, once `after` is made."""

    name: str
    after: str = ""
    undo: Sh | None = None

    @property
    def id(self) -> str:
        return f"part:{self.name}"

    def probe(self) -> Probe:
        return Probe(self.id, sh("look at {}", self.name))

    def diff(self, facts: Facts) -> Change | Blocked | None:
        if facts[self.id].out == "made":
            return None
        if self.after and facts[f"part:{self.after}"].out != "made":
            return Blocked(self.id, f"part:{self.after}")
        return Change(
            self.id, "create", (sh("make {}", self.name),), "not there yet", undo=self.undo
        )


@dataclass
class Machine:
    """A transport whose server is a dictionary: `state` says what each probe reads.

    `broken` gives a section's lines and exit code instead of making it; `jobs` the answers of
    `job:apply`, one per gather, the last for ever; `ends` how each apply ends (`done`, `stale`,
    `busy`, or "" for a job that vanishes). `cut` shortens the answer of a gather. An undo takes
    `part:door` back, by itself when it is `late`.
    """

    state: dict[str, str] = field(default_factory=dict)
    broken: dict[str, tuple[list[str], int]] = field(default_factory=dict)
    jobs: list[str] = field(default_factory=lambda: [IDLE])
    ends: list[str] = field(default_factory=lambda: ["done"])
    cut: int = 0
    late: bool = False
    forgetful: bool = False
    kinds: list[str] = field(default_factory=list)
    scripts: list[Sh] = field(default_factory=list)

    def execute(self, script: Sh, on_line: OnLine | None = None) -> Completed:
        found = NONCE.search(script.text)
        assert found, "a script without a nonce"
        nonce, sections = found[1], SECTION.findall(script.text)
        kind = "gather" if "job:apply" in sections else "apply" if sections else "attach"
        if "clawprov-undo.service" in script.text and kind == "attach":
            kind = "disarm" if "frame disarmed" in script.text else "undo"
        self.kinds.append(kind)
        self.scripts.append(script)
        answers = {"gather": self._gather, "apply": self._apply, "attach": _attach}
        lines = list(answers.get(kind, self._switch)(sections))
        out = "\n".join(line.replace("NONCE", nonce) for line in lines) + "\n"
        if kind == "gather" and self.cut:
            out = out[: -self.cut]
        for line in out.split("\n"):
            if on_line:
                on_line(line)
        return Completed(0, out)

    def open_stream(self, port: int, host: str = "127.0.0.1") -> Channel:
        raise ConnectionRefusedError(port)

    def _gather(self, sections: list[str]) -> Iterator[str]:
        job = self.jobs.pop(0) if len(self.jobs) > 1 else self.jobs[0]
        for name in sections:
            out = job if name == "job:apply" else self.state.get(name, "")
            yield from ("", f"NONCE begin {name}", out, "NONCE end 0")
        yield from ("", "NONCE done")

    def _apply(self, sections: list[str]) -> Iterator[str]:
        end = self.ends.pop(0) if len(self.ends) > 1 else self.ends[0]
        for name in sections if end == "done" else ():
            lines, exit = self.broken.get(name, (["~ a passing word", "made it"], 0))
            yield from ("", f"NONCE begin {name}", *lines, "", f"NONCE end {exit}")
            if exit:
                break
            if name == "undo:timer":
                self.state["job:undo"] = "armed=yes"
            elif not self.forgetful:
                self.state[name] = "made"
        if end:
            yield from ("", f"NONCE {end}")

    def _switch(self, sections: list[str]) -> Iterator[str]:
        """Armed until somebody disarms it, or has it undone."""
        if self.state.pop("job:undo", "") and self.kinds[-1] == "disarm" and not self.late:
            yield from ("", "NONCE disarmed")
        elif self.state.get("part:door"):
            del self.state["part:door"]


def _attach(sections: list[str]) -> Iterator[str]:
    """The log of an earlier run of ours, whose nonce was ff00."""
    yield from ("", "ff00 begin part:other", "~ at it", "", "ff00 end 0", "", "ff00 done")


@dataclass
class Diary:
    """A progress that remembers what it was told."""

    told: list[str] = field(default_factory=list)

    def step(self, name: str, why: str = "") -> None:
        self.told.append(f"step {name} {why}".rstrip())

    def detail(self, line: str) -> None:
        self.told.append(f"detail {line}")

    def ask(self, words: str, url: str) -> None:
        self.told.append(f"ask {words} {url}")

    def done(self, exit: int) -> None:
        self.told.append(f"done {exit}")

    def plan(self, plan: Plan) -> None:
        self.told.append(f"plan {len(plan.changes)}")


def session(machine: Machine, diary: Diary | None = None, who: str = "ann@laptop") -> Session:
    numbers: Callable[[], Iterator[int]] = count
    nonces = (f"nonce{number:04d}" for number in numbers())
    return Session(machine, who, "up", nonces, diary or Diary())


def stack(*parts: Part) -> Stack:
    return Stack("box", (), parts)
