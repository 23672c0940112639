"""Tailscale's test control server, which allows Funnel, and a relay as the public meets it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from provision.lab import Box
from provision.lab.authority import TAILNET
from provision.lab.site import Folder, Site
from tests.tailnet.members import out
from tests.tailnet.servers import Server, open_bridge, ports

RELAY = Path(__file__).with_name("relay.py")


@dataclass(frozen=True, slots=True)
class FunnelControl:
    """A tailnet that needs no key; stopped, it forgets its nodes."""

    server: Server

    @property
    def url(self) -> str:
        """The login server of its nodes."""
        return f"http://{self.server.site.gateway}:{self.server.port}"


def make_funnel_control(folder: Folder, site: Site, binaries: Path, name: str) -> FunnelControl:
    """A tailnet that is not started yet."""
    place = folder.root / "tailnets" / name
    open_bridge(folder, site)
    port, relay, stun = ports(place, site, 3)
    numbers = (str(port), str(relay), str(stun))
    argv = (str(binaries / "funnel"), site.gateway, *numbers, TAILNET)
    log = place / "funnel.log"
    return FunnelControl(Server(folder, site, f"server-{name}", argv, port, log))


def start_relay(
    peer: Box, target: str, *, source: str = "203.0.113.9:1234", port: int = 443
) -> None:
    """Whoever connects to the peer's port 8443 reaches `target` as the public does.

    `target` is the node's name; `source` is whom the node takes the visitor for.
    """
    out(peer, f"cat >/root/relay.py <<'E'\n{RELAY.read_text()}\nE")
    words = f"python3 /root/relay.py {target} {port} {source}"
    out(peer, "systemctl stop relay 2>/dev/null || :")
    out(peer, f"systemd-run -q --collect --unit=relay {words}")
    out(
        peer,
        "for i in $(seq 100); do ss -Hltn | grep -q ':8443 ' && exit; sleep 0.05; done; exit 1",
    )
