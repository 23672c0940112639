"""The port through which a machine is spoken to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from provision.model.shell import Sh

LOOPBACK = "127.0.0.1"
OnLine: TypeAlias = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Completed:
    """A script that ran to its end."""

    exit: int
    out: str


class Channel(Protocol):
    """A two-way stream of bytes, like a connected socket."""

    def sendall(self, data: bytes, /) -> None: ...

    def recv(self, size: int, /) -> bytes: ...

    def settimeout(self, seconds: float | None, /) -> None: ...

    def close(self) -> None: ...


class Streams(Protocol):
    """What opens streams; raises OSError while nothing listens on the port."""

    def open_stream(self, port: int) -> Channel: ...


class Transport(Protocol):
    """A machine that runs scripts as root and opens streams to its own loopback, or from there.

    `execute` feeds the script to `sh` on standard input, so nothing of it shows in a process
    list; output and errors come back as one text, and line by line to `on_line`.
    Both raise ConnectError when the connection is lost; `open_stream` raises OSError while nothing
    listens on the port.
    """

    def execute(self, script: Sh, on_line: OnLine | None = None) -> Completed: ...

    def open_stream(self, port: int, host: str = LOOPBACK) -> Channel: ...
