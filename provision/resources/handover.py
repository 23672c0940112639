"""The gateway's secret in a file of its own, from which systemd hands it over."""

from __future__ import annotations

from dataclasses import dataclass, replace

from provision.model.facts import Facts, Probe
from provision.model.plan import Change
from provision.model.secret import Secret
from provision.resources.credential import Credential
from provision.resources.token import Token


@dataclass(frozen=True, slots=True)
class Handover:
    """The file at `path`, root's alone, that holds the secret of `credential` and nothing else.

    The environment file stays where the secret is kept and changed; this is its copy for
    LoadCredential= (systemd.exec(5)), which knows no part of a file.
    """

    path: str
    credential: Credential

    @property
    def id(self) -> str:
        return f"secret:{self.path}"

    def probe(self) -> Probe:
        return replace(self._token(None).probe(), id=self.id)

    def digest(self, facts: Facts) -> str:
        """SHA-256 of the wished content."""
        return self._token(facts).digest(facts)

    def diff(self, facts: Facts) -> Change | None:
        token = self._token(facts)
        found = token.diff(Facts({token.id: facts[self.id]}))
        if found is None:
            return None
        same = found.why.startswith("not ")
        why = "not root's alone" if same else "the secret differs"
        if found.verb == "create":
            why = "for systemd to hand over"
        return replace(found, resource=self.id, why=why)

    def _token(self, facts: Facts | None) -> Token:
        secret = Secret("") if facts is None else self.credential.secret(facts)
        return Token(self.path, "root:root", secret)
