"""A server's place in a tailnet, given up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from provision.model.facts import Facts, Probe
from provision.model.plan import Change
from provision.model.shell import sh
from provision.model.tailnet import Node
from provision.resources.tailnet import STAMP


@dataclass(frozen=True, slots=True)
class Leave:
    """A server that is out of the tailnet into which clawprov has brought it.

    One that was in a tailnet before stays there. Tailscale stays installed.
    """

    node: Callable[[Facts], Node]
    id: str = "tailnet:leave"

    def probe(self) -> Probe:
        look = sh('[ ! -e {} ] || echo ours=yes\necho "here=$(came_in | cut -d" " -f3)"', STAMP)
        return Probe(self.id, look)

    def obstacle(self, facts: Facts) -> str:
        """Why it cannot leave, or ""."""
        here = facts[self.id].pairs().get("here", "")
        if self.diff(facts) and here in self.node(facts).ips:
            return f"you are logged in through the tailnet itself, at {here}"
        return ""

    def diff(self, facts: Facts) -> Change | None:
        if "ours" not in facts[self.id].pairs():
            return None
        name = self.node(facts).name or "the server"
        out = sh("timeout 30 tailscale logout || tailscale down")
        return Change(self.id, "remove", (out, sh("rm -f {}", STAMP)), f"{name} leaves the tailnet")
