"""Stand-ins for a gateway, and for everything else that may listen on its port.

`Gateway` speaks challenge, connect and `health` as clawdbot and openclaw do, or does one thing
wrong; `Stranger` is a raw TCP server that says what it is told and then closes or stays.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

SECRET = "right-secret"
NONCE = "6a7f0b1c2d3e4f5061728394a5b6c7d8"

Fault = Literal[
    "none", "version", "open", "pairing", "hangs", "mute", "nonsense", "deep", "huge", "ill"
]


@dataclass
class Gateway:
    """A gateway with a fault; `starting` counts the connections it sends away as too early.

    A `secretive` one tells nothing but its health. With `tls`, it is one behind `tailscale serve`.
    """

    fault: Fault = "none"
    starting: int = 0
    secretive: bool = False
    port: int = 0
    tls: ssl.SSLContext | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    closed: list[int | None] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    released: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def serving(self) -> Iterator[Gateway]:
        with serve(self.talk, "127.0.0.1", 0, compression=None, ssl=self.tls) as server:
            self.port = server.socket.getsockname()[1]
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield self
            finally:
                self.released.set()
                server.shutdown()
                thread.join()

    def talk(self, peer: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            self.greet(peer)
            for text in peer:
                self.answer(peer, json.loads(text))
        self.closed.append(peer.close_code)

    def greet(self, peer: ServerConnection) -> None:
        words = {
            "nonsense": '{"hello": ["world"]}',
            "deep": "[" * 200_000,
            "huge": "x" * (2**20 + 1),
        }
        if self.fault == "mute":
            self.released.wait(20)
        payload = {"nonce": NONCE, "ts": 1795396805655}
        challenge = {"type": "event", "event": "connect.challenge", "payload": payload}
        peer.send(words.get(self.fault) or json.dumps(challenge))

    def answer(self, peer: ServerConnection, request: dict[str, Any]) -> None:
        self.asked.append(request)
        if self.fault == "hangs":
            self.released.wait(20)
        elif request["method"] == "connect":
            self.admit(peer, request)
        elif self.secretive and request["method"] != "health":
            error = {"code": "INVALID_REQUEST", "message": "missing scope: operator.read"}
            reply(peer, request, error=error)
        else:
            peer.send(json.dumps({"type": "event", "event": "tick", "payload": {}}))
            reply(peer, request, payload={"ok": self.fault != "ill"})

    def admit(self, peer: ServerConnection, request: dict[str, Any]) -> None:
        with self.lock:
            early, self.starting = self.starting > 0, max(0, self.starting - 1)
        auth = request["params"].get("auth", {})
        if early:
            error = {"code": "UNAVAILABLE", "message": "gateway starting; retry shortly"}
            return refuse(peer, request, 1013, error | {"retryable": True, "retryAfterMs": 100})
        if self.fault == "version":
            details = {"expectedProtocol": 7}
            error = {"code": "INVALID_REQUEST", "message": "protocol mismatch"}
            return refuse(peer, request, 1002, error | {"details": details})
        if self.fault == "pairing":
            error = {"code": "NOT_PAIRED", "message": "pairing required"}
            return refuse(peer, request, 1008, error)
        if self.fault != "open" and not auth.get("token"):
            error = {"code": "NOT_PAIRED", "message": "device identity required"}
            return refuse(peer, request, 1008, error)
        if self.fault != "open" and auth != {"token": SECRET, "password": SECRET}:
            told = "unauthorized: gateway password mismatch (provide gateway auth password)"
            return refuse(peer, request, 1008, {"code": "INVALID_REQUEST", "message": told})
        server = {"version": "2026.1.24-3", "connId": "c1"}
        return reply(peer, request, payload={"type": "hello-ok", "protocol": 3, "server": server})


def reply(peer: ServerConnection, request: dict[str, Any], **fields: object) -> None:
    peer.send(json.dumps({"type": "res", "id": request["id"], "ok": "payload" in fields} | fields))


def refuse(
    peer: ServerConnection, request: dict[str, Any], code: int, error: dict[str, object]
) -> None:
    reply(peer, request, error=error)
    peer.close(code, str(error["message"])[:120])


@dataclass
class Stranger:
    """A TCP server that is no gateway: it says its words at once or after the first request."""

    words: bytes = b""
    listens_first: bool = False
    stays: bool = False
    port: int = 0
    released: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def serving(self) -> Iterator[Stranger]:
        with socket.create_server(("127.0.0.1", 0), backlog=8) as listener:
            self.port = listener.getsockname()[1]
            thread = threading.Thread(target=self.accept, args=(listener,))
            thread.start()
            try:
                yield self
            finally:
                self.released.set()
                listener.shutdown(socket.SHUT_RDWR)
                thread.join()

    def accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = listener.accept()
                threading.Thread(target=self.talk, args=(peer,)).start()

    def talk(self, peer: socket.socket) -> None:
        with peer, contextlib.suppress(OSError):
            if self.listens_first:
                peer.recv(65536)
            peer.sendall(self.words)
            if self.stays:
                self.released.wait(20)
