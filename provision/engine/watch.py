"""The output of a job as it comes in: steps for whoever watches, outcomes for the report."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from provision.engine.frames import parse_frame
from provision.model.plan import Change, Plan
from provision.model.report import Outcome

TAIL = 30


class Progress(Protocol):
    """Whoever wants to know how far it is."""

    def step(self, name: str, why: str = "") -> None: ...

    def detail(self, line: str) -> None: ...

    def ask(self, words: str, url: str) -> None:
        """What a person must do at `url` before the step goes on."""

    def done(self, exit: int) -> None: ...

    def plan(self, plan: Plan) -> None: ...


class Watch:
    """The output of a job as it comes in: steps for the progress, outcomes for the report."""

    def __init__(self, nonce: str, steps: Iterable[Change], progress: Progress) -> None:
        self._nonce, self._progress = nonce, progress
        self._why = {change.resource: change.why for change in steps}
        self._open = ""
        self._lines: list[str] = []
        self.outcomes: list[Outcome] = []
        self.word = ""

    def line(self, line: str) -> None:
        """Take one line of output."""
        frame = parse_frame(line, self._nonce)
        if frame is None:
            if line.startswith("~ "):
                self._progress.detail(line[2:])
            elif line:
                self._lines.append(line)
        elif frame.word == "begin":
            self._open, self._lines = frame.value, []
            self._progress.step(frame.value, self._why.get(frame.value, ""))
        elif frame.word == "end":
            self._close(int(frame.value))
        elif frame.word == "ask":
            words, _, url = frame.value.rpartition(" ")
            self._progress.ask(words, url)
        else:
            self.word = frame.word

    def _close(self, exit: int) -> None:
        tail = tuple(self._lines[-TAIL:])
        self.outcomes.append(Outcome(self._open, "failed" if exit else "done", exit, tail))
        self._progress.done(exit)
