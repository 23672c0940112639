"""Rules about what the gateway answers to handshakes that were made from here."""

from __future__ import annotations

import re
from collections.abc import Mapping

from provision.checks.doctor.patient import NOTHING, Patient, find_main
from provision.model.facts import Facts, Reading
from provision.model.finding import Finding, Rule
from provision.model.secret import hide

ID = "doctor:answers"
"""The reading of what the handshakes came to, which are made over the connection after the exec."""
DEVICES = "doctor:devices"
"""The reading of who asks to be paired, told by a gateway that takes its own secret."""
LET_IN = "let in"

_PAIRING = re.compile(r"pairing required|pairing (?:auto-)?approved|webchat connected")


def tell_answers(answers: Mapping[str, tuple[str, str]]) -> Reading:
    """The answers, by whose secret it was, as a reading: the kind of answer, and its words."""
    lines = (f"{who}\t{kind}\t{' '.join(said.split())}" for who, (kind, said) in answers.items())
    return Reading(0, "\n".join(lines))


def find_answers(facts: Facts) -> dict[str, tuple[str, str]]:
    """The answers again; none where no handshake was made."""
    reading = facts.readings.get(ID)
    rows = (line.split("\t", 2) for line in (reading.lines() if reading else ()))
    return {who: (kind, said) for who, kind, said in (row for row in rows if len(row) == 3)}


def open_door(patient: Patient) -> Rule:
    """A gateway that lets in who has no secret, or a wrong one."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        answers = find_answers(facts)
        told = {"wrong": "a wrong secret", "none": "no secret at all"}
        inside = [text for who, text in told.items() if answers.get(who, ("",))[0] == LET_IN]
        if not inside:
            return None
        return Finding(
            "secret:not-asked",
            "critical",
            f"the gateway lets in who comes with {' or '.join(inside)}",
            "its configuration asks for none (gateway.auth), or believes forged headers",
            f"clawprov up {patient.host}",
        )

    return Rule("secret:not-asked", NOTHING, judge)


def stale_secret(patient: Patient) -> Rule:
    """A gateway that does not take the secret which its own server keeps for it."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        kind, said = find_answers(facts).get("server", ("", ""))
        if kind != "wrong secret":
            return None
        return Finding(
            "secret:stale",
            "critical",
            "the gateway refuses the very secret that the server keeps for it",
            f"it was not restarted since that was changed, or {patient.product.config_path} has "
            "another one in gateway.auth, which wins",
            f"systemctl restart {patient.product.service}   (on the server), then "
            f"clawprov up {patient.host}",
            (said,),
        )

    return Rule("secret:stale", NOTHING, judge)


def wrong_secret(patient: Patient) -> Rule:
    """A secret of this machine's that is not the gateway's."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        answers = find_answers(facts)
        kind, said = answers.get("here", ("", ""))
        if kind != "wrong secret" or answers.get("server", ("",))[0] == "wrong secret":
            return None
        return Finding(
            "secret:wrong",
            "serious",
            "the gateway refuses the secret that this machine has for it",
            "it was changed on the server, or somebody has mistyped it here",
            f"clawprov secret show {patient.host} tells the right one; "
            f"clawprov secret set {patient.host} makes it yours",
            (said,),
        )

    return Rule("secret:wrong", NOTHING, judge)


def asking(patient: Patient) -> Rule:
    """A device that waits until a person lets it in."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        told = facts.readings.get(DEVICES, Reading(0, "")).lines()
        rows = [row for row in (line.split("\t") for line in told) if len(row) == 3]
        if not rows:
            return None
        id, name, address = rows[0]
        return Finding(
            "device:asks",
            "minor",
            f"{len(rows)} device{'s' * (len(rows) > 1)} cannot come in: pairing required",
            f"{name} asks to be paired{f', from {address}' if address else ''}, and waits for you",
            f"clawprov devices approve {patient.host} {id[:8]}",
            tuple(" ".join(row) for row in rows),
        )

    return Rule("device:asks", NOTHING, judge)


def forgotten(patient: Patient) -> Rule:
    """A device that was told to be paired, and whose request is no more: it lasts 5 minutes."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        unit, asked = find_main(patient, facts), facts.readings.get(DEVICES)
        if unit is None or unit.down or asked is None or asked.out.strip():
            return None
        last = next((line for line in reversed(unit.log) if _PAIRING.search(line)), "")
        if "pairing required" not in last:
            return None
        return Finding(
            "device:forgotten",
            "minor",
            "a device cannot come in: pairing required, and nothing asks to be paired",
            "its request has lapsed: one is kept for five minutes",
            f"connect with it anew, then at once: clawprov devices {patient.host}",
            (hide(last),),
        )

    return Rule("device:forgotten", NOTHING, judge)


def unpaired(patient: Patient) -> Rule:
    """A gateway that wants a client paired which has its secret."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        kind, said = find_answers(facts).get("server", ("", ""))
        if kind != "pairing":
            return None
        return Finding(
            "device:unpaired",
            "serious",
            "the gateway takes the secret, and wants the client paired first",
            "it does not see the client as local: a proxy, or gateway.trustedProxies",
            f"clawprov devices {patient.host}",
            (said,),
        )

    return Rule("device:unpaired", NOTHING, judge)


def other_protocol(patient: Patient) -> Rule:
    """A gateway of another generation than its clients."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        told = [said for kind, said in find_answers(facts).values() if kind == "protocol"]
        if not told:
            return None
        return Finding(
            "gateway:protocol",
            "critical",
            "the gateway speaks another protocol than we do",
            "it is of another version than its clients",
            f"clawprov up {patient.host}, and the same version for every client",
            (told[0],),
        )

    return Rule("gateway:protocol", NOTHING, judge)


def mute(patient: Patient) -> Rule:
    """A gateway's process that holds the port, and does not answer as one.

    One that has just been started may be too busy to say anything at all.
    """

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        kind, said = find_answers(facts).get("none", ("", ""))
        unit = find_main(patient, facts)
        young = unit is not None and unit.active and unit.age < patient.product.start_limit_s
        if kind != "other" or (young and said.endswith("in time")):
            return None
        return Finding(
            "gateway:mute",
            "critical",
            f"what listens on port {patient.port} does not answer as a gateway",
            f"it {said}",
            f"systemctl restart {patient.product.service}   (on the server)",
        )

    return Rule("gateway:mute", NOTHING, judge)
