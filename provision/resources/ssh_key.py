"""A private key of the laptop's, for one purpose."""

from __future__ import annotations

from dataclasses import dataclass

from provision.model.facts import Facts, Probe
from provision.model.plan import Change
from provision.model.secret import Secret
from provision.model.shell import Sh, heredoc, joined, sh


@dataclass(frozen=True, slots=True)
class SshKey:
    """The private key at `path` whose public half is `public` ("TYPE BASE64"), without passphrase.

    `fresh` is its text, for when it is not there; None for a key that is.
    """

    path: str
    public: str
    fresh: Secret | None = None

    @property
    def id(self) -> str:
        return f"ssh-key:{self.path}"

    def digest(self, facts: Facts) -> str:
        """What a service that reads it is started with."""
        return self.public

    def probe(self) -> Probe:
        look = sh('if [ -e {} ]; then echo type=file; echo "mode=$(mode {})"', self.path, self.path)
        rest = sh('echo "public={}"\nelse echo type=absent; fi', read_public(self.path))
        return Probe(self.id, joined([look, rest]))

    def diff(self, facts: Facts) -> Change | None:
        seen = facts[self.id].pairs()
        if seen["type"] != "absent" and seen.get("public") == self.public:
            if seen.get("mode") == "600":
                return None
            command = sh("chmod 600 {}", self.path)
            return Change(self.id, "update", (command,), f"is {seen.get('mode')}, should be 600")
        if self.fresh is None:
            gone = sh("echo {} >&2; exit 1", f"{self.path} was changed meanwhile")
            return Change(self.id, "create", (gone,), "was changed meanwhile")
        stage = heredoc(sh("stage {} 600", self.path), self.fresh)
        kind = self.public.partition(" ")[0]
        verb, why = ("create", kind) if seen["type"] == "absent" else ("update", f"a new {kind}")
        return Change(self.id, verb, (stage, sh("settle {}", self.path)), why)


def read_public(path: str) -> Sh:
    """Shell that is replaced by a private key's public half, or by nothing."""
    return sh('$(ssh-keygen -y -P "" -f {} 2>/dev/null </dev/null | cut -d " " -f 1,2)', path)
