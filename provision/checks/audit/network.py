"""What of a server can be reached, and by whom."""

from __future__ import annotations

from collections.abc import Iterable

from provision.checks.audit.outside import reached
from provision.checks.audit.places import asked
from provision.checks.audit.sockets import Socket, parse_sockets
from provision.model.facts import Facts, Reading
from provision.model.finding import Finding, Rule
from provision.model.shell import sh

LISTENERS = "audit:gateway-port"
MDNS = 5353
RISKY = {2375, 3306, 3389, 5432, 5900, 6379, 9200, 11211, 27017}
"""Ports of databases, desktops and Docker itself, which nobody serves to the world on purpose."""
_BACK = "set gateway.bind to loopback and come through SSH or Tailscale Serve: clawprov adopt HOST"
ELSEWHERE = ("sshd", "docker-proxy", "systemd", "tailscaled")
"""Whose ports are judged elsewhere, or are meant to be open; systemd holds that of sshd."""


def gateway_port() -> Rule:
    """A gateway listens where other machines can come to it: critical where this one did."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        own = [s for s in parse_sockets(reading) if s.protocol == "tcp" and s.outside]
        own = [s for s in own if s.pid in gateways(reading)]
        if not own:
            return None
        evidence = [str(socket) for socket in own]
        ways = [way for port in sorted({s.port for s in own}) for way in reached(facts, port)]
        return Finding(
            LISTENERS,
            "critical" if ways else "serious",
            "its gateway can be reached by other machines, in plain http"
            if ways
            else "its gateway listens for other machines; only a firewall is between them",
            "what clients send, their secret too, can be read on the way; scanners look for it",
            _BACK,
            (*evidence, *ways),
        )

    script = asked(
        "command -v ss >/dev/null && command -v pgrep >/dev/null || exit 3\n"
        'echo "gateways=$(echo $(pids))"\nss -Hltnup'
    )
    return Rule(LISTENERS, script, judge)


def other_ports() -> Rule:
    """Something else than SSH and the gateway was reached, or would be without a firewall."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        seen = facts[LISTENERS]
        others = [s for s in parse_sockets(seen) if s.protocol == "tcp" and s.outside]
        others = [s for s in others if s.name not in ELSEWHERE and s.pid not in gateways(seen)]
        others = [s for s in others if reached(facts, s.port) or s.port in RISKY]
        if not others:
            return None
        bad = any(s.port in RISKY and reached(facts, s.port) for s in others)
        ways = [way for port in sorted({s.port for s in others}) for way in reached(facts, port)]
        return Finding(
            "audit:other-ports",
            "serious" if bad else "minor",
            f"besides SSH, {_ports(others)} can be reached from outside",
            "every service that others reach is one more way in",
            "close what nobody needs, or wish a firewall: basics: {firewall: true}",
            (*map(str, others), *ways),
        )

    return Rule("audit:other-ports", sh(":"), judge)


def firewall() -> Rule:
    """Nothing filters what comes in, and more than SSH listens for others."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        if "firewall" in reading.pairs() or reading.exit:
            return None
        sockets = parse_sockets(facts[LISTENERS])
        listening = [s for s in sockets if s.outside and s.name not in ELSEWHERE]
        listening = [s for s in listening if s.port != MDNS and not _asks_for_address(s)]
        if not listening:
            return None
        return Finding(
            "audit:firewall",
            "minor",
            "no firewall of its own, and more than SSH listens",
            "what a provider filters in front of it cannot be seen from inside",
            "basics: {firewall: true} in the inventory, or ufw enable",
            tuple(map(str, listening)),
        )

    script = sh(
        "! nft list ruleset 2>/dev/null | grep -q 'hook input .*policy drop' || "
        "echo firewall=nft\n"
        "! ufw status 2>/dev/null | grep -q '^Status: active' || echo firewall=ufw\n"
        "! iptables -S INPUT 2>/dev/null |\n"
        "  grep -qE '^-P INPUT DROP|^-A INPUT -j (DROP|REJECT)' || echo firewall=iptables"
    )
    return Rule("audit:firewall", script, judge)


def _asks_for_address(socket: Socket) -> bool:
    """A DHCP client's, which most servers have."""
    return socket.protocol == "udp" and socket.port in (68, 546)


def announced() -> Rule:
    """The gateway tells its network by mDNS that it is there."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        seen = facts[LISTENERS]
        told = [s for s in parse_sockets(seen) if (s.protocol, s.port) == ("udp", MDNS)]
        told = [s for s in told if s.pid in gateways(seen)]
        if not told:
            return None
        return Finding(
            "audit:announced",
            "minor",
            "its gateway announces itself by mDNS",
            "on a server it tells neighbours and scanners its name and port, and helps nobody",
            "set CLAWDBOT_DISABLE_BONJOUR=1 (OPENCLAW_DISABLE_BONJOUR=1) for it, and restart it",
            tuple(map(str, told)),
        )

    return Rule("audit:announced", sh(":"), judge)


def gateways(reading: Reading) -> list[str]:
    """The processes that are gateways, by the answer about listeners."""
    return reading.pairs().get("gateways", "").split()


def _ports(sockets: Iterable[Socket]) -> str:
    return ", ".join(
        f"{s.name or 'something'} on {s.port}" for s in {s.port: s for s in sockets}.values()
    )
