"""What a doctor looks at: the server, the laptop, and what the gateway answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from provision.app.client import config_path, state_folder
from provision.app.devices import IDENTITY, Desk
from provision.app.laptop import recall_tunnel
from provision.app.operator import Operator, nonces
from provision.app.prove import NOBODY, Visit, Way, visit_together
from provision.app.server import build_wish
from provision.checks.doctor import build_laptop_rules, build_probes, build_rules
from provision.checks.doctor.answers import DEVICES, ID, LET_IN, tell_answers
from provision.checks.doctor.laptop import CLIENT
from provision.checks.doctor.order import sort_out
from provision.checks.doctor.patient import Patient, find_main
from provision.checks.doctor.sockets import find_holder
from provision.checks.doctor.units import find_units
from provision.engine.gather import Seen, Session, Stack, gather
from provision.engine.ground import SERVER, Ground
from provision.engine.laptop import LAPTOP
from provision.errors import ConnectError
from provision.model.access import ON_TAILNET
from provision.model.facts import Facts, Probe, Reading
from provision.model.finding import Finding, Rule
from provision.model.product import Product
from provision.model.report import Check
from provision.model.secret import Secret
from provision.model.spec import AUTH_KINDS, Host, NodeSpec
from provision.model.tunnel import Tunnel
from provision.products import find_others, find_product
from provision.products.configuration import parse_configuration
from provision.protocol.messages import Hello
from provision.protocol.pairing import LOOKING, parse_requests
from provision.resources.credential import Credential
from provision.transport.local import Local

ANSWER_S = 5.0
"""How long a gateway has for its answer."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What was asked of a machine, and seen there."""

    patient: Patient
    rules: tuple[Rule, ...]
    stack: Stack
    seen: Seen
    told: Mapping[str, Reading]


def find_all(*parts: Examined, told: Mapping[str, Reading]) -> tuple[Finding, ...]:
    """What the rules find in all that was seen, the causes alone, most severe first."""
    readings = dict(told)
    for part in parts:
        readings |= part.told
    facts, nothing = Facts(readings), Reading(127, "")
    rules = [rule for part in parts for rule in part.rules]
    found = (rule.judge(readings.get(rule.id, nothing), facts) for rule in rules)
    return sort_out(finding for finding in found if finding)


def see_laptop(host: Host, operator: Operator) -> Examined:
    """This laptop, in one exec of its own."""
    session = Session(Local(own=True), operator.who, "doctor", nonces(), operator.progress)
    patient = _patient(host, time.time)
    tunnel = recall_tunnel(host)
    log = f"{Path.home()}/.ssh/clawprov/{tunnel.name}.log" if tunnel else ""
    rules = build_laptop_rules(patient, tunnel, log)
    stack, seen = _ask(session, host, rules, (), LAPTOP)
    return Examined(patient, rules, stack, seen, seen.facts.readings)


def see_server(session: Session, host: Host, now: Callable[[], float]) -> Examined:
    """A server in one exec, and what its gateway answers; where it runs the other product alone,
    that one is meant."""
    found = _look(session, host, now)
    own, units = found.patient.product, find_units(found.seen.facts)
    if units and not any(unit.runs(own) for unit in units):
        others = [other for other in find_others(own) if any(u.runs(other) for u in units)]
        if others:
            return _look(session, _other(host, others[0].name), now)
    return found


def _other(host: Host, product: str) -> Host:
    """The host with the other product, without what only the wished one may be able to do."""
    return replace(
        host,
        product=product,  # type: ignore[arg-type]
        version="",
        full=False,
        node=NodeSpec(),
        discord=None,
        slack=None,
    )


def _patient(host: Host, now: Callable[[], float]) -> Patient:
    product = find_product(host.product)
    ways = ON_TAILNET & set(host.access)
    return Patient(
        host.name,
        product,
        host.gateway_port,
        now,
        exposed=host.exposed or "tailnet" in ways,
        tailnet=bool(ways),
        unserved=ways == {"tailnet"},
    )


