"""What listens on a server, by `ss`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from provision.model.facts import Reading

_OWNER = re.compile(r'\("([^"]*)",pid=(\d+)')
_TAILNET = (ip_network("100.64.0.0/10"), ip_network("fd7a:115c:a1e0::/48"))


@dataclass(frozen=True, slots=True)
class Socket:
    """A TCP port that is listened on, or a UDP port that is held; `address` may be `*`."""

    protocol: str
    address: str
    port: int
    name: str = ""
    pid: str = ""

    def __str__(self) -> str:
        owner = f" {self.name} (process {self.pid})" if self.pid else ""
        name = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.protocol} {name}:{self.port}{owner}"

    @property
    def outside(self) -> bool:
        """Whether machines beyond this one and its tailnet may come to it."""
        if self.address in ("*", "0.0.0.0", "::"):  # noqa: S104 - read, not bound
            return True
        try:
            at = ip_address(self.address)
        except ValueError:
            return True
        own = at.is_loopback or at.is_link_local
        return not (own or any(at in net for net in _TAILNET if net.version == at.version))


def parse_sockets(reading: Reading) -> tuple[Socket, ...]:
    """The sockets that `ss -Hltnup` has printed."""
    found = (_parse(line) for line in reading.lines())
    return tuple(socket for socket in found if socket)


def _parse(line: str) -> Socket | None:
    words = line.split()
    if len(words) < 6 or words[0] not in ("tcp", "udp"):
        return None
    address, _, port = words[4].rpartition(":")
    if not port.isdecimal():
        return None
    owner = _OWNER.search(line)
    name, pid = owner.groups() if owner else ("", "")
    return Socket(words[0], address.strip("[]").partition("%")[0], int(port), name, pid)
