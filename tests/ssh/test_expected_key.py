"""The key that a person says the server must have, of the several that it may have."""

from __future__ import annotations

from typing import Any

import paramiko
import pytest
from home import Home, shown
from server import Server

from provision.cli.options import Options, find_host
from provision.errors import UsageError
from provision.transport.hostkeys import fingerprint


def plain(key: paramiko.PKey) -> str:
    return f"{key.get_name()} {key.get_base64()}"


@pytest.mark.parametrize("kind", ["rsa", "p384", "p256"])
def test_of_several_keys_the_server_is_asked_for_the_kind_that_is_expected(
    home: Home, server: Server, kind: str
) -> None:
    rsa, p384 = paramiko.RSAKey.generate(2048), paramiko.ECDSAKey.generate(bits=384)
    server.more_keys = [rsa, p384]
    expected = {"rsa": rsa, "p384": p384, "p256": server.host_key}[kind]
    for given in (plain(expected), ""):  # pinned, it is asked for again
        with home.logged_in(server, host_key=given) as ssh:
            assert ssh.host_key == f"{expected.get_name()} {fingerprint(expected)}"
    assert home.pinned.read_text() == f"[127.0.0.1]:{server.port} {plain(expected)}\n"
    assert not home.asked


def test_an_expected_key_that_is_revoked_is_refused_also_when_it_is_given_whole(
    home: Home, server: Server
) -> None:
    home.known_hosts.write_text(f"@revoked * {plain(server.host_key)}\n")
    assert "is revoked" in home.refused(server, host_key=plain(server.host_key)).what


def test_a_fingerprint_of_another_kind_of_key_is_thought_of_before_an_attack(
    home: Home, server: Server
) -> None:
    server.more_keys = [paramiko.ECDSAKey.generate(bits=384)]
    error = home.refused(server, host_key=fingerprint(server.more_keys[0]))
    assert error.what.startswith(f"the server's ecdsa-sha2-nistp256 key is {shown(server)}, not")
    innocent, _, danger = error.hint.partition("; if not, ")
    assert "may have keys of several types" in innocent
    assert "this is its ecdsa-sha2-nistp256 key" in innocent
    assert 'as "TYPE BASE64"' in innocent
    assert danger.startswith("do not go on")


def test_another_key_of_the_expected_kind_has_no_innocent_reason(
    home: Home, server: Server
) -> None:
    same = home.refused(server, host_key=plain(paramiko.ECDSAKey.generate()))
    assert same.hint.startswith("compare this one")
    assert "several types" not in same.hint
    lacking = home.refused(server, host_key=plain(home.key))
    assert lacking.hint.startswith("it has no ssh-ed25519 key; compare this one")
    assert not home.pinned.exists()


@pytest.mark.parametrize("form", ["padded", "bare line", "with spaces"])
def test_a_key_on_the_command_line_is_read_as_in_an_inventory(
    home: Home, server: Server, form: str
) -> None:
    typed = {
        "padded": f"{shown(server)}=",
        "bare line": f"{plain(server.host_key)} root@box",
        "with spaces": f" {shown(server)} ",
    }
    with home.logged_in(server, host_key=find_host("192.0.2.1", options(typed[form])).host_key):
        pass
    assert not home.asked


def test_a_key_on_the_command_line_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="expected a host key"):
        find_host("192.0.2.1", options("SHA256:short"))


def options(host_key: str) -> Options:
    none: dict[str, Any] = dict.fromkeys(Options.__dataclass_fields__)
    return Options(**none | {"host_key": host_key})
