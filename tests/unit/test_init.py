"""`clawprov init`: five answers, and an inventory that works as it is."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from provision.cli.root import run
from provision.errors import Exit
from provision.inventory import parse_inventory
from provision.inventory.schema import build_schema
from provision.model.spec import AuthSpec, BasicsSpec, Host

ARMOR = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ==\n-----END PGP PUBLIC KEY BLOCK-----\n"
TOKEN = AuthSpec("token")
BASICS = BasicsSpec(updates=True, swap="1G", time_sync=True, ssh_keys_only=True, firewall=True)
FIRST = "# yaml-language-server: $schema=clawprov.schema.json\n"


@dataclass(frozen=True)
class Said:
    """What the command answered."""

    code: int
    out: str
    err: str


Say = Callable[..., Said]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Say:
    """Runs `clawprov init` in an empty folder, without a terminal."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> Said:
        code = run(["init", *arguments])
        said = capsys.readouterr()
        return Said(int(code), said.out, said.err)

    return command


def written(file: str = "clawprov.yml") -> dict[str, Host]:
    """The hosts of what was written, by parsing; by the schema beside it, the same is right."""
    text = Path(file).read_text()
    schema = json.loads(Path(file).with_name("clawprov.schema.json").read_text())
    assert list(Draft202012Validator(schema).iter_errors(yaml.safe_load(text))) == []
    return dict(parse_inventory(text, file, lambda path: ARMOR).hosts)


def names() -> list[str]:
    """What is in the folder."""
    return sorted(path.name for path in Path().iterdir())


def test_options_alone_make_an_inventory_that_works(say: Say) -> None:
    said = say("--host", "203.0.113.7")
    assert (said.code, said.err) == (Exit.OK, "")
    assert said.out.endswith("next: clawprov up 203.0.113.7 -I clawprov.yml\n")
    host = Host("203.0.113.7", "203.0.113.7", auth=TOKEN, basics=BASICS)
    assert written() == {"203.0.113.7": host}
    assert Path("clawprov.yml").read_text().startswith(FIRST)


def test_every_option_is_heard(say: Say) -> None:
    words = "x.yml --host [2001:db8::1]:2222 --user debian --product clawdbot@2026.1.24-3 --yes"
    said = say(*words.split(), "--auth", "password", "--profile", "off")
    assert said.code == Exit.OK
    host = written("x.yml")["2001-db8--1"]
    assert (host.address, host.port, host.user) == ("2001:db8::1", 2222, "debian")
    assert (host.product, host.version) == ("clawdbot", "2026.1.24-3")
    assert (host.auth.mode, host.profile) == ("password", "off")


def test_an_alias_keeps_what_the_ssh_config_says_of_it(say: Say) -> None:
    assert say("--host", "bastion-lab").code == Exit.OK
    host = Host("bastion-lab", "bastion-lab", auth=TOKEN, basics=BASICS)
    assert written() == {"bastion-lab": host}


def test_the_machine_that_somebody_sits_at_is_not_closed_to_them(say: Say) -> None:
    assert say("--host", "localhost").code == Exit.OK
    assert written()["localhost"].basics == BasicsSpec(updates=True, swap="1G", time_sync=True)


@pytest.mark.parametrize(
    ("given", "user"),
    [
        (["--host", "me@vps1.example.org"], "me"),
        (["--host", "me@vps1.example.org", "--user", "you"], "you"),
        (["--host", "vps1.example.org", "--user", "you"], "you"),
        (["--host", "vps1.example.org", "--user", ""], ""),
    ],
)
def test_the_user_may_come_with_the_host(say: Say, given: list[str], user: str) -> None:
    assert say(*given).code == Exit.OK
    assert written()["vps1"].user == user


@pytest.mark.parametrize("name", ["on", "null", "y", "true", "e1"])
def test_a_name_that_yaml_takes_for_something_else_stays_a_name(say: Say, name: str) -> None:
    assert say("--host", f"{name}.example.org").code == Exit.OK
    assert list(written()) == [name]


