"""A server's Tailscale Funnel: what it says of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from provision.model.facts import Reading
from provision.model.routes import STATUS, ask_ports
from provision.model.serve import Route, parse_routes
from provision.model.shell import Sh, sh
from provision.model.tailnet import Node, parse_node

PORTS = (443, 8443, 10000)
"""Those that Tailscale's relays know; its command line takes any (tailscale 1.102)."""
FOLDER = "/var/lib/clawprov/funnel"
RECORD = f"{FOLDER}/record"


def ask_seen(unit: str) -> Sh:
    """The question how a server's Funnel is, whose gateway is `unit`; parse_seen reads it."""
    return sh(
        'command -v tailscale >/dev/null || exit 0\necho "now=$(date +%s)"; cat {} 2>/dev/null\n'
        'echo "own="$({})\n'
        "echo content=\ntimeout 10 tailscale status --json --peers=false 2>/dev/null\n"
        "echo; echo prefs=\ntimeout 10 tailscale debug prefs 2>/dev/null\n"
        "echo; echo serving=\n{}",
        *(RECORD, ask_ports(unit), STATUS),
    )


@dataclass(frozen=True, slots=True)
class Opening:
    """The wish for a Funnel, with an `id` by which it is known from an earlier one.

    It is closed after `seconds` seconds, or when somebody closes it when that is 0.
    """

    seconds: int
    id: str


BY_INVENTORY = Opening(0, "inventory")
"""As the inventory says, for as long as it says so."""


@dataclass(frozen=True, slots=True)
class Record:
    """What a server keeps of a Funnel that clawprov has opened.

    `until` is in seconds since 1970, 0 for one that stays open until somebody closes it; `asked`
    is the id of the wish; `kept` says that something was served on `port` before, which stays.
    """

    port: int
    until: int
    asked: str
    kept: bool

    def ended(self, public: Sequence[Route]) -> bool:
        """Whether nothing of it is to stay where nobody wishes anything of Funnel."""
        return self.asked == BY_INVENTORY.id or not public


@dataclass(frozen=True, slots=True)
class Seen:
    """The answer to that; `now` is the server's own time, in seconds since 1970.

    `routes` is all that the node serves; whether Tailscale has `answered`, or nothing is known.
    `own` are the ports on which the gateway's processes listen.
    """

    node: Node
    routes: tuple[Route, ...]
    record: Record | None
    now: int
    answered: bool
    own: frozenset[int] = frozenset()

    def public(self, port: int) -> tuple[Route, ...]:
        """The routes by which the whole internet gets to the gateway, whose usual port this is."""
        ports = self.own | {port}
        return tuple(r for r in self.routes if r.public and r.leads_to(ports))

    def opened(self, port: int) -> tuple[Route, ...]:
        """Those of them that stay until somebody closes them; no program holds them."""
        return tuple(route for route in self.public(port) if not route.session)


def parse_seen(out: str) -> Seen:
    first, _, rest = f"\n{out}".partition("\ncontent=\n")
    status, _, rest = rest.partition("\nprefs=\n")
    prefs, _, serving = rest.partition("\nserving=\n")
    said = Reading(0, first).pairs()
    node, routes = parse_node(status, prefs), parse_routes(serving)
    answered = node.joined and serving.lstrip().startswith("{")
    own = frozenset(int(port) for port in said.get("own", "").split() if port.isdecimal())
    return Seen(node, routes, _record(said), _number(said, "now"), answered, own)


def _record(said: Mapping[str, str]) -> Record | None:
    if "until" not in said:
        return None
    kept = said.get("kept") == "yes"
    return Record(_number(said, "port"), _number(said, "until"), said.get("asked", ""), kept)


def _number(said: Mapping[str, str], name: str) -> int:
    value = said.get(name, "")
    return int(value) if value.isdecimal() else 0


def show_address(host: str, port: int) -> str:
    """Where a browser finds what is served."""
    return f"https://{host}{'' if port == 443 else f':{port}'}/"


def show_addresses(routes: Iterable[Route]) -> str:
    """Where the world finds what is served; what is no web page has a port alone."""
    shown = (show_address(r.host, r.port) if r.host else f"port {r.port}" for r in routes)
    return ", ".join(dict.fromkeys(shown))


def show_time(seconds: int) -> str:
    """A span of time in its two largest units, such as 1 h 30 min."""
    parts = []
    for name, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        parts += [f"{count} {name}"] if count else []
    return " ".join(parts[:2]) or "0 s"
