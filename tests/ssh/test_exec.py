"""The gateway's own command line through the real OpenSSH client, and what is told before it."""

from __future__ import annotations

import subprocess

import pytest
from home import Home, shown
from server import Server
from test_faults import clawprov, told

from provision.errors import Exit


@pytest.fixture
def gateway(home: Home, server: Server) -> Server:
    """A server with a CLI that repeats what it is told, a word a line, and exits with 7."""
    cli = home.path / "bin" / "clawdbot"
    cli.parent.mkdir()
    cli.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"; exit 7\n")
    cli.chmod(0o755)
    server.path = f"{cli.parent}:{server.path}"
    return server


def typed(home: Home, server: Server, *words: str) -> subprocess.CompletedProcess[str]:
    """`clawprov exec` with the key and the host key that the server wants."""
    key = f"{home.path}/.ssh/id_ed25519"
    return clawprov(
        "exec", "-i", key, "--host-key", shown(server), f"127.0.0.1:{server.port}", *words
    )


def test_what_follows_the_host_is_the_gateways_and_so_are_output_and_exit(
    home: Home, gateway: Server
) -> None:
    words = ["models", "auth", "login", "--provider", "x", "--profile", "y", "-v", "--json", "a $b"]
    done = typed(home, gateway, *words)
    assert (done.returncode, done.stdout.splitlines(), done.stderr) == (7, words, "")
    assert typed(home, gateway, "--", "-I", "x", "--").stdout.splitlines() == ["-I", "x", "--"]


@pytest.mark.parametrize(("config", "user"), [("", "root"), ("Host 127.*\n User alice\n", "alice")])
def test_it_logs_in_as_every_other_verb_does(
    home: Home, gateway: Server, config: str, user: str
) -> None:
    home.write_config(config)
    assert typed(home, gateway, "health").returncode == 7
    assert set(gateway.users) == {user}
    assert gateway.connections == 2


def test_a_way_that_leads_nowhere_is_told_in_a_sentence(home: Home, server: Server) -> None:
    assert "there is no host nobody.invalid" in told("exec", "nobody.invalid", "health", within=15)
    assert "port 1: nothing listens there" in told("exec", "127.0.0.1:1", "health")
    assert "key SHA256:" in told("exec", f"127.0.0.1:{server.port}", "health")
    assert server.execs == []


@pytest.mark.parametrize(
    "option", [["-I", "x.yml"], ["--inventory", "x.yml"], ["--inventory=x.yml"]]
)
def test_an_inventory_behind_the_host_is_shown_its_place(option: list[str]) -> None:
    done = clawprov("exec", "box", "health", *option)
    assert (done.returncode, done.stdout) == (Exit.USAGE, "")
    name = option[0].partition("=")[0]
    assert f"next: clawprov exec {name} FILE box ..." in done.stderr
    assert "x.yml: cannot read it" in clawprov("exec", *option, "box", "health").stderr


def test_an_option_that_is_not_ours_is_refused_before_the_host() -> None:
    done = clawprov("exec", "--frob", "box", "health")
    assert done.returncode == Exit.USAGE
    assert "No such option" in done.stderr
