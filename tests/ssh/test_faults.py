"""What a person sees at the terminal when the network or the server does not play along."""

from __future__ import annotations

import errno
import json
import os
import re
import socket
import subprocess
import sys
import time

import pytest
from gateway import Stranger
from home import Home
from paramiko.ssh_exception import NoValidConnectionsError
from server import Server

from provision.errors import Exit
from provision.transport.failures import explain

MAIN = "import sys; from provision.cli import main; sys.exit(main())"


def clawprov(*words: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, in the home of this test."""
    return subprocess.run(
        [sys.executable, "-c", MAIN, *words],
        env=os.environ,
        text=True,
        capture_output=True,
        timeout=20,
        stdin=subprocess.DEVNULL,
    )


def told(*words: str, within: float = 5) -> str:
    """The sentence that a verb ends with: one error, one next step, nothing of a traceback."""
    started = time.monotonic()
    ended = clawprov(*words)
    assert time.monotonic() - started < within
    assert ended.returncode == Exit.CONNECTION, ended.stderr
    assert ended.stdout == ""
    error = ended.stderr[ended.stderr.index("error:") :]
    assert not re.search(r"Traceback|Exception|paramiko|  File ", ended.stderr), ended.stderr
    assert re.fullmatch(r"error: \S+: [^\n]+\n(  \| [^\n]*\n)*  next: [^\n]+\n", error), error
    return error


def test_a_port_that_refuses(home: Home) -> None:
    error = told("plan", "root@127.0.0.1:1")
    assert "port 1: nothing listens there, or a firewall refuses\n" in error


def test_an_address_that_no_way_leads_to() -> None:
    nowhere = OSError(errno.EHOSTUNREACH, "No route to host")
    error = explain(NoValidConnectionsError({("192.0.2.1", 22): nowhere}), "a", "192.0.2.1", 22, 1)
    assert error.what == "it cannot be reached on port 22: no route to host"


def test_a_name_that_is_nobodys(home: Home) -> None:
    assert "there is no host nobody.invalid" in told("plan", "nobody.invalid", within=15)


def test_a_listener_that_accepts_and_says_nothing(home: Home) -> None:
    home.write_config("ConnectTimeout 1\n")
    with home.server("mute").serving() as server:
        error = told("plan", f"127.0.0.1:{server.port}")
    assert "does not answer as an SSH server" in error


@pytest.mark.parametrize(
    "words", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00\xff" * 90_000, b"SSH-1.5-old\r\n", b""]
)
def test_a_listener_that_speaks_something_else(home: Home, words: bytes) -> None:
    home.write_config("ConnectTimeout 1\n")
    with Stranger(words).serving() as stranger:
        error = told("plan", f"127.0.0.1:{stranger.port}")
    assert f"port {stranger.port}" in error


def test_an_address_that_never_answers(home: Home) -> None:
    home.write_config("ConnectTimeout 1\n")
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        error = told("plan", f"127.0.0.1:{port}")
        for one in waiting:
            one.close()
    assert "no answer within 1 s" in error


def test_a_server_that_is_new_without_anybody_to_ask(home: Home, server: Server) -> None:
    assert "next: compare it" in told("plan", f"127.0.0.1:{server.port}")


def known(home: Home, server: Server) -> str:
    key = server.host_key
    home.known_hosts.write_text(f"[127.0.0.1]:{server.port} {key.get_name()} {key.get_base64()}\n")
    return f"127.0.0.1:{server.port}"


def test_a_server_that_knows_none_of_our_keys(home: Home, server: Server) -> None:
    server.accepted = []
    assert "accepts none of your keys for root" in told("plan", known(home, server))


@pytest.mark.parametrize("verb", ["plan", "up", "verify"])
def test_a_connection_that_is_cut_in_the_middle(home: Home, verb: str) -> None:
    with home.server("cut output", at=10).serving() as server:
        assert "the connection was lost" in told(verb, known(home, server))


@pytest.mark.parametrize("fault", ["cut upload", "no exec"])
def test_a_server_that_breaks_off(home: Home, fault: str) -> None:
    home.write_config("ConnectTimeout 1\n")
    with home.server(fault, at=1).serving() as server:  # type: ignore[arg-type]
        error = told("plan", known(home, server))
    assert "run the same command again" in error


def test_a_host_behind_a_jump_host_that_is_away(home: Home, server: Server) -> None:
    home.write_config("Host box\n HostName 10.0.0.1\n ProxyJump 127.0.0.1:1\n")
    assert "127.0.0.1: it cannot be reached on port 1" in told("plan", "box")


def test_the_same_as_json(home: Home) -> None:
    ended = clawprov("plan", "127.0.0.1:1", "--json")
    assert json.loads(ended.stdout)["exit"] == ended.returncode == Exit.CONNECTION
