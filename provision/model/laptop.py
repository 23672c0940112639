"""What is known of the laptop before anything is wished of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Listener:
    """Who listens on a TCP port: a process, with the unit it belongs to and its command line."""

    port: int
    pid: str = ""
    name: str = ""
    unit: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """How ssh gets to a server: `jump` is a line of ssh config, "" for the direct way."""

    hostname: str
    port: int
    jump: str = ""


@dataclass(frozen=True, slots=True)
class Laptop:
    """The machine at which somebody types, as its user; `home` is an absolute path.

    `supervisor` keeps services running, `lingers` says that it does so before anybody logs in.
    `public` is the tunnel's key as it is now, `taken` are names of ours that somebody else has.
    `cli` says that the product's command line is there, `gateway` names one that runs here.
    """

    home: str
    route: Route
    supervisor: Literal["systemd", "launchd", ""] = ""
    lingers: bool = False
    public: str = ""
    listeners: Mapping[int, Listener] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()
    cli: bool = False
    gateway: str = ""

    @property
    def ssh(self) -> str:
        return f"{self.home}/.ssh"

    @property
    def folder(self) -> str:
        """Where everything of ours is that ssh reads."""
        return f"{self.home}/.ssh/clawprov"
