"""A password: from a command, for a gateway that others may reach, and back from a copy.

All of it is one change of the yard's gateway, since a restart costs most of the time.
"""

from __future__ import annotations

import json
import re
import secrets
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest
from machines import audit, out, show, start_sampler, untouched
from persons import Person, Said
from test_up_secret import places

from provision.lab import Box

ENV = "/etc/clawdbot/gateway.env"
CONFIG = "/var/lib/clawdbot/.clawdbot/clawdbot.json"
EXPOSED = {"exposed": True, "config": {"gateway": {"bind": "lan"}}}


class Manager:
    """A password manager: a program with one entry, which counts how often it is asked."""

    def __init__(self, folder: Path) -> None:
        self.entry, self.asked = folder / "entry", folder / "asked"
        self.program = folder / "pass"
        self.program.write_text(
            f"#!/bin/sh\necho asked >>'{self.asked}'\necho looking >&2\ncat '{self.entry}'\n"
        )
        self.program.chmod(0o700)

    def count(self) -> int:
        return len(self.asked.read_text().splitlines()) if self.asked.exists() else 0


@pytest.fixture(scope="module")
def canary() -> str:
    return f"Canary{secrets.token_hex(8)}"


@pytest.fixture(scope="module")
def manager(canary: str, tmp_path_factory: pytest.TempPathFactory) -> Manager:
    made = Manager(tmp_path_factory.mktemp("a manager"))
    made.entry.write_text(f"a \"b' $c {canary}\n")
    return made


@pytest.fixture(scope="module")
def wisher(
    yard_box: Box, yard_up: Said, manager: Manager, laptop: Callable[[], Person]
) -> Iterator[Person]:
    """Somebody whose password the manager has, and who wishes to reach the gateway without SSH.

    Afterwards the gateway has a token again, and listens on loopback alone.
    """
    assert yard_up.exit == 0, yard_up
    auth = {"mode": "password", "command": [str(manager.program), "show", "it"]}
    yield laptop().wishing(yard_box.name, auth=auth, **EXPOSED)
    again = laptop().run("up", yard_box.name, "--auth", "token", "--json")
    assert again.exit == 0, again


@pytest.fixture(scope="module")
def applied(yard_box: Box, wisher: Person) -> tuple[Said, str]:
    """The first `up`, and every command line that was seen on the server meanwhile."""
    stop = start_sampler(yard_box)
    said = wisher.run("up", yard_box.name, "--json")
    return said, stop()


def test_a_gateway_with_a_password_proves_itself(yard: Box, applied: tuple[Said, str]) -> None:
    said, _ = applied
    assert said.exit == 0, said
    assert said.done == [f"secret:{ENV}", f"file:{CONFIG}", "service:clawdbot-gateway"]
    assert said.answer["proof"]["refused"] == {"wrong_secret": True, "no_secret": True}
    assert "looking" in said.err


def test_the_password_is_all_that_the_gateway_takes(
    yard: Box, applied: tuple[Said, str], manager: Manager
) -> None:
    assert json.loads(out(yard, f"cat {CONFIG}"))["gateway"]["auth"]["mode"] == "password"
    environ = out(yard, f"cat /proc/{show(yard, 'MainPID')['MainPID']}/environ").split("\0")
    assert f"CLAWDBOT_GATEWAY_PASSWORD={manager.entry.read_text().strip()}" in environ
    assert "_GATEWAY_TOKEN=" not in " ".join(environ)
    assert out(yard, "clawdbot gateway health").count("OK") == 1


def test_without_consent_it_is_not_exposed(yard: Box, laptop: Callable[[], Person]) -> None:
    hasty = laptop().wishing(yard.name, config=EXPOSED["config"])
    said = hasty.run("up", yard.name)
    assert said.refused(3, "config.gateway.bind: lan opens the gateway to other machines")
    assert "exposed: true" in said.err


