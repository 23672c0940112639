"""A token in a file that the gateway itself reads."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from provision.model.facts import Facts, Probe
from provision.model.plan import Change
from provision.model.secret import Secret
from provision.model.shell import heredoc, sh


@dataclass(frozen=True, slots=True)
class Token:
    """The file at `path` with one token in it, for `owner` (USER:GROUP) alone.

    A `given` token takes its place; without one the server's stays, and none is made.
    """

    path: str
    owner: str
    given: Secret | None

    @property
    def id(self) -> str:
        return f"token:{self.path}"

    def probe(self) -> Probe:
        return Probe(self.id, sh("look {}", self.path))

    def there(self, facts: Facts) -> bool:
        """Whether the server has a token."""
        seen = facts[self.id].pairs()
        return seen.get("type") == "regular file" and seen.get("size") != "0"

    def digest(self, facts: Facts) -> str:
        """SHA-256 of the wished content, which is the present one when no token is given."""
        if self.given is None:
            return facts[self.id].pairs().get("sha256", "")
        return hashlib.sha256(f"{self.given.value}\n".encode()).hexdigest()

    def diff(self, facts: Facts) -> Change | None:
        seen = facts[self.id].pairs()
        right = {"sha256": self.digest(facts), "mode": "600", "owner": self.owner}
        if {key: seen.get(key) for key in right} == right:
            return None
        if self.given is None:
            if not self.there(facts):
                return None  # preflight says so
            mode = sh(
                "chown -h {} {}; as {} chmod 600 {}", self.owner, self.path, self.owner, self.path
            )
            return Change(self.id, "update", (mode,), "not the gateway's alone")
        content = Secret(f"{self.given.value}\n", shown=f"{self.given}\n")
        commands = (
            heredoc(sh("stage {} 600 {}", self.path, self.owner), content),
            sh("settle {} {}", self.path, self.owner),
        )
        if not self.there(facts):
            return Change(self.id, "create", commands, "given")
        same = seen.get("sha256") == right["sha256"]
        why = "not the gateway's alone" if same else "the token differs"
        return Change(self.id, "update", commands, why)
