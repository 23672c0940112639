"""The public, as a gateway behind Funnel meets it: through a relay, with TLS and a WebSocket."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass

from provision.app.https import Https
from provision.app.prove import Way, prove
from provision.lab import Box
from provision.model.report import Proof
from provision.model.secret import Secret
from provision.model.transport import Channel
from provision.protocol.messages import Hello, Refusal
from tests.tailnet.funnel import start_relay
from tests.tailnet.members import name_of

FORGED = (
    "Tailscale-User-Login: alice@example.org",
    "Tailscale-User-Name: Alice",
    "X-Forwarded-For: 127.0.0.1",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Host: 127.0.0.1",
)


@dataclass(frozen=True, slots=True)
class Forger:
    """A channel whose first request says of its sender what is not true."""

    channel: Channel

    def sendall(self, data: bytes, /) -> None:
        if data.startswith(b"GET "):
            head, _, rest = data.partition(b"\r\n\r\n")
            data = b"\r\n".join([head, *(line.encode() for line in FORGED)]) + b"\r\n\r\n" + rest
        self.channel.sendall(data)

    def recv(self, size: int, /) -> bytes:
        return self.channel.recv(size)

    def settimeout(self, seconds: float | None, /) -> None:
        self.channel.settimeout(seconds)

    def close(self) -> None:
        self.channel.close()


@dataclass(frozen=True, slots=True)
class Public:
    """Somebody in the internet who knows the name of the gateway on `box`, and its public port."""

    visitor: Box
    box: Box
    port: int = 443

    @property
    def name(self) -> str:
        return name_of(self.box.name)

    def arrive(self) -> Public:
        """With the relay that leads there."""
        start_relay(self.visitor, self.name, port=self.port)
        return self

    def open_stream(self, port: int) -> Channel:
        address = (self.visitor.address, 8443)
        return Https(self.name, lambda: socket.create_connection(address, 5)).open_stream(port)

    def prove(self, secret: str) -> Proof:
        wrong = "x" * 43
        return prove(
            self, self.port, Secret(secret), nonce=wrong, path="public", host=self.name, patience=20
        )

    def forge(self, secret: str) -> Hello | Refusal:
        """The answer to somebody who claims to be a local, and alice of the tailnet."""
        return (
            Way(Forgery(self), self.port, time.monotonic, time.sleep, 10, time.monotonic() + 10)
            .visit(Secret(secret))
            .answer
        )

    def get(self, path: str) -> bytes:
        """The page at a path, with its head; b"" where nobody is let in."""
        said = b""
        with suppress(OSError), closing(self.open_stream(self.port)) as stream:
            request = f"GET {path} HTTP/1.1\r\nHost: {self.name}\r\nConnection: close\r\n\r\n"
            stream.sendall(request.encode())
            while more := stream.recv(65536):
                said += more
        return said

    def stay(self) -> Callable[[], bool]:
        """A WebSocket that is opened and held; whether it is still open is told when asked."""
        stream = self.open_stream(self.port)
        stream.sendall(
            f"GET / HTTP/1.1\r\nHost: {self.name}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        assert b" 101 " in stream.recv(65536)

        def is_open() -> bool:
            stream.settimeout(1)
            try:
                while data := stream.recv(65536):
                    if data.startswith(b"\x88"):  # it says goodbye
                        return False
            except TimeoutError:
                return True
            except OSError:
                return False
            return False

        return is_open


@dataclass(frozen=True, slots=True)
class Forgery:
    """Streams of a forger."""

    public: Public

    def open_stream(self, port: int) -> Channel:
        return Forger(self.public.open_stream(port))
