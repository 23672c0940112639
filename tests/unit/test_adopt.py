"""Which gateway of a server is adopted, and what is said when none can be."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

import pytest

from provision.app.adopt import choose
from provision.checks.audit.settings import read_auth
from provision.cli.audit import adopted
from provision.cli.options import Options
from provision.cli.root import run
from provision.errors import Exit, UnsupportedError
from provision.model.facts import Reading
from provision.model.spec import AuthSpec, Host
from provision.products.installed import Installed, parse_installed

HOST = Host("box", "203.0.113.7")
ADA = Installed("ada", "clawdbot", state="/home/ada/.clawdbot", enabled=True)
BOB = Installed("bob", "openclaw", state="/home/bob/.openclaw", enabled=True)


def test_the_one_that_is_there_is_meant_whatever_its_product() -> None:
    assert choose(HOST, [ADA]) == ADA
    assert choose(HOST, [BOB]) == BOB


def test_of_several_that_of_the_wished_product_is_meant_and_an_active_one() -> None:
    assert choose(HOST, [BOB, ADA]) == ADA
    assert choose(replace(HOST, product="openclaw"), [ADA, BOB]) == BOB
    assert choose(HOST, [replace(ADA, enabled=False), BOB]) == BOB


def test_one_in_a_container_is_named_with_what_to_do() -> None:
    lines = ["process\troot\topenclaw\t77\t\t0123456789ab"]
    (contained,) = parse_installed(lines)
    assert "container 0123456789ab" in str(contained)
    with pytest.raises(UnsupportedError, match="runs in container 0123456789ab") as caught:
        choose(HOST, [contained])
    assert "docker cp its /home/node/.openclaw" in caught.value.hint


def test_one_without_its_state_is_named() -> None:
    with pytest.raises(UnsupportedError, match="process 7 on port 18789; its state was not found"):
        choose(HOST, [Installed("ada", "clawdbot", pids=("7",), port="18789")])


def test_where_there_is_none_up_is_what_to_type() -> None:
    with pytest.raises(UnsupportedError, match="nobody has set up a gateway") as caught:
        choose(HOST, [])
    assert caught.value.hint == "clawprov up box makes one"


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        ('{gateway: {auth: {mode: "password"}}}', "password"),
        ('{"gateway": {"auth": {"password": "x"}}}', "password"),
        ('{"gateway": {"auth": {"token": "x"}}}', "token"),
        ("{}", "token"),
        ('{"gateway": {"auth": {"mode": "none"}}}', ""),
        ("nonsense", "token"),
    ],
)
def test_its_kind_of_secret_stays(config: str, kind: str) -> None:
    line = f"/home/ada/.clawdbot/clawdbot.json\t{b64encode(config.encode()).decode()}"
    assert read_auth(Reading(0, line), "/home/ada/.clawdbot/clawdbot.json") == kind


def test_the_next_command_means_what_was_found_and_what_was_said() -> None:
    theirs = replace(HOST, product="openclaw", auth=AuthSpec("password"))
    said = Options(inventory="my file.yml", access=("serve",), existing="take-over")
    words = ["-I", "my file.yml", "--product", "openclaw", "--auth", "password"]
    assert adopted(HOST, theirs, said).words() == [*words, "--access", "serve"]
    assert adopted(HOST, replace(HOST, existing="take-over"), Options()).words() == []


@pytest.mark.parametrize("words", ["adopt", "adopt --undo", "audit --fix", "doctor --fix"])
def test_nothing_is_changed_without_a_yes(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    verb, *more = words.split()
    assert run([verb, "root@203.0.113.7", *more]) == Exit.USAGE
    assert capsys.readouterr().err == "error: this needs your consent\n  next: add --yes\n"
