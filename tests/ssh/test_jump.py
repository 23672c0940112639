"""Servers behind other servers, each of which must show its own key."""

from __future__ import annotations

from collections.abc import Iterator
from getpass import getuser

import pytest
from home import Home, new_key, shown
from server import Server

from provision.model.shell import sh


@pytest.fixture
def jump(home: Home) -> Iterator[Server]:
    with home.server().serving() as jump:
        yield jump


def jumping(home: Home, server: Server, *jumps: Server) -> None:
    hops = ",".join(f"hop{n}" for n, _ in enumerate(jumps))
    text = f"Host box\n HostName 127.0.0.1\n Port {server.port}\n ProxyJump {hops}\n"
    for n, hop in enumerate(jumps):
        text += f"Host hop{n}\n HostName 127.0.0.1\n Port {hop.port}\n User jumper\n"
    home.write_config(text)


def test_a_server_behind_another_is_reached_and_both_keys_are_asked_about(
    home: Home, server: Server, jump: Server
) -> None:
    jumping(home, server, jump)
    with home.logged_in("box") as ssh:
        assert ssh.execute(sh("echo hello")).out == "hello\n"
    assert [question[2] for question in home.asked] == [shown(jump), shown(server)]
    assert home.asked[0][0] == f"[127.0.0.1]:{jump.port}"
    assert (jump.connections, jump.streams, server.connections) == (1, 1, 1)


def test_a_jump_host_gets_the_user_and_the_keys_that_ssh_would_take(
    home: Home, server: Server, jump: Server
) -> None:
    bastion, given = new_key(home.path / "bastion"), new_key(home.path / "given")
    jump.accepted, server.accepted = [bastion.asbytes()], [given.asbytes()]
    jumping(home, server, jump)
    path = home.path / ".ssh/config"
    home.write_config(
        path.read_text().replace(" User jumper", f" IdentityFile {home.path}/bastion")
    )
    with home.logged_in("box", identity="~/given"):
        pass
    assert (jump.offered, server.offered) == ([bastion.asbytes()], [given.asbytes()])
    assert set(jump.users) == {getuser()}
    assert set(server.users) == {"root"}
    jump.accepted = [given.asbytes()]
    with home.logged_in("box", identity="~/given"):
        pass
    assert jump.offered[-1] == given.asbytes()


def test_jump_hosts_are_travelled_in_the_order_they_are_written(
    home: Home, server: Server, jump: Server
) -> None:
    with home.server().serving() as second:
        jumping(home, server, jump, second)
        with home.logged_in("box"):
            pass
    asked = [question[2] for question in home.asked]
    assert asked == [shown(jump), shown(second), shown(server)]


def test_the_key_of_a_jump_host_that_nobody_knows_is_refused(
    home: Home, server: Server, jump: Server
) -> None:
    jumping(home, server, jump)
    home.trusts = False
    for expected in ("", shown(server)):
        error = home.refused("box", host_key=expected)
        assert f"key {shown(jump)} is not known yet" in error.what
        assert error.where == f"[127.0.0.1]:{jump.port}"
        assert "--host-key" not in error.hint
    assert not jump.offered
    assert server.connections == 0


def test_the_expected_key_is_the_last_servers_and_no_jump_hosts(
    home: Home, server: Server, jump: Server
) -> None:
    jumping(home, server, jump)
    assert "not the one that was given" in home.refused("box", host_key=shown(jump)).what
    with home.logged_in("box", host_key=shown(server)):
        pass
    assert [question[2] for question in home.asked] == [shown(jump)]


def test_a_changed_key_of_a_jump_host_is_refused(home: Home, server: Server, jump: Server) -> None:
    jumping(home, server, jump)
    with home.logged_in("box"):
        pass
    jump.host_key = server.host_key
    error = home.refused("box")
    assert "HAS CHANGED" in error.what
    assert error.where == "127.0.0.1"


def test_a_jump_host_that_forbids_forwarding_or_reaches_nobody_is_told(
    home: Home, server: Server, jump: Server
) -> None:
    jumping(home, server, jump)
    jump.forwards = False
    assert "Administratively prohibited" in home.refused("box").what
    jump.forwards, server.port = True, 1
    jumping(home, server, jump)
    assert "Connect failed" in home.refused("box").what


def test_nothing_stays_open_behind_us(home: Home, server: Server, jump: Server) -> None:
    jumping(home, server, jump)
    with home.logged_in("box"):
        pass
    for visitor in (*server.visitors, *jump.visitors):
        visitor.transport.join(3)
        assert not visitor.transport.is_active()
