"""Whom the rules are about, and the forms that many of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from provision.checks.doctor.units import Unit, find_units
from provision.model.facts import Facts, Reading
from provision.model.finding import Finding, Rule
from provision.model.product import Product
from provision.model.shell import sh

NOTHING = sh(":")
"""The script of a rule that judges what others have read."""


@dataclass(frozen=True, slots=True)
class Patient:
    """A server as somebody means it: its name for commands, its product and the gateway's port.

    `exposed` says that it may be reached by others, `tailnet` that it is to be by a tailnet, and
    `unserved` that this is not by Serve; `now` tells the laptop's seconds since 1970.
    """

    host: str
    product: Product
    port: int
    now: Callable[[], float]
    exposed: bool = False
    tailnet: bool = False
    unserved: bool = False


def about_units(id: str, judge: Callable[[Unit, Facts], Finding | None]) -> Rule:
    """A rule about each unit that runs or should run; the first that has it is told."""

    def first(reading: Reading, facts: Facts) -> Finding | None:
        return next(filter(None, (judge(unit, facts) for unit in find_wanted(facts))), None)

    return Rule(id, NOTHING, first)


def find_wanted(facts: Facts) -> list[Unit]:
    """The units that somebody wants to run; one that was put aside has no troubles.

    Ours was put aside where it is switched off and another is on.
    """
    units = find_units(facts)
    on = [u for u in units if u.active or u.enabled]
    return [
        u for u in units if u in on or u.seen.get("ActiveState") == "failed" or (u.ours and not on)
    ]


def find_main(patient: Patient, facts: Facts) -> Unit | None:
    """The unit of the patient's gateway: ours, or one that runs, or the first there is."""
    units = find_wanted(facts)
    own = [unit for unit in units if unit.runs(patient.product)] or units
    ranked = sorted(own, key=lambda unit: (not unit.ours, not unit.active))
    return ranked[0] if ranked else None
