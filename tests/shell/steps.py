"""One step, or one resource, made in a place as a job would make it."""

from __future__ import annotations

from dataclasses import dataclass

from place import Place

from provision.engine.frames import equipped, pack_changes, pack_probes, unpack, whole
from provision.model.facts import Facts, Reading
from provision.model.plan import Change, Resource
from provision.model.shell import Sh

NONCE = "5ca1ab1e5ca1ab1e"


def make(place: Place, *commands: Sh) -> Reading:
    """How the commands of one change go: their output and exit code."""
    change = Change("step:one", "create", commands)
    out = place.run(whole(equipped(pack_changes([change])), NONCE))
    readings = unpack(out, NONCE)
    assert list(readings) == ["step:one"], out
    return readings["step:one"]


@dataclass(frozen=True)
class Tended:
    """A resource in a place: looked at and made by the real shell."""

    place: Place
    resource: Resource

    def look(self) -> Facts:
        return Facts(unpack(self.place.run(pack_probes([self.resource.probe()], NONCE)), NONCE))

    def diff(self) -> Change | None:
        found = self.resource.diff(self.look())
        assert found is None or isinstance(found, Change)
        return found

    def make(self) -> Reading:
        """Make the change that is due; there must be one."""
        change = self.diff()
        assert change
        return make(self.place, *change.commands)

    def settle(self) -> None:
        """Make the change that is due, after which there must be none."""
        made = self.make()
        assert made.exit == 0, made.out
        assert self.diff() is None
