"""Rules about the gateway's port: who holds it, and who else would."""

from __future__ import annotations

import re

from provision.checks.doctor.patient import NOTHING, Patient, find_main, find_wanted
from provision.checks.doctor.sockets import Socket, find_holder, find_sockets, were_listed
from provision.checks.doctor.units import Unit, find_units, were_read
from provision.model.facts import Facts, Reading
from provision.model.finding import Finding, Rule
from provision.model.secret import hide
from provision.products.configuration import parse_configuration

_PORT = re.compile(r"(?:--port[ =]|_GATEWAY_PORT=)[\"']?(\d+)")


def orphan(patient: Patient) -> Rule:
    """A gateway without a unit, left over or started by hand, has the port."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        holder = _stranger(patient, facts)
        unit = find_main(patient, facts)
        if unit is None or holder is None or holder.unit or not holder.gateway:
            return None
        again = "" if unit.active else f"; {unit.manage} start {unit.name}"
        return Finding(
            "port:orphan",
            "critical",
            f"the service's gateway does not get port {patient.port}",
            f"a gateway that belongs to no service has it (process {holder.pid}): left over from "
            "an update or a kill, or started by hand",
            f"kill {holder.pid}{again}   (on the server)",
            (holder.line,),
        )

    return Rule("port:orphan", NOTHING, judge)


def second_unit(patient: Patient) -> Rule:
    """Another service has the port."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        holder = _stranger(patient, facts)
        if holder is None or not holder.unit:
            return None
        user = "/user.slice/" in holder.group or "/user@" in holder.group
        unit = next((unit for unit in find_units(facts) if unit.name == holder.unit), None)
        stop = f"{unit.manage if unit else 'systemctl'} disable --now {holder.unit}"
        return Finding(
            "port:second-unit",
            "critical",
            f"the service's gateway does not get port {patient.port}",
            f"{'user unit' if user else 'unit'} {holder.unit} has it (process {holder.pid})",
            f"{stop}   (on the server), or another port: --gateway-port {patient.port + 1}",
            (holder.line,),
        )

    return Rule("port:second-unit", NOTHING, judge)


def stranger(patient: Patient) -> Rule:
    """A program that is no gateway has the port."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        holder = _stranger(patient, facts)
        if holder is None or holder.unit or holder.gateway:
            return None
        return Finding(
            "port:stranger",
            "critical",
            f"the service's gateway does not get port {patient.port}",
            f"another program has it (process {holder.pid}): {holder.line[:60]}",
            f"end it, or take another port: clawprov up {patient.host} "
            f"--gateway-port {patient.port + 1}",
            (holder.line,),
        )

    return Rule("port:stranger", NOTHING, judge)


def _stranger(patient: Patient, facts: Facts) -> Socket | None:
    """Who has the port, where it is not the gateway's own service."""
    unit, holder = find_main(patient, facts), find_holder(facts, patient.port)
    if unit is None or holder is None or holder.unit == unit.name:
        return None
    return holder if port_of(unit) == patient.port else None


def duel(patient: Patient) -> Rule:
    """Two units that want the same port; whichever is started later falls, for ever."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        wanted = [u for u in find_wanted(facts) if u.enabled or u.active]
        ports = [port_of(unit) for unit in wanted]
        both = next((port for port in ports if ports.count(port) > 1), None)
        same = [unit for unit, port in zip(wanted, ports, strict=True) if port == both]
        if not same:
            return None
        ours = next((unit for unit in same if unit.ours), same[0])
        others = [unit for unit in same if unit != ours]
        first = others[0]
        return Finding(
            "port:duel",
            "critical" if any(unit.down for unit in same) else "serious",
            f"two services want port {both}: {ours.title} and {first.title}",
            "both are there to be started, and the later one falls again and again",
            f"{first.manage} disable --now {first.name}   (on the server), or clawprov up "
            f"{patient.host} --existing take-over",
        )

    return Rule("port:duel", NOTHING, judge)


def silent(patient: Patient) -> Rule:
    """A gateway that runs, and listens nowhere or elsewhere."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        unit, port = find_main(patient, facts), patient.port
        if unit is None or unit.down or not were_read(facts) or not were_listed(facts):
            return None
        if find_holder(facts, port):
            return None
        own = [s for s in find_sockets(facts) if s.unit == unit.name and s.kind == "tcp"]
        if own:
            return Finding(
                "port:elsewhere",
                "serious",
                f"nothing listens on port {port}",
                f"{unit.title} listens on port {own[0].port}",
                f"clawprov doctor {patient.host} --gateway-port {own[0].port}, "
                "or gateway_port in the inventory",
            )
        if unit.age < patient.product.start_limit_s:
            return None
        return Finding(
            "port:silent",
            "critical",
            f"{unit.title} runs, and nothing listens on port {port}",
            "its start has failed, and it waits for a correction",
            f"systemctl restart {unit.name}; {unit.journal} -n 50   (on the server)",
            tuple(map(hide, unit.log[-3:])),
            unit.restart,
        )

    return Rule("port:silent", NOTHING, judge)


def port_of(unit: Unit) -> int:
    """The port that a unit's gateway wants."""
    for text in (unit.command, unit.seen.get("Environment", ""), *unit.text):
        if found := _PORT.search(text):
            return int(found[1])
    port = gateway_of(unit).get("port")
    return port if isinstance(port, int) else 18789


def gateway_of(unit: Unit) -> dict[str, object]:
    """`gateway` of its configuration, empty where that cannot be read."""
    try:
        gateway = parse_configuration(unit.config).get("gateway")
    except (ValueError, AttributeError):
        return {}
    return gateway if isinstance(gateway, dict) else {}
