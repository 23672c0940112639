"""A directory with its owner and mode."""

from __future__ import annotations

from dataclasses import dataclass

from provision.model.facts import Facts, Probe
from provision.model.plan import Change
from provision.model.shell import sh


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory at `path`; `mode` is octal text as `stat` prints it, `owner` is user:group.

    Without `owner` it is whoever makes it.
    """

    path: str
    mode: str = "755"
    owner: str = "root:root"

    @property
    def id(self) -> str:
        return f"directory:{self.path}"

    def probe(self) -> Probe:
        return Probe(self.id, sh("look {}", self.path))

    def diff(self, facts: Facts) -> Change | None:
        seen = facts[self.id].pairs()
        if seen["type"] not in ("directory", "absent"):
            command = sh("echo {} >&2; exit 1", f"{self.path} is a {seen['type']}")
            return Change(self.id, "create", (command,), f"a {seen['type']} is in the way")
        before = f"{seen.get('mode', '')} {seen.get('owner', '')}".strip()
        after = f"{self.mode} {self.owner}".rstrip()
        if before == after:
            return None
        own, path = self.owner, self.path
        chown = sh("; chown -h {} {}; as {}", own, path, own) if own else sh(";")
        make = sh("[ -d {} ] || mkdir -p {}{} chmod {} {}", path, path, chown, self.mode, path)
        if before:
            return Change(self.id, "update", (make,), f"is {before}", before, after)
        return Change(self.id, "create", (sh("keep_original {}", self.path), make), after=after)
