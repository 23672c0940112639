"""The way to a server as the user's ssh config describes it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from home import Home, new_key
from server import Server

from provision.model.shell import sh
from provision.transport.sshconfig import read_ssh_config


def test_an_alias_brings_address_port_user_and_key(home: Home, server: Server) -> None:
    key = new_key(home.path / "deploy")
    server.accepted = [key.asbytes()]
    home.write_config(
        f"Host box\n HostName 127.0.0.1\n Port {server.port}\n User alice\n"
        " IdentityFile ~/missing\n IdentityFile ~/deploy\n ForwardAgent $SSH_AUTH_SOCK\n"
        "Host *\n User nobody\n"
    )
    with home.logged_in("box", user="") as ssh:
        assert ssh.user == "alice"
    assert server.offered == [key.asbytes()]


def test_without_a_word_about_the_user_it_is_root(home: Home, server: Server) -> None:
    with home.logged_in(server, user="") as ssh:
        assert ssh.user == "root"


def test_what_is_said_on_the_command_line_goes_before_ssh_config(
    home: Home, server: Server
) -> None:
    home.write_config("Host 127.0.0.1\n Port 1\n User nobody\n IdentityFile ~/missing\n")
    with home.logged_in(server, identity="~/.ssh/id_ed25519") as ssh:
        assert ssh.user == "root"


def test_included_files_count_and_end_with_themselves(home: Home, server: Server) -> None:
    folder = home.path / ".ssh" / "config.d"
    folder.mkdir()
    (folder / "box.conf").write_text("Host box\n HostName 127.0.0.1\n Include port\n User bob\n")
    (home.path / ".ssh" / "port").write_text(f"Port {server.port}\nHost none\n")
    home.write_config('Include "config.d/*.conf" nowhere\nUser alice\n')
    with home.logged_in("box", user="") as ssh:
        assert ssh.user == "bob"
    assert read_ssh_config(Path("~/.ssh/config")).lookup("other")["user"] == "alice"


def test_a_file_that_includes_itself_ends(home: Home) -> None:
    home.write_config("Include config\nUser alice\n")
    assert read_ssh_config(Path("~/.ssh/config")).lookup("x")["user"] == "alice"


def test_what_paramiko_cannot_decide_never_applies(home: Home, server: Server) -> None:
    home.write_config(
        "Match tagged x\n Port 1\nMatch host 127.0.0.1 !localnetwork 10.0.0.0/8\n Port 2\n"
    )
    with home.logged_in(server):
        pass


def test_a_command_in_a_match_runs_and_only_as_often_as_needed(
    home: Home, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = home.path / "ran"
    home.write_config(f'Match host 127.0.0.1 exec "echo x >>{ran}"\n User alice\n')
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        with home.logged_in(server, user="") as ssh:
            assert ssh.user == "alice"
    assert len(ran.read_text().split()) == 2  # Paramiko looks twice, OpenSSH does so too


@pytest.mark.parametrize("text", ["HostName\n", "Host 'box\n", "\x00\n"])
def test_a_config_that_cannot_be_understood_is_told(home: Home, server: Server, text: str) -> None:
    home.write_config(text)
    error = home.refused(server)
    assert error.where == str(home.path / ".ssh" / "config")
    assert "cannot understand it" in error.what


def test_files_of_fabric_and_invoke_are_neither_run_nor_read(home: Home, server: Server) -> None:
    for name in (".fabric", ".invoke"):
        (home.path / f"{name}.py").write_text("raise SystemExit('it was run')\n")
        (home.path / f"{name}.yaml").write_text("user: eve\nport: 1\ngateway: eve\n")
    home.write_config("Host box\n HostName 127.0.0.1\n ProxyJump 127.0.0.1:1\n")
    with home.logged_in(server, user="") as ssh:
        assert ssh.user == "root"


def test_a_way_that_leads_through_itself_is_the_direct_one(home: Home, server: Server) -> None:
    home.write_config(f"Host *\n HostName 127.0.0.1\n Port {server.port}\n ProxyJump box\n")
    for word in ("box", "other"):
        with home.logged_in(word):
            pass


@pytest.mark.parametrize("none", ["ProxyJump none", "ProxyCommand none", "ProxyJump NONE"])
def test_a_host_can_be_taken_out_of_the_way_of_others(
    home: Home, server: Server, none: str
) -> None:
    home.write_config(
        f"Host box\n {none}\n HostName 127.0.0.1\n Port {server.port}\n"
        f"Host *\n {none.split()[0]} nowhere.invalid\n"
    )
    with home.logged_in("box"):
        pass


RELAY = """
import os, socket, sys, threading
peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
def there():
    while data := os.read(0, 65536): peer.sendall(data)
threading.Thread(target=there, daemon=True).start()
while data := peer.recv(65536): os.write(1, data)
"""


def test_a_proxy_command_is_the_way(home: Home, server: Server) -> None:
    relay = home.path / "relay.py"
    relay.write_text(RELAY)
    home.write_config(
        f"Host box\n HostName far.invalid\n Port {server.port}\n"
        f" ProxyCommand {sys.executable} {relay} %p\n"
    )
    with home.logged_in("box") as ssh:
        assert ssh.execute(sh("seq 20000")).out.endswith("\n20000\n")
    assert home.asked[0][0] == f"[far.invalid]:{server.port}"


@pytest.mark.parametrize("command", ["false", "/nowhere/at-all %h", "echo no ssh here"])
def test_a_proxy_command_that_fails_is_told(home: Home, command: str) -> None:
    home.write_config(f"Host box\n ProxyCommand {command}\n")
    error = home.refused("box", patience=1)
    assert error.hint


def test_a_host_key_alias_is_the_name_in_known_hosts(home: Home, server: Server) -> None:
    key = server.host_key
    home.known_hosts.write_text(f"the-box {key.get_name()} {key.get_base64()}\n")
    home.write_config(
        f"Host box\n HostName 127.0.0.1\n Port {server.port}\n HostKeyAlias the-box\n"
    )
    home.trusts = False
    with home.logged_in("box"):
        pass
