"""How much memory the gateway's JavaScript may take on a small server."""

from __future__ import annotations

from dataclasses import dataclass

from provision.model.facts import Facts, Probe
from provision.model.plan import Change
from provision.model.shell import joined, sh
from provision.resources.file import File

SMALL_MB = 1800
HEAP_MB = 700
"""With this limit a first start, which compiles for half a minute, stays below 1 GB."""


@dataclass(frozen=True, slots=True)
class HeapLimit:
    """An environment file at `path` that limits the heap where memory is below SMALL_MB.

    Without it, a first start on 1 GB thrashes for minutes and listens to no signal.
    """

    path: str

    @property
    def id(self) -> str:
        return f"file:{self.path}"

    def probe(self) -> Probe:
        total = sh('awk \'$1 == "MemTotal:" { print "total=" int($2 / 1024) }\' /proc/meminfo')
        return Probe(self.id, joined([total, sh("look {}", self.path)]))

    def digest(self, facts: Facts) -> str:
        """SHA-256 of the wished content."""
        return self._file(facts).digest(facts)

    def diff(self, facts: Facts) -> Change | None:
        return self._file(facts).diff(facts)

    def _file(self, facts: Facts) -> File:
        small = int(facts[self.id].pairs().get("total", SMALL_MB)) < SMALL_MB
        setting = f"NODE_OPTIONS=--max-old-space-size={HEAP_MB}" if small else "# no limit needed"
        return File(self.path, f"# Made by clawprov, from this server's memory.\n{setting}\n")
