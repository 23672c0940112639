"""A symbolic link."""

from __future__ import annotations

from dataclasses import dataclass

from provision.model.facts import Facts, Probe
from provision.model.plan import Change
from provision.model.shell import sh


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link at `path` that points to `to`, switched in one step."""

    path: str
    to: str

    @property
    def id(self) -> str:
        return f"link:{self.path}"

    def probe(self) -> Probe:
        return Probe(self.id, sh("look {}", self.path))

    def diff(self, facts: Facts) -> Change | None:
        seen = facts[self.id].pairs()
        if seen["type"] == "link" and seen["to"] == self.to:
            return None
        new = f"{self.path}.new"
        commands = (
            sh("ln -sfn {} {}", self.to, new),
            sh("keep_original {}; mv -fT {} {}", self.path, new, self.path),
        )
        before = seen.get("to", "")
        verb = "update" if before else "create"
        return Change(self.id, verb, commands, f"to {self.to}", before, self.to)
