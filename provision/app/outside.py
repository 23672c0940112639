"""What of a server this machine really reaches, tried from here."""

from __future__ import annotations

import errno
import re
import socket
import time
from collections.abc import Container, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from provision.model.audit import Reach

PATIENCE_S = 1.5
AT_ONCE = 64
_NO_WAY = (errno.ENETUNREACH, errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
_TITLE = re.compile(r"<title>([^<]{1,60})</title>", re.IGNORECASE)


def reach(
    addresses: Iterable[str], ports: Iterable[int], speaking: Iterable[int]
) -> tuple[tuple[Reach, ...], tuple[str, ...]]:
    """The ports that take a connection, and the addresses to which there is no way from here.

    Those of `speaking` are asked for a page by http, and no other: who knows what listens there.
    """
    speaking, ways = set(speaking), [(a, p) for a in addresses for p in ports]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        tried = list(pool.map(lambda way: _try(way[0], way[1], speaking), ways))
    reached = tuple(one for one in tried if isinstance(one, Reach))
    return reached, tuple(dict.fromkeys(one for one in tried if isinstance(one, str)))


def _try(address: str, port: int, speaking: Container[int]) -> Reach | str | None:
    """What is there, the address when there is no way to it, or None."""
    try:
        with socket.create_connection((address, port), PATIENCE_S) as stream:
            return Reach(address, port, _ask(stream, address) if port in speaking else "")
    except OSError as error:
        return address if error.errno in _NO_WAY else None


def _ask(stream: socket.socket, address: str) -> str:
    """What answers to http there, in a few words; "" when nothing does."""
    said, until = b"", time.monotonic() + 2 * PATIENCE_S
    with suppress(OSError):
        stream.sendall(f"GET / HTTP/1.0\r\nHost: {address}\r\n\r\n".encode())
        while len(said) < 4096 and time.monotonic() < until and (more := stream.recv(4096)):
            said += more
    return tell_answer(said.decode(errors="replace"))


def tell_answer(text: str) -> str:
    """An answer by http in a few words, on one line; "" for one that is none."""
    if not text.startswith("HTTP/"):
        return ""
    title = _TITLE.search(text)
    status = " ".join(text.split()[1:2])
    return f"plain http {status}" + (f", {' '.join(title[1].split())}" if title else "")
