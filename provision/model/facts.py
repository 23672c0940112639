"""What was read from a machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from provision.model.shell import Sh


@dataclass(frozen=True, slots=True)
class Probe:
    """A question to a machine: read-only shell, answered by its output and exit code."""

    id: str
    script: Sh


@dataclass(frozen=True, slots=True)
class Reading:
    """The answer to one probe; `out` stays out of `repr`, since a probe may read a secret."""

    exit: int
    out: str = field(repr=False)

    def lines(self) -> list[str]:
        """The lines of the output, ended by a newline and nothing else.

        What `str.splitlines` takes for an end, too, may stand in a file's name or in a log.
        """
        return self.out.removesuffix("\n").split("\n") if self.out else []

    def pairs(self) -> dict[str, str]:
        """The `key=value` lines of the output; other lines are passed over.

        They end at a line `content=`: what follows is a file's text, which may say anything.
        """
        own = f"\n{self.out}".partition("\ncontent=\n")[0]
        lines = (line.partition("=") for line in own.split("\n"))
        return {key: value for key, mark, value in lines if mark}


@dataclass(frozen=True, slots=True)
class Facts:
    """All readings of one gather, by probe id."""

    readings: Mapping[str, Reading]

    def __getitem__(self, probe: str) -> Reading:
        """The reading of `probe`; KeyError when it was not asked."""
        return self.readings[probe]
