"""What is reached from here, on real sockets."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from threading import Thread

import pytest

from provision.app.outside import reach
from provision.model.audit import Reach

PAGE = b"HTTP/1.1 200 OK\r\n\r\n<html><title>Clawdbot Control</title>"


@pytest.fixture
def port() -> Iterator[int]:
    """A port that says a page to whoever says something."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    stream, _ = server.accept()
                except OSError:
                    return
                with stream:
                    if stream.recv(1):
                        stream.sendall(PAGE)

        Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def free() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_what_answers_is_told_with_its_page(port: int) -> None:
    found, no_way = reach(["127.0.0.1"], [port, free()], [port])
    assert (found, no_way) == ((Reach("127.0.0.1", port, "plain http 200, Clawdbot Control"),), ())


def test_a_port_that_may_be_anything_is_sent_nothing(port: int) -> None:
    assert reach(["127.0.0.1"], [port], []) == ((Reach("127.0.0.1", port, ""),), ())


def test_an_address_that_cannot_be_reached_spoils_nothing(port: int) -> None:
    found, _ = reach(["fe80::7", "127.0.0.1", "no such name.invalid"], [port], [])
    assert [one.address for one in found] == ["127.0.0.1"]


def test_nothing_to_try_is_nothing_reached() -> None:
    assert reach([], [1], []) == ((), ())
