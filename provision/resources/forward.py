"""The gateway's port on the tailnet, without TLS: bytes that Tailscale carries as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from provision.model.facts import Facts, Probe
from provision.model.plan import Blocked, Change
from provision.model.routes import STATUS, read_config
from provision.model.serve import Route, parse_routes
from provision.model.shell import Sh, sh
from provision.model.tailnet import Node

JOIN = "tailnet:join"
STAMP = "/var/lib/clawprov/stamps/forward"


@dataclass(frozen=True, slots=True)
class Forward:
    """`port` of the server's addresses in the tailnet leads to the same port on its loopback.

    A forward that clawprov has made is known by a stamp, and goes when it is not `wished`; those
    of others stay.
    """

    port: int
    node: Callable[[Facts], Node]
    wished: bool = True
    id: str = "tailnet:forward"

    def probe(self) -> Probe:
        look = 'command -v tailscale >/dev/null || exit 0\necho "stamp=$(cat {} 2>/dev/null)"\n'
        return Probe(self.id, sh(f"{look}echo content=\n{{}}", STAMP, STATUS))

    @property
    def target(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def _there(self, facts: Facts) -> tuple[Route, ...]:
        """What is served on the port, for whomever."""
        routes = parse_routes(read_config(facts[self.id]))
        return tuple(route for route in routes if route.port == self.port)

    def _holds(self, facts: Facts) -> bool:
        return [r.target for r in self._there(facts) if not r.session] == [self.target]

    def obstacle(self, facts: Facts) -> str:
        """What of somebody else's has the port already, or ""."""
        other = next((r for r in self._there(facts) if r.target != self.target), None)
        return f"port {self.port} of this node leads to {other.target} already" if other else ""

    def trouble(self, facts: Facts) -> str:
        """Why the tailnet does not get to the gateway, or ""."""
        if not self.node(facts).joined:
            return "the server is in no tailnet"
        told = self.obstacle(facts) or f"port {self.port} of its tailnet address leads nowhere"
        return "" if self._holds(facts) else told

    def diff(self, facts: Facts) -> Change | Blocked | None:
        stamp = facts[self.id].pairs().get("stamp", "")
        if not self.wished:
            return self._end(stamp, facts) if stamp else None
        node = self.node(facts)
        if not node.joined:
            return Blocked(self.id, JOIN)
        if self._holds(facts) and stamp == str(self.port):
            return None
        why = f"{show_place(node.ips[0] if node.ips else node.name, self.port)} leads to it"
        old = (_off(stamp),) if stamp not in ("", str(self.port)) else ()
        return Change(self.id, "create", (*old, self._on), why)

    @property
    def _on(self) -> Sh:
        """Written down first, so that nothing of ours is ever left that nobody knows of."""
        there = f'"{self.port}":{{"TCPForward":"{self.target.removeprefix("tcp://")}"'
        return sh(
            "mkdir -p {}; echo {} >{}\n"
            "timeout 20 tailscale serve --bg --yes {} {} </dev/null\n"
            "{} | tr -d '[:space:]' | grep -qF {}",
            *(STAMP.rpartition("/")[0], self.port, STAMP),
            *(f"--tcp={self.port}", self.target, STATUS, there),
        )

    def _end(self, port: str, facts: Facts) -> Change | Blocked:
        if not read_config(facts[self.id]):  # it may be there, and comes back with tailscaled
            return Blocked(self.id, JOIN)
        return Change(
            self.id, "remove", (_off(port), sh("rm -f {}", STAMP)), f"port {port} leads to it"
        )


def _off(port: str) -> Sh:
    """One that is not there any more, or leads elsewhere by now, is left alone."""
    there = f'"{port}":{{"TCPForward":"127.0.0.1:{port}"'
    return sh(
        "if {} | tr -d '[:space:]' | grep -qF {}; then\n"
        "  timeout 20 tailscale serve --yes {} off </dev/null\nfi",
        *(STATUS, there, f"--tcp={port}"),
    )


def show_place(ip: str, port: int) -> str:
    """Where a client finds the gateway."""
    return f"ws://[{ip}]:{port}" if ":" in ip else f"ws://{ip}:{port}"
