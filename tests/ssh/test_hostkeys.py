"""Who the server is: asked once, pinned, and never taken on trust again."""

from __future__ import annotations

from pathlib import Path

import paramiko
import pytest
from home import Home, shown
from server import Server

from provision.errors import Exit
from provision.model.shell import sh


def line(server: Server, name: str = "") -> str:
    key = server.host_key
    return f"{name or f'[127.0.0.1]:{server.port}'} {key.get_name()} {key.get_base64()}\n"


def other(server: Server) -> str:
    """A line that says the server has another key than it has."""
    key = paramiko.ECDSAKey.generate()
    return f"[127.0.0.1]:{server.port} {key.get_name()} {key.get_base64()}\n"


def test_a_new_key_that_nobody_accepts_is_refused_before_we_say_who_we_are(
    home: Home, server: Server
) -> None:
    home.trusts = False
    error = home.refused(server)
    assert shown(server) in error.what
    assert f"--host-key {shown(server)}" in error.hint
    assert error.exit == Exit.CONNECTION
    assert not server.offered
    assert not home.pinned.exists()


def test_a_key_is_asked_about_once_and_then_pinned(home: Home, server: Server) -> None:
    for _ in range(2):
        with home.logged_in(server) as ssh:
            assert ssh.host_key == f"ecdsa-sha2-nistp256 {shown(server)}"
    question = (f"[127.0.0.1]:{server.port}", "ecdsa-sha2-nistp256", shown(server))
    assert home.asked == [question]
    assert home.pinned.read_text() == line(server)
    assert home.pinned.stat().st_mode & 0o777 == 0o600
    assert home.pinned.parent.stat().st_mode & 0o777 == 0o700


def test_an_ipv6_address_is_known_as_ssh_writes_it(home: Home) -> None:
    six = home.server()
    six.address = "::1"
    with six.serving() as server:
        for _ in range(2):
            with home.logged_in(server) as ssh:
                assert ssh.execute(sh("echo $((6 * 7))")).out == "42\n"
    assert home.asked == [(f"[::1]:{server.port}", "ecdsa-sha2-nistp256", shown(server))]
    assert home.pinned.read_text() == line(server, f"[::1]:{server.port}")


@pytest.mark.parametrize("form", ["fingerprint", "bare", "key", "key with comment"])
def test_the_expected_key_is_accepted_in_every_form_without_a_question(
    home: Home, server: Server, form: str
) -> None:
    key = f"{server.host_key.get_name()} {server.host_key.get_base64()}"
    forms = {
        "fingerprint": shown(server),
        "bare": shown(server).removeprefix("SHA256:"),
        "key": key,
        "key with comment": f"  {key} root@box",
    }
    with home.logged_in(server, host_key=forms[form]):
        pass
    assert not home.asked
    assert home.pinned.read_text() == line(server)


@pytest.mark.parametrize("expected", ["SHA256:" + "A" * 43, "ssh-ed25519 AAAA", "nonsense"])
def test_another_key_than_the_expected_one_is_refused(
    home: Home, server: Server, expected: str
) -> None:
    home.known_hosts.write_text(line(server))
    error = home.refused(server, host_key=expected)
    assert f"key is {shown(server)}, not the one that was given" in error.what
    assert not server.offered
    assert not home.pinned.exists()


def test_a_changed_key_is_refused_with_both_fingerprints(home: Home, server: Server) -> None:
    with home.logged_in(server):
        pass
    before, server.host_key = shown(server), paramiko.ECDSAKey.generate()
    home.asked.clear()
    error = home.refused(server)
    assert "HAS CHANGED" in error.what
    assert before in error.what
    assert shown(server) in error.what
    assert f"--host-key {shown(server)}" in error.hint
    assert not home.asked
    with home.logged_in(server, host_key=shown(server)):
        pass
    assert home.pinned.read_text() == line(server)


def test_a_key_of_another_kind_than_the_pinned_one_is_a_changed_key(
    home: Home, server: Server
) -> None:
    home.pinned.parent.mkdir(parents=True)
    home.pinned.write_text(
        f"[127.0.0.1]:{server.port} {home.key.get_name()} {home.key.get_base64()}\n"
    )
    assert "HAS CHANGED" in home.refused(server).what


