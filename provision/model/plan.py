"""What is to be done to a machine, as a value."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Protocol

from provision.model.facts import Facts, Probe
from provision.model.shell import Sh


@dataclass(frozen=True, slots=True)
class Change:
    """One resource's way from what is to what should be.

    `verb` is a word for a person (create, update, install, restart); `before` and `after` are
    texts to be shown as a diff, already masked; `commands` run in order, stopping at a failure.
    A change that could lock us out has an `undo`, which puts the old state back however far the
    commands came; the server runs it by itself when nobody comes in any more.
    """

    resource: str
    verb: str
    commands: tuple[Sh, ...]
    why: str = ""
    before: str = ""
    after: str = ""
    undo: Sh | None = None


@dataclass(frozen=True, slots=True)
class Blocked:
    """A resource whose wish is not known before another one has had its turn."""

    resource: str
    on: str


class Resource(Protocol):
    """A part of a machine's wished state; `probe` and `diff` are pure."""

    @property
    def id(self) -> str: ...

    def probe(self) -> Probe: ...

    def diff(self, facts: Facts) -> Change | Blocked | None: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes of one round, in the order in which they run; `product` is NAME@VERSION."""

    target: str
    changes: tuple[Change, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    product: str = ""

    @property
    def digest(self) -> str:
        """Twelve hex digits that are the same for the same visible plan (secrets excluded)."""
        body = [[c.resource, c.verb, c.why, [str(s) for s in c.commands]] for c in self.changes]
        return hashlib.sha256(json.dumps([self.target, body]).encode()).hexdigest()[:12]

    def __add__(self, other: Plan) -> Plan:
        """This plan, and after it the changes of `other`, on whichever machine they are made."""
        return replace(self, changes=(*self.changes, *other.changes))

    def to_dict(self) -> dict[str, object]:
        """The plan as the `plan` member of the JSON answer."""
        changes = [{"id": c.resource, "verb": c.verb, "why": c.why} for c in self.changes]
        return {
            "digest": self.digest,
            "product": self.product,
            "changes": changes,
            "blocked": [{"id": b.resource, "on": b.on} for b in self.blocked],
        }
