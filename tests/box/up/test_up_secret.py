"""The secret is in the server's environment file and in the gateway's memory, and nowhere else."""

from __future__ import annotations

import base64
import re

import pytest
from machines import UNIT, Server, out, show
from persons import Person

from provision.lab import Box

ENV = "/etc/clawdbot/gateway.env"
WRAPPER = "/usr/local/bin/clawdbot"
NOT_DISKS = "proc sys"


def places(box: Box, word: str) -> set[str]:
    """Every file of the box that has `word` in it."""
    skip = " ".join(f"--exclude-dir={name}" for name in NOT_DISKS.split())
    found = box.run(f"grep -raslF {skip} -e '{word}' /", seconds=240)
    return set(found.stdout.split())


@pytest.fixture(scope="module")
def canary(secret: str) -> str:
    """A part of the secret that no quoting changes."""
    found = re.search("Canary[0-9a-f]+", secret)
    assert found
    return found[0]


def test_it_is_in_the_environment_file_alone(server: Server, canary: str) -> None:
    assert places(server.box, canary) == {ENV}
    assert out(server.box, f"stat -c '%U %a' {ENV} /etc/clawdbot") == "root 600\nroot 700"


def test_it_is_nowhere_in_base64_either(server: Server, secret: str) -> None:
    code = base64.b64encode(secret.encode()).decode()
    assert places(server.box, code[:40]) == set()


def test_it_is_in_the_environment_of_the_gateway_alone(server: Server, canary: str) -> None:
    found = server.box.run(f"grep -laF {canary} /proc/[0-9]*/environ").stdout.split()
    assert found == [f"/proc/{show(server.box, 'MainPID')['MainPID']}/environ"]


def test_no_process_had_it_on_its_command_line(server: Server, canary: str) -> None:
    assert re.search(r"npm\\x00ci|npm ci", server.argv), "the sampler has seen nothing"
    assert canary not in server.argv
    assert canary not in out(server.box, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")


def test_neither_journal_nor_systemd_tell_it(server: Server, canary: str) -> None:
    journal = out(server.box, "journalctl --no-pager -q -a -o json")
    assert UNIT in journal
    assert canary not in journal
    assert canary not in out(server.box, f"systemctl show {UNIT}; systemctl cat {UNIT}")


def test_no_screen_showed_it(server: Server, canary: str) -> None:
    owner, name = server.owner, server.name
    verbs = [["up", "--json"], ["up", "--debug"], ["plan", "-v"], ["verify"], ["verify", "--json"]]
    screens = [owner.run(verb, name, *words) for verb, *words in verbs]
    assert [said.exit for said in (*server.screens, *screens)] == [0] * 11
    for said in (*server.screens, *screens):
        assert canary not in said.out + said.err
    script = server.screens[3].out
    assert "CLAWDBOT_GATEWAY_TOKEN=***" in script
    assert "npm ci" in script


def test_the_laptop_keeps_one_copy_for_its_owner_alone(
    server: Server, secret: str, canary: str
) -> None:
    every = [path for path in server.owner.home.rglob("*") if path.is_file()]
    files = [path for path in every if path.suffix != ".out"]  # `secret show` was asked for it
    copy = server.owner.copy(server.name)
    assert [path for path in files if canary.encode() in path.read_bytes()] == [copy]
    assert copy.read_text() == f"{secret}\n"
    assert [path.stat().st_mode & 0o777 for path in (copy, copy.parent)] == [0o600, 0o700]


def test_the_gateway_takes_exactly_this_secret(server: Server, secret: str) -> None:
    """The server's environment file is read back by the wrapper's shell, the unit by systemd."""
    assert server.owner.run("verify", server.name, "--json").answer["proof"]["ok"]
    environ = out(server.box, f"cat /proc/{show(server.box, 'MainPID')['MainPID']}/environ")
    assert f"CLAWDBOT_GATEWAY_TOKEN={secret}" in environ.split("\0")
    assert out(server.box, f'. {ENV}; printf %s "$CLAWDBOT_GATEWAY_TOKEN"') == secret
    assert server.box.run(f"{WRAPPER} health").returncode == 0
    almost = server.owner.with_secret(secret[:-1]).run("plan", server.name, "--json")
    assert almost.planned == [f"secret:{ENV}", "service:clawdbot-gateway"]


def test_a_client_that_it_has_never_seen_needs_exactly_this_secret(server: Server) -> None:
    def health(change: str) -> int:
        home = "home=$(mktemp -d); chown clawdbot $home"
        script = f'sed "s|^HOME=.*|HOME=$home|; {change}" {WRAPPER} | sh -s health'
        return server.box.run(f"{home}; {script}; ended=$?; rm -r $home; exit $ended").returncode

    assert health("") == 0
    assert health("s|^set -a|CLAWDBOT_GATEWAY_TOKEN=other; set -a|") != 0


@pytest.mark.parametrize("token", ["two\nlines", "a\ttab", "trailing ", "bell\a"])
def test_a_secret_that_no_file_could_hold_is_refused_at_once(person: Person, token: str) -> None:
    said = person.with_secret(token).run("up", "root@192.0.2.1", seconds=5)
    assert said.refused(2, "CLAWDBOT_GATEWAY_TOKEN")
    assert token not in said.err
