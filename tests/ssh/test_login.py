"""Who we are: keys from everywhere, and a reason when none is accepted."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from home import Home, new_hardware_key, new_key
from server import Server

needs_agent = pytest.mark.skipif(not shutil.which("ssh-agent"), reason="there is no ssh-agent here")


@contextlib.contextmanager
def agent(home: Home, *keys: Path) -> Iterator[str]:
    """An ssh-agent that holds these keys, known to this process for the length of the block."""
    sock = f"/tmp/clawprov-agent-{os.getpid()}"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", sock], stdout=subprocess.DEVNULL)
    try:
        while not Path(sock).exists():
            pass
        os.environ["SSH_AUTH_SOCK"] = sock
        for key in keys:
            subprocess.run(["ssh-add", "-q", key], check=True, timeout=10, capture_output=True)
        yield sock
    finally:
        del os.environ["SSH_AUTH_SOCK"]
        process.terminate()
        process.wait()
        Path(sock).unlink(missing_ok=True)


def test_the_key_in_the_usual_place_is_offered_first_and_alone(home: Home, server: Server) -> None:
    with home.logged_in(server) as ssh:
        assert ssh.user == "root"
    assert server.offered == [home.key.asbytes()]


def test_the_given_key_alone_is_offered(home: Home, server: Server) -> None:
    key = new_key(home.path / "deploy")
    server.accepted.append(key.asbytes())
    with home.logged_in(server, identity="~/deploy"):
        pass
    assert server.offered == [key.asbytes()]


def test_a_key_in_hardware_is_left_to_the_agent(home: Home, server: Server) -> None:
    new_hardware_key(home.path / ".ssh/id_ed25519_sk")
    error = home.refused(server, identity="~/.ssh/id_ed25519_sk")
    assert "keys of this kind work through ssh-agent alone" in "\n".join((error.what, *error.log))
    assert server.offered == []


def test_a_server_that_knows_none_of_our_keys_says_which_were_tried(
    home: Home, server: Server
) -> None:
    server.accepted = []
    error = home.refused(server, user="alice")
    assert error.what == "it accepts none of your keys for alice"
    assert error.where == "127.0.0.1"
    assert "ssh-copy-id" in error.hint
    assert error.log[0].startswith(f"{home.path}/.ssh/id_ed25519 SHA256:")
    assert error.log[0].endswith(": refused")


def test_a_given_key_that_the_server_does_not_know_is_refused(home: Home, server: Server) -> None:
    new_key(home.path / "stranger")
    error = home.refused(server, identity=str(home.path / "stranger"))
    assert "accepts none of your keys for root" in error.what
    assert len(server.offered) == 1


@pytest.mark.parametrize(
    ("make", "told", "next_step"),
    [
        ("", "it is not there", "name another with -i FILE"),
        ("mkdir K; chmod 700 K", "is a directory", "ls -l"),
        ("echo hello >K; chmod 600 K", "it is no private key", "-i FILE"),
        (": >K; chmod 600 K", "it is no private key", "-i FILE"),
        ("printf '\\377\\376' >K; chmod 600 K", "it is no private key", "-i FILE"),
        ("cp .ssh/id_ed25519 K; chmod 644 K", "others can read it, mode 644", "chmod 600"),
        ("sed '$d' .ssh/id_ed25519 >K; chmod 600 K", "it is no private key", "-i FILE"),
    ],
)
def test_a_key_file_that_is_no_use_is_told_before_a_connection_is_made(
    home: Home, server: Server, make: str, told: str, next_step: str
) -> None:
    path = home.path / "K"
    subprocess.run(["sh", "-c", make], cwd=home.path, check=True)
    error = home.refused(server, identity=str(path))
    assert error.what == f"cannot use this private key: {told}"
    assert error.where == str(path)
    assert next_step in error.hint
    assert server.connections == 0


def test_a_key_with_a_passphrase_asks_for_the_agent(home: Home, server: Server) -> None:
    path = home.path / "locked"
    server.accepted.append(new_key(path, b"horse").asbytes())
    error = home.refused(server, identity=str(path))
    assert error.what == "none of your private keys can be used"
    assert error.hint == f"ssh-add {path}"
    Path(f"{path}.pub").unlink()
    error = home.refused(server, identity=str(path))
    assert error.what.endswith("it has a passphrase, and ssh-agent does not hold it")
    assert error.hint == f"ssh-add {path}"


@needs_agent
def test_a_key_with_a_passphrase_that_the_agent_holds_is_offered_at_once(
    home: Home, server: Server
) -> None:
    path, others = home.path / "locked", [home.path / f"other-{n}" for n in range(8)]
    key = new_key(path)
    for other in others:
        new_key(other)
    server.accepted = [key.asbytes()]
    with agent(home, *others, path):
        subprocess.run(["ssh-keygen", "-q", "-p", "-N", "horse", "-f", path], check=True)
        for identity in (path, f"{path}.pub"):
            server.offered.clear()
            with home.logged_in(server, identity=str(identity)):
                pass
            assert server.offered == [key.asbytes()]


@needs_agent
@pytest.mark.parametrize("said", ['"{}"', "$ANOTHER_SOCK"])
def test_the_agent_that_ssh_config_names_is_asked(
    home: Home, server: Server, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    usual = home.path / ".ssh/id_ed25519"
    server.accepted = [new_key(home.path / "hidden").asbytes()]
    with agent(home, home.path / "hidden") as sock:
        usual.unlink()
        monkeypatch.setenv("ANOTHER_SOCK", sock)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(home.path / "none"))
        home.write_config(f"Host *\n IdentityAgent {said.format(sock)}\n")
        with home.logged_in(server):
            pass
        home.write_config("Host *\n IdentityAgent none\n")
        monkeypatch.setenv("SSH_AUTH_SOCK", sock)
        assert home.refused(server).what == "you have no private key"
    home.write_config("Host *\n IdentityAgent ~/gone.sock\n")
    error = home.refused(server)
    assert error.log == (f"{home.path}/gone.sock: no such file or directory",)


@needs_agent
def test_the_agents_keys_come_after_the_files_and_none_twice(home: Home, server: Server) -> None:
    usual = home.path / ".ssh" / "id_ed25519"
    key = new_key(home.path / "hidden")
    server.accepted = [key.asbytes()]
    with agent(home, usual, home.path / "hidden"), home.logged_in(server):
        pass
    assert server.offered == [home.key.asbytes(), key.asbytes()]


@needs_agent
def test_a_server_that_has_seen_too_many_keys_hangs_up_and_we_say_what_to_do(
    home: Home, server: Server
) -> None:
    server.accepted = []
    keys = [home.path / f"key-{n}" for n in range(8)]
    for path in keys:
        new_key(path)
    with agent(home, *keys):
        error = home.refused(server)
    assert error.what == "it hung up on us after 6 keys"
    assert error.hint == "name the right key with -i FILE"


def test_an_agent_that_is_gone_is_no_trouble(
    home: Home, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", str(home.path / "nobody"))
    with home.logged_in(server):
        pass


def test_a_server_that_takes_passwords_only_is_told(home: Home, server: Server) -> None:
    server.methods = "password"
    error = home.refused(server)
    assert error.what == "it takes no keys, only password"
    assert "PubkeyAuthentication" in error.hint


def test_a_server_that_wants_a_second_factor_is_told(home: Home, server: Server) -> None:
    server.methods = "publickey,password"
    assert home.refused(server).what == "it wants publickey or password besides a key"


def test_a_person_without_any_key_is_told_how_to_make_one(home: Home, server: Server) -> None:
    (home.path / ".ssh" / "id_ed25519").unlink()
    error = home.refused(server)
    assert error.what == "you have no private key"
    assert error.hint == "ssh-keygen -t ed25519; ssh-copy-id root@127.0.0.1"


def test_unusable_keys_in_the_usual_places_do_not_stand_in_the_way(
    home: Home, server: Server
) -> None:
    new_key(home.path / ".ssh" / "id_ecdsa", b"horse")
    (home.path / ".ssh" / "id_rsa").write_text("garbage")
    (home.path / ".ssh" / "id_ed25519").chmod(0o644)
    error = home.refused(server)
    assert error.what == "none of your private keys can be used"
    assert [entry.rpartition(": ")[2] for entry in error.log] == [
        "others can read it, mode 644",
        "it has a passphrase, and ssh-agent does not hold it",
        "others can read it, mode 644",
    ]
    (home.path / ".ssh" / "id_ed25519").chmod(0o600)
    with home.logged_in(server):
        pass