def test_other_pins_stay_when_one_is_added_or_replaced(home: Home, server: Server) -> None:
    home.pinned.parent.mkdir(parents=True)
    others = b"# mine\nbox ssh-ed25519 AAAA\n\xff\xfe\n"
    home.pinned.write_bytes(others + other(server).encode())
    with home.logged_in(server, host_key=shown(server)):
        pass
    assert home.pinned.read_bytes() == others + line(server).encode()


def hashed(server: Server) -> str:
    return line(server, paramiko.HostKeys.hash_host(f"[127.0.0.1]:{server.port}"))


@pytest.mark.parametrize("form", ["plain", "hashed", "list", "pattern", "tabs", "spaces"])
def test_the_users_own_known_hosts_is_honoured(home: Home, server: Server, form: str) -> None:
    name = f"[127.0.0.1]:{server.port}"
    lines = {
        "plain": line(server),
        "hashed": hashed(server),
        "list": line(server, f"box,{name},10.0.0.1"),
        "pattern": line(server, f"[127.0.*]:{server.port}"),
        "tabs": line(server).replace(" ", "\t"),
        "spaces": "  " + line(server).replace(" ", "   "),
    }
    home.known_hosts.write_text(lines[form])
    home.trusts = False
    with home.logged_in(server):
        pass
    assert not home.asked


NAME_ALONE = "127.0.0.1 ssh-ed25519 AAAA"


def test_whatever_else_stands_in_known_hosts_is_passed_over(home: Home, server: Server) -> None:
    name = f"[127.0.0.1]:{server.port}"
    sk = "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIKvX"
    home.known_hosts.write_bytes(
        b"\n".join(
            [
                b"# a comment",
                b"",
                b"\xff\xfe\x00not utf-8 \xe9",
                f"{name}".encode(),
                f"{name} ssh-ed25519".encode(),
                f"{name} ssh-ed25519 !!!not-base64!!!".encode(),
                f"{name} ssh-ed25519 AAAA".encode(),
                f"{name} ssh-rsa AAAAB3NzaC1yc2EAAAAB".encode(),
                f"{name} sk-ssh-ed25519@openssh.com {sk}".encode(),
                f"{name} unheard-of AAAA".encode(),
                b"|1|bad|hash ssh-ed25519 AAAA",
                b"|1| ssh-ed25519 AAAA",
                b"|1|" + b"QUJD|QUJD ssh-ed25519 AAAA",
                f"!{name},* ssh-ed25519 {home.key.get_base64()}".encode(),
                f"@cert-authority * ssh-ed25519 {home.key.get_base64()}".encode(),
                f"@strange {name} ssh-ed25519 {home.key.get_base64()}".encode(),
                b"[*]:*",
            ]
        )
    )
    home.trusts = False
    error = home.refused(server)
    assert "is not known yet" in error.what
    assert "certificate" in error.hint
    with home.known_hosts.open("a") as file:
        file.write("\n" + line(server))
    with home.logged_in(server):
        pass


def test_a_key_that_is_another_ports_is_not_this_servers(home: Home, server: Server) -> None:
    home.known_hosts.write_text(line(server, "127.0.0.1") + line(server, "[127.0.0.1]:1"))
    home.trusts = False
    assert "is not known yet" in home.refused(server).what


def test_a_revoked_key_is_refused_whoever_vouches_for_it(home: Home, server: Server) -> None:
    home.known_hosts.write_text(line(server) + f"@revoked * {line(server).split(' ', 1)[1]}")
    for expected in ("", shown(server)):
        assert "is revoked" in home.refused(server, host_key=expected).what
    assert not home.asked


def test_a_known_hosts_that_cannot_be_read_is_none(home: Home, server: Server) -> None:
    home.known_hosts.mkdir()
    with home.logged_in(server):
        pass
    assert len(home.asked) == 1


def test_a_pin_that_cannot_be_written_is_told(home: Home, server: Server) -> None:
    home.pinned.parent.parent.mkdir()
    home.pinned.parent.write_text("a file where a folder should be")
    error = home.refused(server)
    assert "cannot keep the server's key" in error.what
    assert error.where == str(home.pinned)
    assert Path(error.where).name in error.where
