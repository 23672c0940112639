"""Who, beside root, may give orders to the server's Tailscale."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from provision.model.facts import Facts, Probe
from provision.model.plan import Blocked, Change
from provision.model.shell import sh
from provision.model.tailnet import Node

JOIN = "tailnet:join"


@dataclass(frozen=True, slots=True)
class TailnetOperator:
    """The service's user, who publishes the gateway itself; or, when not `wished`, not that one.

    Tailscale has one operator at most; a person who is it loses the right, and is told.
    """

    user: str
    node: Callable[[Facts], Node]
    wished: bool = True
    id: str = "tailnet:operator"

    def probe(self) -> Probe:
        return Probe(self.id, sh(":"))

    def diff(self, facts: Facts) -> Change | Blocked | None:
        node = self.node(facts)
        if self.wished and not node.joined:
            return Blocked(self.id, JOIN)
        if (node.operator == self.user) is self.wished:
            return None
        wish = self.user if self.wished else ""
        order = sh("timeout 20 tailscale set {}", f"--operator={wish}")
        if not self.wished:
            return Change(
                self.id, "remove", (order,), f"{self.user} may still give orders to Tailscale"
            )
        why = f"{self.user} in place of {node.operator}" if node.operator else f"{self.user} has it"
        return Change(self.id, "set", (order,), why)
