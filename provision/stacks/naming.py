"""What a new tunnel is called, and which port of the laptop it gets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from provision.errors import UnsupportedError
from provision.model.laptop import Laptop, Listener
from provision.model.spec import Host
from provision.model.tunnel import Tunnel

LAST = 65535


def name_host(host: Host) -> str:
    """What a tunnel calls its host; whoever logs in as another user means the same server."""
    return host.name.rpartition("@")[2]


def propose_names(host: Host, remembered: Iterable[Tunnel], id: str) -> tuple[Tunnel, ...]:
    """A new tunnel to `host` by the names it may have, the best ones first.

    The first tunnel of a laptop has those of the tutorial, others the host's beside them.
    """
    remembered = tuple(remembered)
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", name_host(host)).strip("-.") or "host"
    while name in {tunnel.name for tunnel in remembered}:
        name += "-2"
    tunnel = Tunnel(name_host(host), name, host.product, "", host.gateway_port, id)
    second = replace(tunnel, suffix=f"-{name}")
    first_is_there = any(t.alias == tunnel.alias for t in remembered)
    return (second,) if first_is_there else (tunnel, second)


def choose_name(names: tuple[Tunnel, ...], laptop: Laptop) -> Tunnel:
    """The first of `names` that nobody else has."""
    for tunnel in names:
        if tunnel.suffix not in laptop.taken:
            return tunnel
    last = names[-1]
    raise UnsupportedError(
        f"your ssh config or your services have a {last.alias} or {last.unit} already",
        where=last.host,
        hint="rename yours, or give this host another name in the inventory",
    )


def choose_port(
    tunnel: Tunnel, wish: int | None, remembered: Iterable[Tunnel], laptop: Laptop
) -> tuple[Tunnel, str]:
    """The tunnel with a port that is free, and why it is not the one it should be, or "".

    Raises UnsupportedError when the port that a person has chosen (`wish`) is held.
    """
    others = {t.port: t for t in remembered if t.host != tunnel.host}
    port = wish or tunnel.port
    while why := _held(port, tunnel, others, laptop):
        if port == (wish or tunnel.port):
            first = why
        if port == LAST:
            raise UnsupportedError("no port is free on this laptop", where=tunnel.host)
        port += 1
    if port == (wish or tunnel.port):
        return replace(tunnel, port=port), ""
    if wish:
        raise UnsupportedError(first, where=tunnel.host, hint=f"port {port} is free: choose that")
    return replace(tunnel, port=port), f"{first}; {port} is taken instead"


def _held(port: int, tunnel: Tunnel, others: dict[int, Tunnel], laptop: Laptop) -> str:
    """By whom a port is held, as a sentence; "" when it is free, or our own."""
    if port in others:
        return f"port {port} is that of the tunnel to {others[port].host}"
    listener = laptop.listeners.get(port)
    if listener is None or is_own(listener, tunnel):
        return ""
    return f"port {port} is held by {show_listener(listener)}"


def is_own(listener: Listener, tunnel: Tunnel) -> bool:
    """Whether it is this very tunnel that listens."""
    return listener.unit == tunnel.unit or listener.line.split()[-2:] == ["-N", tunnel.alias]


def show_listener(listener: Listener) -> str:
    """Who listens, in the words of a person."""
    if not listener.pid:
        return "a process of another user"
    belongs = f" of {listener.unit}" if listener.unit.endswith(".service") else ""
    process = f"process {listener.pid}{belongs}"
    if listener.name == "ssh":
        return f"another ssh tunnel ({process}: {listener.line})"
    if re.match(r"(clawdbot|moltbot|openclaw)", listener.name, re.IGNORECASE):
        return f"a gateway or an app of its own on this laptop ({listener.name}, {process})"
    return f"{listener.name} ({process})"