def test_whom_it_is_exposed_to_it_asks_for_the_password(
    yard: Box, wisher: Person, applied: tuple[Said, str], manager: Manager
) -> None:
    def knock(password: str) -> int:
        """What the gateway says to another machine: 400 for a request that it would act on."""
        url, headers = f"http://{yard.address}:18789/tools/invoke", {}
        if password:
            headers = {"Authorization": f"Bearer {password}"}
        request = urllib.request.Request(url, b"{}", headers, method="POST")
        with pytest.raises(HTTPError) as caught:
            urllib.request.urlopen(request, timeout=20)
        return caught.value.code

    assert [knock(password) for password in (manager.entry.read_text().strip(), "x", "")] == [
        400,
        401,
        401,
    ]
    verdicts = wisher.run("verify", yard.name, "--json").answer["verdicts"]
    assert [verdict["ok"] for verdict in verdicts if verdict["check"] == "gateway:loopback"] == [
        True
    ]


def test_it_is_in_one_file_of_the_server_and_on_no_command_line(
    yard: Box, applied: tuple[Said, str], canary: str
) -> None:
    said, argv = applied
    assert places(yard, canary) == {ENV}
    assert re.search("systemctl", argv), "the sampler has seen nothing"
    assert canary not in argv + said.out + said.err
    assert audit(yard)
    assert canary not in out(yard, "journalctl --no-pager -q -a -o json")


def test_the_laptop_has_it_in_the_manager_alone(
    yard: Box, wisher: Person, applied: tuple[Said, str], canary: str
) -> None:
    screens = [wisher.run(*words) for words in (
        ("plan", yard.name, "-v"), ("plan", yard.name, "--script"), ("plan", yard.name, "--json"),
        ("verify", yard.name, "--json"), ("render", yard.name), ("up", yard.name, "--debug"),
    )]  # fmt: skip
    assert [said.exit for said in screens] == [0] * 6
    assert not wisher.copy(yard.name).exists()
    files = [path for path in wisher.home.rglob("*") if path.is_file()]
    assert len(files) > 12, "their screens are among them"
    assert not [path for path in files if canary.encode() in path.read_bytes()]


@pytest.mark.parametrize(("verb", "asked"), [("plan", 1), ("up", 1), ("verify", 1), ("render", 0)])
def test_the_manager_is_asked_once_and_only_if_need_be(
    yard: Box, wisher: Person, applied: tuple[Said, str], manager: Manager, verb: str, asked: int
) -> None:
    before = manager.count()
    assert wisher.run(verb, yard.name).exit == 0
    assert manager.count() - before == asked


def test_another_entry_is_a_declaration(
    yard: Box, wisher: Person, applied: tuple[Said, str], manager: Manager
) -> None:
    before = manager.entry.read_text()
    manager.entry.write_text("another\n")
    said = wisher.run("plan", yard.name)
    manager.entry.write_text(before)
    assert re.search(rf"secret:{ENV} +the secret differs", said.out), said


def test_an_entry_that_is_no_secret_changes_nothing(
    yard: Box, wisher: Person, applied: tuple[Said, str], manager: Manager
) -> None:
    before = manager.entry.read_text()
    with untouched(yard):
        for entry, what in (("", "printed nothing"), ("one\ntwo\n", "printed 2 lines")):
            manager.entry.write_text(entry)
            said = wisher.run("up", yard.name)
            manager.entry.write_text(before)
            assert said.refused(2, what)


def test_a_rebuilt_server_gets_the_secret_that_its_clients_have(
    yard: Box, applied: tuple[Said, str], manager: Manager, laptop: Callable[[], Person]
) -> None:
    owner = laptop().wishing(yard.name, auth={"mode": "password"}, **EXPOSED)
    assert owner.run("up", yard.name, "--json").planned == []
    assert owner.copy(yard.name).read_text() == manager.entry.read_text()
    env = out(yard, f"cat {ENV}")
    out(yard, f"rm {ENV}")
    said = owner.run("up", yard.name)
    assert said.exit == 0, said
    assert "as kept on your machine" in said.err
    assert out(yard, f"cat {ENV}") == env
