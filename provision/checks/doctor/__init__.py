"""What may be wrong with a gateway, and how it is seen."""

from __future__ import annotations

from provision.checks.doctor import (
    answers,
    config,
    host,
    laptop,
    port,
    program,
    reach,
    said,
    service,
    tailnet,
    written,
)
from provision.checks.doctor.patient import Patient
from provision.checks.doctor.sockets import probe_sockets
from provision.checks.doctor.units import probe_units
from provision.checks.doctor.words import SAYINGS
from provision.model.facts import Probe
from provision.model.finding import Rule
from provision.model.tunnel import Tunnel

NO_ALIAS = "clawprov-nobody"
"""A host that no ssh config speaks of."""
SERVER = (
    *(service.nothing_there, service.masked, service.disabled, service.given_up),
    *(service.down, service.falling),
    *(written.poking, written.secret_inside, written.not_restarted, written.logged_out),
    written.cold,
    *(program.gone, program.wrong_node, program.known_bad, program.shadowed),
    *(port.orphan, port.second_unit, port.stranger, port.duel, port.silent),
    *(reach.open_to_others, reach.announced, reach.forbidden),
    config.unreadable,
    *(host.disk_full, host.wrong_clock, host.no_names),
    *(tailnet.away, tailnet.expiring, tailnet.without_https, tailnet.dead_name, tailnet.refused),
    *(answers.open_door, answers.stale_secret, answers.wrong_secret, answers.unpaired),
    *(answers.other_protocol, answers.mute, answers.asking, answers.forgotten),
)
"""Every rule about a server but what its log says."""


def build_probes(patient: Patient) -> tuple[Probe, ...]:
    """What many rules need to know, asked once."""
    return probe_units(patient.product), probe_sockets(patient.port), tailnet.probe_tailnet()


def build_rules(patient: Patient) -> tuple[Rule, ...]:
    """Every rule about a server."""
    return (
        *(rule(patient) for rule in SERVER),
        *(said.rule_of(saying, patient) for saying in SAYINGS),
    )


def build_laptop_rules(patient: Patient, tunnel: Tunnel | None, log: str) -> tuple[Rule, ...]:
    """Every rule about the laptop; `tunnel` is what it remembers of one, with the `log` of ssh."""
    port, alias = (tunnel.port, tunnel.alias) if tunnel else (patient.port, NO_ALIAS)
    return (
        *((laptop.tunnel_down(patient, tunnel, log),) if tunnel else ()),
        laptop.tunnel_twice(patient, port, alias),
        laptop.tunnel_forks(patient),
        laptop.unreachable(patient),
        laptop.client_secret(patient),
    )
