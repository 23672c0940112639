"""What others publish of a gateway: Docker its ports, Tailscale Funnel its page."""

from __future__ import annotations

import re

from provision.checks.audit.network import LISTENERS, gateways
from provision.checks.audit.outside import reached
from provision.checks.audit.settings import FUNNEL_MODE, opens_itself
from provision.checks.audit.sockets import parse_sockets
from provision.model.facts import Facts, Reading
from provision.model.finding import Finding, Rule, Severity
from provision.model.funnel import show_addresses
from provision.model.secret import hide
from provision.model.serve import Route, parse_routes
from provision.model.shell import sh

DOCKER, FUNNEL = "audit:docker-ports", "audit:funnel"
_RESET = "set gateway.tailscale.mode to serve or off, and restart the gateway"
_CLOSE = (
    "when it was long enough: clawprov funnel off HOST (what an inventory wishes comes out of that "
    "first)"
)
USUAL = 18789
"""Where a gateway listens unless it is told otherwise; it may be stopped just now."""
_GATEWAYS = re.compile(rf"clawdbot|moltbot|openclaw|:{USUAL}->|->{USUAL}/", re.IGNORECASE)
"""What of a container, of its ports or of the page behind them speaks of a gateway."""


def docker_published(facts: Facts) -> set[int]:
    """The ports of the host that Docker publishes on every address."""
    return _published(facts[DOCKER].out)


def docker_ports() -> Rule:
    """Docker publishes ports to all the world; its rules come before those of ufw."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        rows = [line.split("\t") for line in reading.lines()]
        found = [row for row in rows if len(row) == 3 and _published(row[2])]
        if not found:
            return None
        ways = [
            way for row in found for p in sorted(_published(row[2])) for way in reached(facts, p)
        ]
        gateway = any(map(_GATEWAYS.search, (*map(" ".join, found), *ways)))
        severity: Severity = ("critical" if ways else "serious") if gateway else "minor"
        return Finding(
            DOCKER,
            severity,
            "Docker publishes ports on every address"
            + (", a gateway's among them" if gateway else ""),
            "Docker's own rules let them in before ufw's are asked",
            "publish them as 127.0.0.1:PORT:PORT",
            (*(f"{name} ({image}): {ports}" for name, image, ports in found), *ways),
        )

    script = sh(
        "command -v docker >/dev/null || exit 0\n"
        "timeout 10 docker ps --format '{{.Names}}\t{{.Image}}\t{{.Ports}}' 2>/dev/null"
    )
    return Rule(DOCKER, script, judge)


def funnel() -> Rule:
    """Tailscale Funnel shows something of it to the whole internet."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        public = [route for route in parse_routes(reading.out) if route.public]
        ours = [route for route in public if _is_gateways(route, facts)]
        modes = opens_itself(facts)
        ways = [way for port in sorted({r.port for r in public}) for way in reached(facts, port)]
        evidence = (*(f"{path}: {FUNNEL_MODE}" for path in modes), *map(_lead, public), *ways)
        if ours or modes:
            itself = "its gateway opens itself to the internet by Tailscale Funnel when it starts"
            return Finding(
                FUNNEL,
                "serious",
                f"Tailscale Funnel is on: {show_addresses(ours)} is public" if ours else itself,
                "only the gateway's own secret is between it and everybody",
                _RESET if modes else _CLOSE,
                evidence,
            )
        if not public:
            return None
        return Finding(
            FUNNEL,
            "minor",
            f"Tailscale Funnel shows another program to the internet: {show_addresses(public)}",
            "what that program asks for itself is all that is between it and everybody",
            f"when it was long enough: tailscale funnel --https={public[0].port} off   (there)",
            evidence,
        )

    script = sh(
        "command -v tailscale >/dev/null || exit 0\n"
        "timeout 10 tailscale serve status --json 2>/dev/null"
    )
    return Rule(FUNNEL, script, judge)


def _is_gateways(route: Route, facts: Facts) -> bool:
    """Whether a route leads to a gateway; where nobody knows which ports are one's, all may."""
    seen = facts[LISTENERS]
    sockets = parse_sockets(seen)
    own = {s.port for s in sockets if s.pid in gateways(seen) or s.name == "docker-proxy"}
    return bool(seen.exit) or route.leads_to({*own, USUAL})


def _lead(route: Route) -> str:
    target = hide(route.target) if "://" in route.target else "files, or a text"
    held = ", held by a program" if route.session else ""
    return f"{show_addresses([route])}{route.path.lstrip('/')} leads to {target}{held}"


def _published(ports: str) -> set[int]:
    return {
        int(port) for port in re.findall(r"(?:0\.0\.0\.0|\[::\]|:::?):?(\d+)(?:-\d+)?->", ports)
    }
