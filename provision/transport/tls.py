"""TLS over any stream of bytes, verified as a browser of this machine would verify it."""

from __future__ import annotations

import ssl
from contextlib import suppress

from provision.model.transport import Channel

SIZE = 65536


class Tls:
    """A channel within another one, to whoever has a certificate for `name`.

    The system's own store says whom to trust. Raises what the channel below raises, and
    ssl.SSLCertVerificationError (an OSError) for a certificate that is not good.
    """

    def __init__(self, channel: Channel, name: str) -> None:
        self._channel = channel
        self._came, self._goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context()
        self._tls = context.wrap_bio(self._came, self._goes, server_hostname=name)
        self._shake_hands()

    def _shake_hands(self) -> None:
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
                self._fill()
            else:
                self._flush()
                return

    def sendall(self, data: bytes, /) -> None:
        self._tls.write(data)
        self._flush()

    def recv(self, size: int, /) -> bytes:
        while True:
            try:
                return self._tls.read(size)
            except ssl.SSLWantReadError:
                self._flush()
                self._fill()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    def settimeout(self, seconds: float | None, /) -> None:
        self._channel.settimeout(seconds)

    def close(self) -> None:
        with suppress(ssl.SSLError, OSError, EOFError):
            self._tls.unwrap()
        with suppress(OSError, EOFError):
            self._flush()
        self._channel.close()

    def _flush(self) -> None:
        if data := self._goes.read():
            self._channel.sendall(data)

    def _fill(self) -> None:
        if data := self._channel.recv(SIZE):
            self._came.write(data)
        else:
            self._came.write_eof()
