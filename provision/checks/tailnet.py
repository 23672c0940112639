"""Whether a server's place in its tailnet will last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from provision.model.facts import Facts
from provision.model.report import Check
from provision.model.shell import sh
from provision.model.tailnet import SOON_S, Node

_KEEP = "disable key expiry of this machine in the admin console, or give it `tags:`"


def can_join(name: str, obstacle: Callable[[Facts], str], hint: str) -> Check:
    """Nothing that keeps the server from its tailnet."""
    return Check(f"preflight:{name}", sh(":"), lambda reading, facts: obstacle(facts), hint)


def on_tailnet(
    host: str,
    node: Callable[[Facts], Node],
    elsewhere: Callable[[Facts], str],
    clock: Callable[[], float],
) -> Check:
    """A node of the right tailnet that is up, not locked out, and whose login does not end soon.

    `clock` tells the seconds since 1970.
    """

    def problem(facts: Facts) -> str:
        seen = node(facts)
        if told := elsewhere(facts):
            return told
        if seen.locked_out:
            return "tailnet lock keeps it from all others; sign it: tailscale lock sign (elsewhere)"
        if not seen.state:
            return "its Tailscale does not answer"
        if seen.expired or not seen.on:
            how = "its login has expired" if seen.expired else f"its Tailscale says {seen.state}"
            return f"it is in no tailnet: {how}"
        left = None if seen.key_expiry is None else seen.key_expiry - clock()
        return f"its login ends on {_day(seen)}; {_KEEP}" if left and left < SOON_S else ""

    hint = f"tailscale status   (on the server), then clawprov up {host}"
    return Check("tailnet:node", sh(":"), lambda reading, facts: problem(facts), hint)


def login_lasts(node: Callable[[Facts], Node], clock: Callable[[], float]) -> Check:
    """A login that never ends, as is right for a server."""

    def told(facts: Facts) -> str:
        seen = node(facts)
        if seen.key_expiry is None or seen.key_expiry - clock() < SOON_S:
            return ""
        return f"its login to the tailnet ends on {_day(seen)}, and the way in with it"

    return Check("tailnet:expiry", sh(":"), lambda reading, facts: told(facts), _KEEP, note=True)


def called_as_asked(host: str, node: Callable[[Facts], Node]) -> Check:
    """The name that the server has asked for, and no other because that one was taken."""

    def told(facts: Facts) -> str:
        seen = node(facts)
        has, asked = seen.name.partition(".")[0], seen.asked.lower()
        if not has or not asked or has == asked:
            return ""
        return f"in the tailnet it is called {has}, and has asked for {asked}"

    hint = f"rename it in the admin console, then clawprov up {host}; or leave it so"
    return Check("tailnet:name", sh(":"), lambda reading, facts: told(facts), hint, note=True)


def _day(node: Node) -> str:
    return datetime.fromtimestamp(node.key_expiry or 0, UTC).strftime("%Y-%m-%d")
