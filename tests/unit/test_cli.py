"""The command line: every failure is a sentence and an exit code, never a traceback."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from provision.cli.root import Rooms, clawprov, run
from provision.cli.verbs import VERBS, show_help
from provision.errors import Exit
from provision.products import find_product

TABLE = {verb: module for verbs in VERBS.values() for verb, (module, _) in verbs.items()}


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str


Say = Callable[..., Said]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    """Runs the command as a person would who has no inventory and no secret in the environment."""
    for name in ("CLAWPROV_INVENTORY", *(f"{p}_GATEWAY_{k}" for p in PREFIXES for k in KINDS)):
        monkeypatch.delenv(name, raising=False)

    def command(*arguments: str) -> Said:
        code = run(list(arguments))
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return Said(int(code), said.out, said.err)

    return command


PREFIXES, KINDS = ("CLAWDBOT", "OPENCLAW"), ("TOKEN", "PASSWORD")


def test_help_lists_exactly_the_verbs_that_there_are() -> None:
    listed = re.findall(r"^  (\w+) +\S", show_help(), re.M)
    assert listed == list(TABLE)
    assert isinstance(clawprov, Rooms)
    assert clawprov.list_commands(click.Context(clawprov)) == listed


@pytest.mark.parametrize("verb", TABLE)
def test_every_verb_of_the_table_has_its_command(verb: str) -> None:
    command = clawprov.get_command(click.Context(clawprov), verb)
    assert isinstance(command, click.Command)
    assert command.name == verb
    assert command.help


@pytest.mark.parametrize("module", sorted(set(TABLE.values())))
def test_every_command_of_a_module_is_in_the_table(module: str) -> None:
    room = importlib.import_module(f"provision.cli.{module}")
    commands = {it for it in vars(room).values() if isinstance(it, click.Command)}
    below = {it for group in commands if isinstance(group, click.Group) for it in sub(group)}
    assert {it.name for it in commands - below} == {
        verb for verb, home in TABLE.items() if home == module
    }


def sub(group: click.Group) -> list[click.Command]:
    return list(group.commands.values())


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], *([verb, "--help"] for verb in TABLE)])
def test_help_is_an_answer(say: Say, arguments: list[str]) -> None:
    said = say(*arguments)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("Usage: clawprov ")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["render"], "Missing argument 'HOST'"),
        (["render", "box", "--frob"], "No such option"),
        (["render", "box", "a", "b"], "unexpected extra argument"),
        (["plan", "box", "--profile", "loose"], "'loose' is not one of"),
        (["plan", "box", "--auth", "none"], "'none' is not one of"),
        (["render", "-I"], "requires an argument"),
        (["watch", "box", "--install"], "--notify COMMAND is missing"),
        (["watch", "box", "--install", "--notify", "x", "--every", "5"], "expected a span of time"),
        (["watch", "box", "--install", "--notify", "x", "--every", "30s"], "30s is too often"),
        (["watch", "box", "--install", "--uninstall"], "exclude each other"),
        (["status"], "no HOST was named, and no inventory is here"),
        (["status", "a b"], "cannot be a host"),
        (["verify", "box", "--watch", "--every", "0"], "0.0 is not in the range"),
        (["verify", "box", "--watch", "--junit", "x.xml"], "--junit is for one look"),
        (["verify", "box", "--junit", "/nowhere/x.xml"], "cannot write it: no such file"),
        (["render", "-oProxyCommand=id"], "No such option"),
        (["render", "--", "-oProxyCommand=id"], "starts with a dash"),
        (["render", "a b"], "cannot be a host: it holds ' '"),
        (["render", "box", "--product", "moltbot"], "there is no product 'moltbot'"),
        (["down", "box"], "say what is to go"),
        (["plan", "box", "--access", "vpn"], "--access: expected tailscale-serve, "),
        (["plan", "box", "--access", "serve,"], "--access: expected tailscale-serve, "),
        (["tunnel", "up", "box", "--local-port", "80"], "80 is below 1024, which your user has no"),
        (["render", "box", "nothing.txt"], "no file nothing.txt is rendered"),
    ],
)
def test_a_command_that_makes_no_sense_is_a_usage_error(
    say: Say, arguments: list[str], told: str
) -> None:
    said = say(*arguments)
    assert (said.code, said.out) == (Exit.USAGE, "")
    assert told in said.err


def test_a_system_on_which_it_does_not_run_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tunnel", "up", "box"], system="nt") == Exit.USAGE
    assert "error: clawprov runs on Linux, macOS and WSL\n" in capsys.readouterr().err


def test_a_missing_inventory_is_told_with_its_path(say: Say, tmp_path: Path) -> None:
    path = str(tmp_path / "none.yml")
    said = say("render", "box", "-I", path)
    assert said.code == Exit.INVENTORY
    assert f"{path}: cannot read it: no such file or directory" in said.err
    assert "next: name the file with -I PATH" in said.err


def test_a_missing_file_that_the_inventory_names_is_told_with_its_place(
    say: Say, tmp_path: Path
) -> None:
    path = tmp_path / "i.yml"
    path.write_text("hosts:\n  box: {address: 192.0.2.1, node: {key: none.asc}}\n")
    said = say("render", "box", "-I", str(path))
    assert said.code == Exit.INVENTORY
    missing = f"node.key: cannot read '{tmp_path}/none.asc': No such file or directory"
    assert f"{path}:2:41: {missing}" in said.err


def test_an_inventory_that_is_no_text_is_told(say: Say, tmp_path: Path) -> None:
    path = tmp_path / "i.yml"
    path.write_bytes(b"hosts:\n  \xff\xfe: {}\n")
    said = say("render", "box", "--inventory", str(path))
    assert said.code == Exit.INVENTORY
    assert "is not UTF-8 at byte 9" in said.err


def test_every_mistake_of_an_inventory_is_told_at_its_place(say: Say, tmp_path: Path) -> None:
    path = tmp_path / "i.yml"
    path.write_text("hosts:\n  box:\n    profil: strict\n    gateway_port: eighty\n")
    said = say("render", "box", "-I", str(path))
    assert said.code == Exit.INVENTORY
    assert f"{path}:3:5: " in said.err
    assert f"{path}:4:" in said.err


def test_a_failure_is_json_where_json_is_wanted(say: Say, tmp_path: Path) -> None:
    path = tmp_path / "i.yml"
    path.write_text("hosts:\n  box:\n    profil: strict\n    user: '-'\n")
    said = say("render", "box", "--json", "-I", str(path))
    answer = json.loads(said.out)
    assert answer["exit"] == said.code == Exit.INVENTORY
    assert [error["where"] for error in answer["errors"]] == [f"{path}:3:5", f"{path}:4:11"]


@pytest.mark.parametrize("verb", ["up", "plan", "verify"])
def test_a_version_that_does_not_work_is_refused_before_anybody_is_called(
    say: Say, verb: str
) -> None:
    said = say(verb, "192.0.2.1", "--product", "clawdbot@2026.1.24")
    assert said.code == Exit.UNSUPPORTED
    assert "clawdbot 2026.1.24 does not work" in said.err
    assert f"next: use {find_product('clawdbot').version}" in said.err


@pytest.mark.parametrize("verb", ["up", "plan", "verify"])
def test_a_missing_private_key_is_told_before_anybody_is_called(
    say: Say, verb: str, tmp_path: Path
) -> None:
    said = say(verb, "192.0.2.1", "-i", str(tmp_path / "id"), "--json")
    assert said.code == Exit.CONNECTION
    assert f"{tmp_path / 'id'}: cannot use this private key: it is not there" in said.err
    assert json.loads(said.out)["exit"] == Exit.CONNECTION


@pytest.mark.parametrize("value", ["hunter2\nx", " hunter2", "hunter2 ", "hunter2\x1b[0m"])
def test_a_secret_that_cannot_be_a_line_is_refused_without_being_told(
    say: Say, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAWDBOT_GATEWAY_TOKEN", value)
    said = say("render", "192.0.2.1")
    assert said.code == Exit.USAGE
    assert "$CLAWDBOT_GATEWAY_TOKEN has a control character, or a space" in said.err
    assert "hunter2" not in said.err


def test_a_secret_that_a_command_has_is_not_set_beside_it(say: Say, tmp_path: Path) -> None:
    (tmp_path / "i.yml").write_text("hosts:\n  box: {auth: {command: pass show x}}\n")
    said = say("secret", "set", "box", "--yes", "-I", str(tmp_path / "i.yml"))
    assert said.code == Exit.USAGE
    assert "the token of box comes from the command pass" in said.err
    assert "next: change it there, then: clawprov up box" in said.err


def test_debug_lets_the_traceback_through() -> None:
    with pytest.raises(Exception, match="is rendered"):
        run(["render", "192.0.2.1", "nothing.txt", "--debug"])


def test_the_inventory_that_lies_here_is_the_one_that_is_meant(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clawprov.yml").write_text("hosts: {vps1: {gateway_port: 20000}}")
    assert '"port": 20000' in say("render", "vps1", "clawdbot.json").out
    (tmp_path / "clawprov.yml").write_text("hosts: {vps1: {gateway_prot: 20000}}")
    said = say("render", "vps1")
    assert said.code == Exit.INVENTORY
    assert "clawprov.yml:1:16" in said.err
