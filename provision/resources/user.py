"""A system user that owns a service and cannot log in."""

from __future__ import annotations

from dataclasses import dataclass

from provision.model.facts import Facts, Probe
from provision.model.plan import Change
from provision.model.shell import sh


@dataclass(frozen=True, slots=True)
class SystemUser:
    """A system user `name` with a group of its own, home at `home` and no shell.

    One that is there already stays as it is; a preflight check refuses somebody else's.
    """

    name: str
    home: str

    @property
    def id(self) -> str:
        return f"user:{self.name}"

    def probe(self) -> Probe:
        return Probe(self.id, sh("getent passwd {}", self.name))

    def diff(self, facts: Facts) -> Change | None:
        entry = facts[self.id].out.strip().split(":")
        if len(entry) < 7:
            make = sh(
                "useradd --system --user-group --home-dir {} --no-create-home "
                "--shell /usr/sbin/nologin {}",
                self.home,
                self.name,
            )
            return Change(self.id, "create", (make,), "not there yet")
        return None