def test_without_a_terminal_and_a_host_there_is_one_clear_error(say: Say) -> None:
    said = say()
    assert (said.code, said.out) == (Exit.USAGE, "")
    assert "--host is missing, and nobody can be asked here" in said.err
    assert "next: clawprov init --host ADDRESS" in said.err
    assert names() == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (["--host", "a b"], "--host: 'a b' cannot be a host: it holds ' '"),
        (["--host", ""], "--host: '' cannot be a host: it is empty"),
        (["--host=-oProxyCommand=id"], "it starts with a dash"),
        (["--host", "vps1:99999"], "expected a port from 1 to 65535, found '99999'"),
        (["--host", "127.1"], "expected an IP address, a host name or an ssh alias"),
        (["--user", "a b"], "--user: expected a user name such as root or debian, found 'a b'"),
        (["--product", "moltbot"], "--product: expected clawdbot or openclaw, found 'moltbot'"),
        (["--product", "clawdbot@"], "2026.1.24-3, or latest, found ''"),
        (["--auth", "none"], "--auth: expected token or password, found 'none'"),
        (["--profile", "loose"], "--profile: expected strict, balanced or off, found 'loose'"),
        ([""], "expected the path of a file"),
        (["a\nb.yml"], "expected the path of a file"),
        (["\udcff.yml"], "expected the path of a file"),
        (["missing/x.yml"], "cannot write it: no such file or directory"),
        (["/"], "/: is no file that can be replaced"),
        (["/dev/null", "--force"], "/dev/null: is no file that can be replaced"),
    ],
)
def test_a_bad_value_is_told_as_inventories_tell_it(say: Say, wrong: list[str], told: str) -> None:
    said = say("--host", "vps1", *wrong)
    assert (said.code, said.out) == (Exit.USAGE, "")
    assert told in said.err
    assert names() == []


def test_a_version_that_does_not_work_is_refused(say: Say) -> None:
    said = say("--host", "vps1", "--product", "clawdbot@2026.1.24")
    assert said.code == Exit.UNSUPPORTED
    assert "clawdbot 2026.1.24 does not work" in said.err
    assert names() == []


def test_an_inventory_that_is_there_is_kept(say: Say) -> None:
    Path("clawprov.yml").write_text("mine")
    said = say("--host", "vps1")
    assert said.code == Exit.USAGE
    assert "clawprov.yml: is there already" in said.err
    assert "next: name another FILE, or add --force" in said.err
    assert Path("clawprov.yml").read_text() == "mine"
    assert names() == ["clawprov.yml"]


def test_force_replaces_what_a_link_points_to(say: Say) -> None:
    Path("mine.yml").write_text("mine")
    Path("clawprov.yml").symlink_to("mine.yml")
    assert say("--host", "vps1").code == Exit.USAGE
    assert say("--host", "vps1", "--force").code == Exit.OK
    assert Path("clawprov.yml").is_symlink()
    assert "vps1" in written("mine.yml")


def test_a_link_to_nowhere_is_not_followed_by_accident(say: Say) -> None:
    Path("clawprov.yml").symlink_to("nowhere.yml")
    assert say("--host", "vps1").code == Exit.USAGE
    assert names() == ["clawprov.yml"]


def test_nothing_is_left_beside_the_two_files(say: Say) -> None:
    said = say("--host", "vps1", "my hosts.yml")
    assert said.out.endswith("next: clawprov up vps1 -I 'my hosts.yml'\n")
    assert names() == ["clawprov.schema.json", "my hosts.yml"]
    assert not stat.S_IMODE(Path("my hosts.yml").stat().st_mode) & 0o111


def test_json_tells_what_was_made(say: Say, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    said = say("d/x.yml", "--host", "vps1", "--json")
    answer = {"host": "vps1", "inventory": "d/x.yml", "schema": "d/clawprov.schema.json"}
    assert json.loads(said.out) == answer


def test_the_schema_is_printed_and_nothing_written(say: Say) -> None:
    said = say("--schema")
    assert (said.code, json.loads(said.out)) == (Exit.OK, build_schema())
    assert names() == []
