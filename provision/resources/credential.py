"""The gateway's secrets in an environment file that only root can read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from provision.model.facts import Facts, Probe, Reading
from provision.model.plan import Change
from provision.model.secret import MASK, Secret
from provision.model.shell import heredoc, sh

_ESCAPE = re.compile(r'(["\\`$])')
_ESCAPED = re.compile(r'\\(["\\`$])')


@dataclass(frozen=True, slots=True)
class Credential:
    """The environment file at `path` that sets `variable`.

    A `given` secret takes its place; else the server's stays, so nothing is rotated silently. Only
    a server that has none gets what is `inherited`, by variables, or `spare`, a copy that was kept
    of it, or else `fresh`. Lines that set `retired` variables go: with such a secret, another kind
    is wished, and `spare` is no copy of it. `more` are further variables with their values; None
    leaves the line as it is.
    """

    path: str
    variable: str
    given: Secret | None
    fresh: Secret
    retired: tuple[str, ...] = ()
    more: tuple[tuple[str, Secret | None], ...] = ()
    spare: Secret | None = None
    inherited: Callable[[Facts], Mapping[str, str]] = lambda facts: {}

    @property
    def id(self) -> str:
        return f"secret:{self.path}"

    def probe(self) -> Probe:
        read = sh("look {}\necho content=\ncat {} 2>/dev/null", self.path, self.path)
        return Probe(self.id, read)

    def secret(self, facts: Facts) -> Secret:
        """The secret that the server has after the plan has run."""
        old = self.kept(facts) or self._heirloom(facts) or self._restored(facts)
        return self.given or old or self.fresh

    def _heirloom(self, facts: Facts) -> Secret | None:
        value = self.inherited(facts).get(self.variable)
        return Secret(value) if value else None

    def _restored(self, facts: Facts) -> Secret | None:
        """The kept copy, where the server has no secret of any kind."""
        return None if self.other(facts) else self.spare

    def digest(self, facts: Facts) -> str:
        """SHA-256 of the wished content."""
        return hashlib.sha256(self._wished(facts).value.encode()).hexdigest()

    def diff(self, facts: Facts) -> Change | None:
        seen = facts[self.id].pairs()
        right = {"sha256": self.digest(facts), "mode": "600", "owner": "root:root"}
        if {key: seen.get(key) for key in right} == right:
            return None
        kept, wished = self.kept(facts), self._wished(facts)
        commands = (
            heredoc(sh("stage {} 600 root:root", self.path), wished),
            sh("settle {} root:root", self.path),
        )
        if kept is None:
            why = "as kept on your machine" if self._restored(facts) else "generated"
            why = "taken over" if self._heirloom(facts) else why
            return Change(self.id, "create", commands, "given" if self.given else why)
        return Change(self.id, "update", commands, self._why(facts))

    def _why(self, facts: Facts) -> str:
        """What is not as it should be, by its name."""
        others = [name for name, value in self.more if value and self.value(name, facts) != value]
        names = ["the secret"] * (self.kept(facts) != self.secret(facts)) + others
        verb = "differs" if len(names) == 1 else "differ"
        return f"{', '.join(names)} {verb}" if names else "not root's alone"

    def _lines(self, facts: Facts) -> list[str]:
        return Reading(0, facts[self.id].out.partition("content=\n")[2]).lines()

    def kept(self, facts: Facts) -> Secret | None:
        """The secret that the server has now."""
        return self.value(self.variable, facts)

    def value(self, variable: str, facts: Facts) -> Secret | None:
        """What the server's file sets a variable to, an empty text being nothing."""
        values = [value_of(x) for x in self._lines(facts) if name_of(x) == variable]
        return Secret(parse_value(values[-1])) if values and values[-1] else None

    def other(self, facts: Facts) -> str:
        """The retired variable that the server's secret is in, or ""."""
        if self.kept(facts) is not None:
            return ""
        names = {name_of(line) for line in self._lines(facts)} | set(self.inherited(facts))
        return min(names & set(self.retired), default="")

    def _wished(self, facts: Facts) -> Secret:
        """The file with our lines in it; those that somebody else has put there stay."""
        old = self.inherited(facts) if self.kept(facts) is None else {}
        values = {name: Secret(value) for name, value in old.items() if name not in self.retired}
        values[self.variable] = self.secret(facts)
        values |= {name: value for name, value in self.more if value}
        ours = {name: f"{name}={build_value(value.value)}" for name, value in values.items()}
        lines = [line for line in self._lines(facts) if name_of(line) not in self.retired]
        kept = [ours.get(name_of(line), line) for line in lines]
        kept += [line for line in ours.values() if line not in kept]
        masked = [f"{name_of(line)}={MASK}" if name_of(line) else line for line in kept]
        return Secret("\n".join(kept) + "\n", shown="\n".join(masked) + "\n")


def name_of(line: str) -> str:
    """The variable that a line of an environment file sets, or ""."""
    name, mark, _ = line.strip().removeprefix("export ").partition("=")
    return name.strip() if mark and not name.startswith(("#", ";")) else ""


def value_of(line: str) -> str:
    """What a line of an environment file sets its variable to, as it is written there."""
    return line.partition("=")[2].strip()


def build_value(text: str) -> str:
    """`text` quoted so that systemd's EnvironmentFile= and a POSIX shell both read it back."""
    return '"' + _ESCAPE.sub(r"\\\1", text) + '"'


def parse_value(quoted: str) -> str:
    """The text that `build_value` was given; a value that a person wrote, as systemd reads it."""
    quoted = quoted.strip()
    if len(quoted) > 1 and quoted[0] == quoted[-1] == '"':
        return _ESCAPED.sub(r"\1", quoted[1:-1])
    if len(quoted) > 1 and quoted[0] == quoted[-1] == "'":
        return quoted[1:-1]
    return quoted
