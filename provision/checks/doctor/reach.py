"""Rules about what of the gateway others can reach or hear, and what they cannot."""

from __future__ import annotations

from provision.checks.doctor.patient import NOTHING, Patient, find_main
from provision.checks.doctor.port import gateway_of
from provision.checks.doctor.sockets import find_sockets
from provision.checks.tunnel import rules_hold
from provision.model.facts import Facts, Reading
from provision.model.finding import Finding, Rule
from provision.model.shell import sh
from provision.model.tunnel import ACCOUNT


def open_to_others(patient: Patient) -> Rule:
    """A gateway that other machines reach without an access way: the tutorial's first pitfall."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        outside = [
            socket
            for socket in find_sockets(facts)
            if socket.gateway and socket.kind == "tcp" and not socket.local
        ]
        if patient.exposed:
            outside = [socket for socket in outside if socket.port != patient.port]
        if not outside:
            return None
        unit = find_main(patient, facts)
        bind = gateway_of(unit).get("bind") if unit else None
        return Finding(
            "port:open",
            "critical",
            f"the gateway listens on {outside[0].place}, where others reach it",
            f"gateway.bind is {bind}" if bind else "it is not bound to loopback",
            f'set gateway.bind to "loopback": clawprov up {patient.host}',
            tuple(f"{s.place} {s.line}" for s in outside),
        )

    return Rule("port:open", NOTHING, judge)


def announced(patient: Patient) -> Rule:
    """A gateway that tells the network by mDNS that it is there."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        told = [s for s in find_sockets(facts) if s.gateway and s.place.endswith(":5353")]
        if not told:
            return None
        variable = f"{patient.product.env_prefix}_DISABLE_BONJOUR"
        return Finding(
            "port:mdns",
            "serious",
            "the gateway announces itself to the whole network (mDNS, UDP 5353)",
            f"{variable}=1 is not set for it; that is how search engines find gateways",
            f"put Environment={variable}=1 into its unit, or: clawprov up {patient.host}",
            tuple(f"{s.place} {s.line}" for s in told),
        )

    return Rule("port:mdns", NOTHING, judge)


def forbidden(patient: Patient) -> Rule:
    """A server whose sshd allows the account for tunnels less, or more, than it was told to.

    Only the server knows: a laptop's ssh runs on, and what comes through it ends at once.
    """
    check = rules_hold(ACCOUNT)

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        told = "allowtcpforwarding" in reading.out  # not so where there is no such account
        wrong = check.judge(reading, facts) if told else ""
        if not wrong:
            return None
        return Finding(
            "tunnel:forbidden",
            "serious",
            "the server does not let tunnels through as they were set up",
            wrong,
            f"clawprov tunnel up {patient.host}",
        )

    script = sh("id -u {} >/dev/null 2>&1 || exit 0\n{}", ACCOUNT, check.script)
    return Rule("tunnel:forbidden", script, judge)