def _look(session: Session, host: Host, now: Callable[[], float]) -> Examined:
    patient = _patient(host, now)
    credential = build_wish(host, patient.product).gateway.credential
    rules, probes = build_rules(patient), (*build_probes(patient), credential.probe())
    stack, seen = _ask(session, host, rules, probes, SERVER)
    told = {**seen.facts.readings, **_speak(session, host, patient, credential, seen.facts)}
    return Examined(patient, rules, stack, seen, told)


def _ask(
    session: Session, host: Host, rules: tuple[Rule, ...], probes: tuple[Probe, ...], ground: Ground
) -> tuple[Stack, Seen]:
    questions = (*probes, *(Probe(rule.id, rule.script) for rule in rules))
    checks = tuple(Check(q.id, q.script, lambda reading, facts: "") for q in questions)
    stack = Stack(host.name, (), (), checks, ground=ground)
    return stack, gather(session, stack)


def _speak(
    session: Session, host: Host, patient: Patient, credential: Credential, facts: Facts
) -> dict[str, Reading]:
    """What the gateway answers; nobody but its own service is told a secret."""
    unit, holder = find_main(patient, facts), find_holder(facts, patient.port)
    if unit is None or holder is None or holder.unit != unit.name:
        return {}
    prefix = patient.product.env_prefix
    names = [f"{prefix}_GATEWAY_{kind.upper()}" for kind in AUTH_KINDS]
    kept = next(filter(None, (credential.value(name, facts) for name in names)), None)
    client, own = read_client(patient.product, recall_tunnel(host))
    others = {"here": host.auth.known, "client": client}
    secrets = {"wrong": Secret(next(session.nonces)), "none": NOBODY}
    secrets |= {"server": kept} if kept else {}
    secrets |= {who: one for who, one in others.items() if one and one != kept}
    until = time.monotonic() + ANSWER_S
    way = Way(session.transport, patient.port, time.monotonic, time.sleep, ANSWER_S, until)
    visits = visit_together(secrets, way, ANSWER_S + 1)
    told = {ID: tell_answers({who: _told(visit) for who, visit in visits.items()}), CLIENT: own}
    if kept and isinstance(visits["server"].answer, Hello):
        told[DEVICES] = _devices(Desk(session, build_wish(host, patient.product), kept, facts))
    return told


def read_client(product: Product, tunnel: Tunnel | None) -> tuple[Secret | None, Reading]:
    """The secret of this laptop's own CLI for a gateway, and whether it has a device token.

    It is for this gateway where `gateway.remote.url` leads through the laptop's `tunnel` to it.
    """
    try:
        text = Path(config_path(product)).read_text()
        remote = parse_configuration(text)["gateway"]["remote"]
        given = str(remote.get("token") or remote.get("password") or "")
        url = str(remote["url"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None, Reading(1, "")
    if not given or tunnel is None or url.rstrip("/") != tunnel.url:
        return None, Reading(1, "")
    device = (state_folder(product) / IDENTITY).with_name("device-auth.json").exists()
    return Secret(given), Reading(0, "device=yes" if device else "")


def _told(visit: Visit) -> tuple[str, str]:
    answer = visit.answer
    return (LET_IN, "") if isinstance(answer, Hello) else (answer.kind, answer.message)


def _devices(desk: Desk) -> Reading:
    """Who asks to be paired; nobody where the gateway does not say."""
    try:
        [listed] = desk.ask([("device.pair.list", {})], LOOKING)
    except ConnectError:
        return Reading(1, "")
    asking = [(r.id, r.client.name, r.client.address) for r in parse_requests(listed)]
    rows = ([" ".join(word.split()) for word in row] for row in asking)  # a stranger's own words
    return Reading(0, "\n".join("\t".join(row) for row in rows))
