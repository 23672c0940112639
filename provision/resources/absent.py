"""A file that is not there."""

from __future__ import annotations

from dataclasses import dataclass

from provision.model.facts import Facts, Probe
from provision.model.plan import Change
from provision.model.shell import sh


@dataclass(frozen=True, slots=True)
class Absent:
    """Nothing at `path`; `folders` around it, the inner ones first, go with it if they are empty.

    A directory at `path` itself goes only when it is empty, too.
    """

    path: str
    folders: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"absent:{self.path}"

    def probe(self) -> Probe:
        there = sh("[ ! -e {} ] && [ ! -L {} ] || echo there", self.path, self.path)
        return Probe(self.id, there)

    def diff(self, facts: Facts) -> Change | None:
        if not facts[self.id].out.strip():
            return None
        remove = sh("if [ -d {} ]; then rmdir {}; else discard {}; fi", *[self.path] * 3)
        empty = tuple(sh("rmdir {} 2>/dev/null || :", folder) for folder in self.folders)
        return Change(self.id, "remove", (remove, *empty), "no longer needed")
