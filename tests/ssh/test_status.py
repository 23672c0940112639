"""`status`: several real connections at once, none of which holds up another."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from home import Home
from server import Server

from provision.app.status import State, status
from provision.errors import ProvisionError
from provision.model.report import Report
from provision.model.spec import Host


@pytest.fixture
def servers(home: Home) -> Iterator[list[Server]]:
    with ExitStack() as stack:
        yield [stack.enter_context(home.server().serving()) for _ in range(3)]


def known(home: Home, servers: list[Server]) -> list[Host]:
    """Hosts whose keys the home knows."""
    keys = [(server.port, server.host_key) for server in servers]
    lines = (f"[127.0.0.1]:{p} {key.get_name()} {key.get_base64()}\n" for p, key in keys)
    home.known_hosts.write_text("".join(lines))
    return [Host(f"vps{n}", "127.0.0.1", port, "root") for n, (port, _) in enumerate(keys, 1)]


def told(state: State) -> str:
    assert isinstance(state.found, ProvisionError)
    return state.found.what


def test_hosts_are_looked_at_together_with_one_exec_each(home: Home, servers: list[Server]) -> None:
    states = status(known(home, servers))
    assert [state.host.name for state in states] == ["vps1", "vps2", "vps3"]
    assert all(isinstance(state.found, Report) for state in states), states
    assert [(s.connections, len(s.execs)) for s in servers] == [(1, 1)] * 3


def test_a_host_that_cannot_be_reached_is_an_answer_like_the_others(
    home: Home, servers: list[Server]
) -> None:
    first, second, _ = known(home, servers)
    home.write_config("Host 127.0.0.2\n ConnectTimeout 1\n")
    with socket.socket() as full:
        full.bind(("127.0.0.2", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        silent = replace(second, address="127.0.0.2", port=full.getsockname()[1])
        states = status([silent, first, replace(second, port=1)])
        for one in waiting:
            one.close()
    assert "no answer" in told(states[0])
    assert isinstance(states[1].found, Report)
    assert "cannot be reached on port 1" in told(states[2])
    documents = [json.loads(json.dumps(state.to_dict())) for state in states]
    assert [(d["host"], d["ok"], d.get("exit")) for d in documents] == [
        ("vps2", False, 4),
        ("vps1", False, None),
        ("vps2", False, 4),
    ]


def test_nobody_is_asked_about_a_key_that_is_not_known(home: Home, servers: list[Server]) -> None:
    [first, *_] = known(home, servers)
    home.known_hosts.unlink()
    assert "is not known yet" in told(status([first])[0])


def test_a_host_that_hangs_is_given_up(home: Home, servers: list[Server]) -> None:
    first, second, _ = known(home, servers)
    servers[0].fault = "mute"
    started = time.monotonic()
    states = status([first, second], limit_s=8)
    assert isinstance(states[1].found, Report)
    assert told(states[0])
    assert time.monotonic() - started < 12
    servers[0].released.set()
