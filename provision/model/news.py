"""What is new among problems: each is told once when it comes, and once when it is gone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

LINK = "connect"
"""The problem that a host cannot be reached; a laptop without a network has it for a while."""


@dataclass(frozen=True, slots=True)
class News:
    """Problems by their checks: those that are `new`, those that are `gone`, how many there are."""

    new: Mapping[str, str]
    gone: Mapping[str, str]
    count: int

    def __bool__(self) -> bool:
        return bool(self.new or self.gone)

    def subject(self, host: str) -> str:
        if not self.count:
            return f"{host}: all is well again"
        return f"{host}: {self.count} problem{'s' if self.count > 1 else ''}"

    def show(self, host: str) -> str:
        """The whole message; its first line is the subject."""
        new = [f"\n- {text}\n" for text in self.new.values()]
        gone = [f"\n+ no more: {text}\n" for text in self.gone.values()]
        return "".join([f"{self.subject(host)}\n", *new, *gone])


@dataclass(frozen=True, slots=True)
class Told:
    """What was told already; `away` says that the last look did not get there."""

    problems: Mapping[str, str]
    away: bool = False

    def to_json(self) -> str:
        return json.dumps({"problems": dict(self.problems), "away": self.away}) + "\n"


def parse_told(text: str) -> Told:
    """What a file says that was told; nothing, where it makes no sense."""
    try:
        read = json.loads(text)
        problems = {str(key): str(value) for key, value in read["problems"].items()}
        return Told(problems, read["away"] is True)
    except (AttributeError, KeyError, TypeError, ValueError):
        return Told({})


def compare(told: Told, now: Mapping[str, str]) -> tuple[News, Told]:
    """The news since `told`, and what is told with them.

    A host that cannot be reached is told when that is so twice in a row, and what else was wrong
    with it is not known meanwhile, so it is not gone.
    """
    if LINK in now:
        if not told.away:
            return News({}, {}, 0), Told(told.problems, away=True)
        now = {**told.problems, **now}
    new = {key: text for key, text in now.items() if key not in told.problems}
    gone = {key: text for key, text in told.problems.items() if key not in now}
    return News(new, gone, len(now)), Told(now, away=LINK in now)
