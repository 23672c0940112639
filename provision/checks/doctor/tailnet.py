"""Rules about the server's place in a tailnet, where its gateway is reached through one."""

from __future__ import annotations

import re

from provision.checks.doctor.patient import NOTHING, Patient, find_main
from provision.checks.doctor.port import gateway_of, port_of
from provision.checks.doctor.units import Unit
from provision.model.facts import Facts, Probe, Reading
from provision.model.finding import Finding, Rule
from provision.model.serve import Route, find_hindrance, parse_routes
from provision.model.shell import sh
from provision.model.tailnet import SOON_S, Node, parse_node

ID = "doctor:tailnet"
_ASKED = re.compile(r"--tailscale[ =][\"']?(?:serve|funnel)")
_DAEMON = "systemctl status tailscaled   (on the server)"
_STATES = {
    "": ("its tailscaled does not run", _DAEMON),
    "NoState": ("its tailscaled does not know its control server yet", _DAEMON),
    "Stopped": ("somebody has taken it off (`tailscale down`)", "tailscale up   (on the server)"),
    "NeedsLogin": ("it is logged out, or its key has expired", "tailscale up   (on the server)"),
    "NeedsMachineAuth": (
        "an admin of the tailnet has to approve it",
        "approve it in the admin console",
    ),
}


def probe_tailnet() -> Probe:
    """Reads how this server's Tailscale is, and what it serves; nothing where there is none."""
    return Probe(
        ID,
        sh(
            "command -v tailscale >/dev/null || { echo absent; exit 0; }\n"
            "timeout 5 tailscale status --json --peers=false 2>/dev/null\n"
            "echo; echo prefs=; timeout 5 tailscale debug prefs 2>/dev/null\n"
            "echo; echo serve=; timeout 5 tailscale serve status --json 2>/dev/null\n"
            "echo; echo end"
        ),
    )


def find_node(facts: Facts) -> Node | None:
    """The server as a node; None without Tailscale, or where it was not read to the end."""
    reading = facts.readings.get(ID)
    if reading is None or not reading.out.rstrip().endswith("end"):
        return None
    status, _, prefs = reading.out.partition("\nserve=\n")[0].partition("\nprefs=\n")
    return parse_node(status, prefs)


def find_routes(patient: Patient, facts: Facts) -> tuple[Route, ...]:
    """What is served of the gateway by a route that is not its own."""
    return tuple(r for r in _routes_to(patient.port, facts) if not r.session)


def _routes_to(port: int, facts: Facts) -> tuple[Route, ...]:
    """Every route to a port of the server, and every one that a program holds for itself."""
    text = facts.readings[ID].out.partition("\nserve=\n")[2] if ID in facts.readings else ""
    routes = parse_routes(text.rstrip().removesuffix("end"))
    return tuple(r for r in routes if r.session or r.target.rstrip("/").endswith(f":{port}"))


def _published(patient: Patient, facts: Facts) -> tuple[Route, ...]:
    """Those of them that are https; what is forwarded as it is has no name, and no headers."""
    return tuple(route for route in find_routes(patient, facts) if route.host)


def _mode(unit: Unit | None) -> str:
    """How the gateway itself uses Tailscale, by its configuration."""
    tailscale = gateway_of(unit).get("tailscale") if unit else None
    mode = tailscale.get("mode") if isinstance(tailscale, dict) else None
    return str(mode or "off")


def is_unrouted(unit: Unit, facts: Facts) -> bool:
    """A gateway that is to have a Tailscale route of its own, and for which there is none."""
    wanted = _mode(unit) != "off" or bool(_ASKED.search(unit.command))
    return wanted and (unit.down or not _routes_to(port_of(unit), facts))


def _needed(patient: Patient, facts: Facts) -> bool:
    """Whether somebody is to reach the gateway through a tailnet."""
    served = find_routes(patient, facts)
    return patient.tailnet or bool(served) or _mode(find_main(patient, facts)) != "off"


def away(patient: Patient) -> Rule:
    """A server that is not in its tailnet, though its gateway is reached through it."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        node = find_node(facts)
        if node is None or node.state not in _STATES or not _needed(patient, facts):
            return None
        cause, hint = _STATES[node.state]
        return Finding(
            "tailscale:down",
            "critical",
            "nobody reaches the gateway through the tailnet: its server is not in it",
            cause,
            hint,
        )

    return Rule("tailscale:down", NOTHING, judge)


def expiring(patient: Patient) -> Rule:
    """A server whose node key ends soon, and its place in the tailnet with it."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        node = find_node(facts)
        if node is None or not node.key_expiry or not _needed(patient, facts):
            return None
        left = node.key_expiry - patient.now()
        if left >= SOON_S or node.state != "Running":
            return None
        return Finding(
            "tailscale:key",
            "serious",
            f"the server leaves its tailnet in {max(0, left) / 86400:.0f} d",
            "its node key expires",
            "switch key expiry off for it in the admin console, or give it a tag",
        )

    return Rule("tailscale:key", NOTHING, judge)


def without_https(patient: Patient) -> Rule:
    """A tailnet that gives out no certificates, so that nothing can be served over HTTPS."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        node = find_node(facts)
        if node is None or not node.joined or patient.unserved:
            return None
        by_gateway = _mode(find_main(patient, facts)) != "off"
        wanted = patient.tailnet or by_gateway or bool(_published(patient, facts))
        hindrance = find_hindrance(node)
        if not wanted or not hindrance:
            return None
        return Finding(
            "tailscale:no-https",
            "serious",
            "the gateway has no address in the tailnet",
            hindrance,
            f"there, and then clawprov up {patient.host}",
        )

    return Rule("tailscale:no-https", NOTHING, judge)


def dead_name(patient: Patient) -> Rule:
    """A route under a name that the server has no more."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        node = find_node(facts)
        own = [route.host for route in _published(patient, facts)]
        if node is None or not node.joined or not own or node.name in own:
            return None
        return Finding(
            "tailscale:dead-name",
            "critical",
            "nobody reaches the gateway through the tailnet",
            f"it is served as {own[0]}, and the server is called {node.name} by now",
            f"clawprov up {patient.host}",
        )

    return Rule("tailscale:dead-name", NOTHING, judge)


def refused(patient: Patient) -> Rule:
    """OpenClaw behind a route that is not its own; it answers everybody there with 403."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        unit = find_main(patient, facts)
        if unit is None or not unit.runs(patient.product) or _mode(unit) != "off":
            return None
        if patient.product.name != "openclaw" or gateway_of(unit).get("trustedProxies"):
            return None
        if not _published(patient, facts):
            return None
        return Finding(
            "tailscale:refused",
            "critical",
            "the gateway answers whoever comes through the tailnet with 403",
            "proxy_attribution_required: OpenClaw serves itself, and trusts no other proxy",
            f"clawprov up {patient.host} --access serve, which lets it set the route itself",
        )

    return Rule("tailscale:refused", NOTHING, judge)
