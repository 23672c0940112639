"""Servers for the doctor: what it finds there, and how their gateway is made well again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from machines import LISTENING, UNIT
from persons import Person

from provision.lab import Box


def found(person: Person, box: Box, *words: str, exit: int = 7) -> dict[str, dict[str, Any]]:
    """What the doctor finds, by rules."""
    said = person.run("doctor", box.name, "--json", *words)
    assert said.exit == exit, said
    assert "canary" not in said.out + said.err
    return {finding["rule"]: finding for finding in said.answer["findings"]}


def well(unit: str = UNIT) -> str:
    """A script by which the gateway runs anew."""
    return (
        f"systemctl reset-failed {unit} || :; systemctl restart {unit}; "
        f"until {LISTENING}; do sleep 0.2; done"
    )


@dataclass(frozen=True, slots=True)
class Patient:
    """A server with a gateway, and its owner."""

    box: Box
    owner: Person
    product: str = "clawdbot"

    @property
    def unit(self) -> str:
        return f"{self.product}-gateway.service"

    @property
    def well(self) -> str:
        return well(self.unit)

    @property
    def fallen(self) -> str:
        """Whether it has ended by itself."""
        state = f"systemctl show {self.unit} -p SubState -p NRestarts"
        return f"{state} | grep -qE 'auto-restart|Restarts=[1-9]'"

    def look(self, exit: int = 7) -> dict[str, dict[str, Any]]:
        return found(self.owner, self.box, exit=exit)

    def found(self, exit: int = 7) -> set[str]:
        """The rules of what the doctor finds."""
        return set(self.look(exit))
