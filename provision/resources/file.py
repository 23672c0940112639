"""A file with its content, owner and mode."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from provision.model.facts import Facts, Probe
from provision.model.plan import Change
from provision.model.secret import Secret, hide, reveal
from provision.model.shell import Sh, heredoc, sh


@dataclass(frozen=True, slots=True)
class File:
    """A text file at `path`, replaced in one step, so that nobody ever sees half of it.

    Without `owner` it is whoever makes it.
    In the old text, which may be anybody's, whatever sounds like a secret is masked.
    `trial` is shell that must succeed while the new text waits at `path`.new; when it fails, the
    old file stays. `activate` is shell that makes a running service heed the file: it runs with
    other content, and when what was last activated is not this one: an earlier run was cut off.
    """

    path: str
    content: str | Secret
    mode: str = "644"
    owner: str = "root:root"
    trial: Sh | None = None
    activate: Sh | None = None

    @property
    def id(self) -> str:
        return f"file:{self.path}"

    def digest(self, facts: Facts) -> str:
        """SHA-256 of the wished content."""
        return self._digest

    @property
    def _digest(self) -> str:
        return hashlib.sha256(reveal(self.content).encode()).hexdigest()

    @property
    def stamp(self) -> str:
        """Where it is written down which content was last activated."""
        return f"/var/lib/clawprov/stamps/{self.path.replace('/', '-').lstrip('-')}"

    def probe(self) -> Probe:
        look = sh("look {} {}", self.path, self._digest)
        if self.activate:
            look = sh('echo "stamp=$(cat {} 2>/dev/null)"\n{}', self.stamp, look)
        return Probe(self.id, look)

    def diff(self, facts: Facts) -> Change | None:
        reading = facts[self.id]
        seen = reading.pairs()
        wished = self._digest
        why = self._why(seen, wished)
        stale = self.activate is not None and seen.get("stamp") != wished
        if not why and not stale:
            return None
        before = reading.out.partition("content=\n")[2] or seen.get("to", "")
        commands = self._commands() if why else ()
        if self.activate and (stale or seen.get("sha256") != wished):
            parent = str(PurePosixPath(self.stamp).parent)
            stamp = sh("mkdir -p {}; echo {} >{}", parent, wished, self.stamp)
            commands += (self.activate, stamp)
        verb = "activate" if not why else "create" if seen["type"] == "absent" else "update"
        return Change(self.id, verb, commands, why, hide(before), str(self.content))

    def _why(self, seen: dict[str, str], wished: str) -> str:
        if seen["type"] == "absent":
            return "not there yet"
        if not seen["type"].startswith("regular"):
            return f"a {seen['type']} is in its place"
        if seen["sha256"] != wished:
            return "content differs"
        is_now = f"{seen['mode']} {seen.get('owner', '')}".rstrip()
        should_be = f"{self.mode} {self.owner}".rstrip()
        return "" if is_now == should_be else f"is {is_now}, should be {should_be}"

    def _commands(self) -> tuple[Sh, ...]:
        parent = str(PurePosixPath(self.path).parent)
        make = sh("[ -d {} ] || mkdir -p {}", parent, parent)
        stage = heredoc(sh("stage {} {} {}", self.path, self.mode, self.owner), self.content)
        settle = sh("settle {} {}", self.path, self.owner)
        if self.trial is None:
            return make, stage, settle
        trial = sh("{} || { rm -f {}; exit 1; }", self.trial, f"{self.path}.new")
        return make, stage, trial, settle


@dataclass(frozen=True, slots=True)
class Deduced:
    """A file whose text may depend on what the server has: `usual` where it has nothing special."""

    usual: File
    deduce: Callable[[Facts], File]

    @property
    def id(self) -> str:
        return self.usual.id

    @property
    def path(self) -> str:
        return self.usual.path

    def probe(self) -> Probe:
        return self.usual.probe()

    def digest(self, facts: Facts) -> str:
        """SHA-256 of the wished content."""
        return self.deduce(facts).digest(facts)

    def diff(self, facts: Facts) -> Change | None:
        return self.deduce(facts).diff(facts)
