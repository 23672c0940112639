"""Scripted channels for the protocol: no sockets, no clock but ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol


@dataclass
class Clock:
    """Time that passes only when a channel says so, in seconds."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Raw:
    """A channel that says its chunks one by one; each takes `pace` seconds to come."""

    chunks: list[bytes | Exception]
    clock: Clock = field(default_factory=Clock)
    pace: float = 0.0
    sent: bytes = b""
    timeouts: list[float | None] = field(default_factory=list)
    closed: bool = False

    def sendall(self, data: bytes, /) -> None:
        self.sent += data

    def recv(self, size: int, /) -> bytes:
        self.clock.now += self.pace
        chunk = self.chunks.pop(0) if self.chunks else b""
        if isinstance(chunk, Exception):
            raise chunk
        return chunk

    def settimeout(self, seconds: float | None, /) -> None:
        self.timeouts.append(seconds)

    def close(self) -> None:
        self.closed = True


@dataclass
class Peer:
    """A channel with a scripted WebSocket server behind it; `slice` bytes come per read.

    It says the `greeting` after the upgrade, and to each message what `reply` returns.
    """

    reply: Callable[[dict[str, Any]], Sequence[Frame]] = lambda _: ()
    greeting: Sequence[Frame] = ()
    slice: int = 65536
    broken_pipe: bool = False
    heard: list[Frame] = field(default_factory=list)
    buffer: bytes = b""
    upgraded: bool = False
    closed: bool = False
    wire: ServerProtocol = field(default_factory=ServerProtocol)

    def sendall(self, data: bytes, /) -> None:
        if self.broken_pipe and self.upgraded:
            raise BrokenPipeError
        self.wire.receive_data(data)
        for event in self.wire.events_received():
            if isinstance(event, Request):
                self.wire.send_response(self.wire.accept(event))
                self.say(self.greeting)
                self.upgraded = True
            elif isinstance(event, Frame):
                self.heard.append(event)
                if event.opcode is Opcode.TEXT:
                    self.say(self.reply(json.loads(bytes(event.data))))
        self.buffer += b"".join(self.wire.data_to_send())

    def say(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            self.wire.send_frame(frame)

    def recv(self, size: int, /) -> bytes:
        data, self.buffer = self.buffer[: self.slice], self.buffer[self.slice :]
        return data

    def settimeout(self, seconds: float | None, /) -> None: ...

    def close(self) -> None:
        self.closed = True


def text(message: object, fin: bool = True) -> Frame:
    return Frame(Opcode.TEXT, json.dumps(message).encode(), fin)


def close(code: int, reason: str) -> Frame:
    return Frame(Opcode.CLOSE, Close(code, reason).serialize())


def answer(request: dict[str, Any], **fields: object) -> Frame:
    return text({"type": "res", "id": request["id"], "ok": "payload" in fields} | fields)
