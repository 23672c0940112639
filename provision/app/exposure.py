"""What of a gateway can be reached without its tunnel."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from ipaddress import ip_address

from provision.engine.gather import Seen
from provision.model.laptop import Laptop
from provision.model.report import Verdict
from provision.model.spec import Host

PATIENCE_S = 1.5


def closed_outside(host: Host, laptop: Laptop, seen: Seen) -> Verdict:
    """Whether the gateway's port is closed, from here, on each address that the server has."""
    way, own = laptop.route.hostname.replace("%%", "%"), seen.facts["tunnel:addresses"].out.split()
    names = list(dict.fromkeys([*([] if leads_here(way) else [way]), *own]))
    with ThreadPoolExecutor(max(1, len(names))) as pool:
        found = pool.map(lambda name: _answers(name, host.gateway_port), names)
        opened = [name for name, is_open in zip(names, found, strict=True) if is_open]
    problem = f"port {host.gateway_port} answers on {', '.join(opened)}" if opened else ""
    hint = "close it in the firewall, or end what listens there"
    return Verdict("gateway:closed", problem, hint if problem else "")


def leads_here(address: str) -> bool:
    """Whether an address is this machine's own: a port that leads on to a server; no other does."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _answers(name: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((name, port), PATIENCE_S):
        return True
    return False
