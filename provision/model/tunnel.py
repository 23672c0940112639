"""A laptop's way to a gateway, as it is remembered there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

ACCOUNT = "clawprov-tunnel"
"""The user of a server whom tunnels log in as, and who may do nothing but forward."""


@dataclass(frozen=True, slots=True)
class Tunnel:
    """One tunnel: `port` of the laptop's loopback leads to the gateway of `host`.

    `host` is the server as a person names it, without the user; `name` the same as part of file
    names; `suffix` tells its names from those of the laptop's first tunnel, "" for the first one
    itself. `id` is the laptop among those that have a key on the server.
    """

    host: str
    name: str
    product: str
    suffix: str
    port: int
    id: str

    @property
    def alias(self) -> str:
        """What it is called in ssh config."""
        return f"{self.product}-remote{self.suffix}"

    @property
    def unit(self) -> str:
        """What systemd calls it."""
        return f"{self.product}-ssh-tunnel{self.suffix}.service"

    @property
    def label(self) -> str:
        """What launchd calls it."""
        return f"com.{self.product}.ssh-tunnel{self.suffix.replace('-', '.', 1)}"

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"


def parse_tunnels(text: str) -> dict[str, Tunnel]:
    """The tunnels in a file that `show_tunnels` wrote, by host; ValueError for another text."""
    try:
        read = json.loads(text or "{}")
        return {host: Tunnel(host=host, **one) for host, one in read.items()}
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError("it is no list of tunnels") from error


def show_tunnels(tunnels: Iterable[Tunnel]) -> str:
    """Tunnels as a file."""
    made: Mapping[str, object] = {
        tunnel.host: {key: value for key, value in asdict(tunnel).items() if key != "host"}
        for tunnel in sorted(tunnels, key=lambda tunnel: tunnel.host)
    }
    return json.dumps(made, indent=2) + "\n"
