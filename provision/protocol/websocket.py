"""A WebSocket client over a Channel, bounded in size and in time.

`websockets.sync.client` wants a real socket, which a paramiko channel is not; the Sans-I/O
`ClientProtocol` wants only bytes (DESIGN.md, trap 11).
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus, PayloadTooBig
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from provision.model.transport import Channel

Clock: TypeAlias = Callable[[], float]

MESSAGE_LIMIT = 2**20  # bytes; hello-ok, the largest answer, has some 30 KiB
SHOWN_LIMIT = 200  # characters of a stranger's words that reach a terminal
DATA = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)

# At level DEBUG the library logs whole frames, and ours carry the secret.
SILENT = logging.Logger("provision.protocol", level=logging.CRITICAL)


class WebSocketError(Exception):
    """The other side did not keep the conversation up.

    `problem` is a clause without subject ("closed the connection"); `code` and `reason` are
    those of its close frame, `status` that of its HTTP answer, where there was one.
    """

    def __init__(
        self, problem: str, *, code: int | None = None, reason: str = "", status: int | None = None
    ) -> None:
        super().__init__(problem)
        self.problem, self.code, self.reason, self.status = problem, code, reason, status


class WebSocket:
    """A conversation of whole text messages that ends by `deadline`, in seconds of `clock`.

    Pings are answered while reading. Every method but `close` raises WebSocketError.
    """

    def __init__(self, channel: Channel, host: str, *, clock: Clock, deadline: float) -> None:
        self._channel, self._clock, self._deadline = channel, clock, deadline
        self._wire = ClientProtocol(
            parse_uri(f"ws://{host}/"), max_size=MESSAGE_LIMIT, logger=SILENT
        )
        self._pieces: list[bytes] = []
        self._messages: deque[bytes] = deque()
        self._first_words = b""

    def open(self) -> None:
        """The HTTP upgrade is done, or WebSocketError says what answered instead."""
        self._wire.send_request(self._wire.connect())
        self._write()
        while self._wire.state is State.CONNECTING and self._wire.handshake_exc is None:
            self._read()
        if self._wire.handshake_exc is not None:
            raise self._no_upgrade(self._wire.handshake_exc)

    def write_text(self, text: str) -> None:
        """The message is on its way; if the stream is already closed, the next read tells why."""
        if self._wire.state is State.OPEN:
            self._wire.send_text(text.encode())
        self._write()

    def read_text(self) -> str:
        """The next whole message."""
        while not self._messages:
            if self._wire.state is not State.OPEN:
                raise self._ending()
            self._read()
        try:
            return self._messages.popleft().decode()
        except UnicodeDecodeError:
            raise WebSocketError("sent a message that is not text") from None

    def read_close(self, patience: float) -> int | None:
        """The code with which the other side closes within `patience` seconds, if it does."""
        self._deadline = min(self._deadline, self._clock() + patience)
        with suppress(WebSocketError):
            while self._wire.state is State.OPEN:
                self._read()
        return self._wire.close_rcvd.code if self._wire.close_rcvd else None

    def close(self) -> None:
        """Goodbye is said if it can be, and the stream is closed."""
        with suppress(OSError, EOFError, WebSocketError):
            if self._wire.state is State.OPEN:
                self._wire.send_close(1000)
                self._write()
        with suppress(OSError, EOFError):
            self._channel.close()

    def _write(self) -> None:
        """A broken write is no news: the next read finds the reason that the other side left."""
        for data in self._wire.data_to_send():
            if not data:  # b"" asks for a half-close, which a Channel does not have
                continue
            try:
                self._channel.settimeout(self._left())
                self._channel.sendall(data)
            except TimeoutError:
                raise self._late() from None
            except (OSError, EOFError):
                return

    def _read(self) -> None:
        try:
            self._channel.settimeout(self._left())
            data = self._channel.recv(65536)
        except TimeoutError:
            raise self._late() from None
        except (OSError, EOFError):
            data = b""
        if len(self._first_words) < SHOWN_LIMIT:
            self._first_words += data[:SHOWN_LIMIT]
        if data:
            self._wire.receive_data(data)
        else:
            self._wire.receive_eof()
        self._write()
        for event in self._wire.events_received():
            self._take(event)

    def _take(self, event: object) -> None:
        if not isinstance(event, Frame) or event.opcode not in DATA:
            return
        self._pieces.append(bytes(event.data))
        if event.fin:
            self._messages.append(b"".join(self._pieces))
            self._pieces.clear()

    def _left(self) -> float:
        left = self._deadline - self._clock()
        if left <= 0:
            raise self._late()
        return left

    def _late(self) -> WebSocketError:
        if self._first_words and self._wire.state is State.CONNECTING:
            said = show(self._first_words.decode(errors="replace"))
            return WebSocketError(f"opened no WebSocket in time, it said {said!r}")
        return WebSocketError("gave no answer in time")

    def _no_upgrade(self, error: Exception) -> WebSocketError:
        if isinstance(error, InvalidStatus):
            status = error.response.status_code
            return WebSocketError(
                f"answered HTTP {status} instead of opening a WebSocket", status=status
            )
        if not self._first_words:
            return WebSocketError("closed the connection without a word")
        said = show(self._first_words.decode(errors="replace"))
        return WebSocketError(f"opened no WebSocket, it said {said!r}")

    def _ending(self) -> WebSocketError:
        close = self._wire.close_rcvd
        if close is not None:
            reason = show(close.reason)
            told = f"{close.code}: {reason}" if reason else str(close.code)
            return WebSocketError(f"closed the connection ({told})", code=close.code, reason=reason)
        error = self._wire.parser_exc
        if isinstance(error, PayloadTooBig):
            return WebSocketError(f"sent a message of more than {MESSAGE_LIMIT // 1024} KiB")
        if error is not None and not isinstance(error, EOFError):
            return WebSocketError(f"broke the WebSocket protocol: {show(str(error))}")
        return WebSocketError("closed the connection")


def show(text: str) -> str:
    """A stranger's words, on one line, without control characters, at most 200 characters."""
    line = "".join(c if c.isprintable() else " " for c in text[: 4 * SHOWN_LIMIT])
    return " ".join(line.split())[:SHOWN_LIMIT]
