"""Rules about services: whether the gateway's is there, starts, and stays."""

from __future__ import annotations

from provision.checks.doctor.patient import (
    NOTHING,
    Patient,
    about_units,
    find_main,
)
from provision.checks.doctor.sockets import find_holder
from provision.checks.doctor.units import Unit, find_units, were_read
from provision.model.facts import Facts, Reading
from provision.model.finding import Finding, Rule
from provision.model.secret import hide
from provision.model.shell import Sh, sh

TAIL = 3


def nothing_there(patient: Patient) -> Rule:
    """A server on which no unit runs a gateway."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        if not were_read(facts) or find_units(facts):
            return None
        holder = find_holder(facts, patient.port)
        if holder and "docker-proxy" in holder.line:
            return Finding(
                "service:none",
                "minor",
                f"no service here runs a gateway, and Docker has port {patient.port}",
                "a container runs it, and the doctor does not look into containers",
                f"docker ps; docker logs NAME   (on the server), or clawprov audit {patient.host}",
                (holder.line,),
            )
        return Finding(
            "service:none",
            "critical",
            "no service here runs a gateway",
            "none was set up, or only by hand, and then it ends with the login",
            f"clawprov up {patient.host}",
        )

    return Rule("service:none", NOTHING, judge)


def disabled(patient: Patient) -> Rule:
    """A gateway that runs now and would not after a reboot."""

    def judge(unit: Unit, facts: Facts) -> Finding | None:
        if unit.enabled or unit.seen.get("UnitFileState") != "disabled":
            return None
        if not unit.ours and any(u.enabled for u in find_units(facts)):
            return None
        return Finding(
            "service:disabled",
            "serious",
            f"{unit.title} does not start when the server boots",
            "it is disabled",
            f"{unit.manage} enable {unit.name}   (on the server)",
            fix=None if unit.owner else sh("systemctl enable --quiet {}", unit.name),
        )

    return about_units("service:disabled", judge)


def masked(patient: Patient) -> Rule:
    """A unit that systemd may not start at all."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        units = find_units(facts)
        shut = next((unit for unit in units if unit.seen.get("LoadState") == "masked"), None)
        if shut is None or any(unit.active for unit in units):
            return None
        return Finding(
            "service:masked",
            "critical",
            f"{shut.title} cannot be started",
            f"it is masked: {shut.path} is a link to /dev/null",
            f"{shut.manage} unmask {shut.name}   (on the server), then clawprov up {patient.host}",
        )

    return Rule("service:masked", NOTHING, judge)


def given_up(patient: Patient) -> Rule:
    """A unit that systemd starts no more, since it fell too often."""

    def judge(unit: Unit, facts: Facts) -> Finding | None:
        late = any("Start request repeated too quickly" in line for line in unit.log[-TAIL * 2 :])
        given_up = late or unit.seen.get("Result") == "start-limit-hit"
        if unit.seen.get("ActiveState") != "failed" or not given_up:
            return None
        return Finding(
            "service:start-limit",
            "critical",
            f"{unit.title} is down, and stays down",
            "it fell more often than its StartLimitBurst= allows, so systemd has given it up",
            f"{unit.manage} reset-failed {unit.name}; {unit.manage} start {unit.name}"
            "   (on the server)",
            _last(unit),
            None if unit.owner else _start(unit),
        )

    return about_units("service:start-limit", judge)


def _start(unit: Unit) -> Sh:
    return sh("systemctl reset-failed {} || :\nsystemctl start {}", unit.name, unit.name)


def _last(unit: Unit) -> tuple[str, ...]:
    return tuple(hide(line) for line in unit.log[-TAIL:])


def down(patient: Patient) -> Rule:
    """The gateway's unit is not running, and no other rule knows why."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        unit = find_main(patient, facts)
        if unit is None or unit.active:
            return None
        state = unit.seen.get("ActiveState") or "not there"
        fix = None if unit.owner or state == "failed" else _start(unit)
        stopped = state == "inactive" and unit.seen.get("Result") == "success"
        return Finding(
            "service:down",
            "critical",
            f"{unit.title} is {state}",
            "somebody has stopped it" if stopped else "the cause is not known; its last words:",
            f"{unit.manage} start {unit.name}   (on the server)"
            if stopped
            else f"{unit.journal} -n 50   (on the server)",
            () if stopped else _last(unit),
            fix,
        )

    return Rule("service:down", NOTHING, judge)


def falling(patient: Patient) -> Rule:
    """The gateway is started over and over, and no other rule knows why."""

    def judge(unit: Unit, facts: Facts) -> Finding | None:
        if not unit.unsteady:
            return None
        times = unit.seen.get("NRestarts", "0")
        return Finding(
            "service:falling",
            "critical",
            f"{unit.title} falls again and again ({times} restarts)",
            "the cause is not known; its last words:",
            f"{unit.journal} -n 50   (on the server)",
            _last(unit),
        )

    return about_units("service:falling", judge)
