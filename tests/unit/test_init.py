"""`clawprov init`: five answers, and an inventory that works as it is."""

from __future__ import annotations

import json
import os
import re
import stat
import termios
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from provision.app.init import QUESTIONS, choose_name
from provision.cli.root import run
from provision.errors import Exit
from provision.inventory import parse_inventory
from provision.inventory.keys import HOST, Table
from provision.inventory.schema import build_schema
from provision.model.spec import AuthSpec, Host

ARMOR = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ==\n-----END PGP PUBLIC KEY BLOCK-----\n"
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


@pytest.fixture
def type_in(monkeypatch: pytest.MonkeyPatch, say: Say) -> Iterator[Callable[..., tuple[Said, str]]]:
    """Runs it on a terminal at which the answers are typed; gives what that showed, too."""
    master, slave = os.openpty()
    settings = termios.tcgetattr(slave)
    settings[1] &= ~termios.OPOST
    termios.tcsetattr(slave, termios.TCSANOW, settings)

    def talk(answers: str, *arguments: str) -> tuple[Said, str]:
        os.write(master, answers.encode())
        with open(slave, closefd=False) as keys, open(slave, "w", closefd=False) as screen:
            with monkeypatch.context() as here:
                here.setattr("sys.stdin", keys)
                here.setattr("sys.stderr", screen)
                said = say(*arguments)
            screen.write("\0")
        shown = ""
        while not shown.endswith("\0"):
            shown += os.read(master, 65536).decode()
        return said, shown

    yield talk
    os.close(master)
    os.close(slave)


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
    assert said.out.endswith("next: clawprov up gateway -I clawprov.yml\n")
    assert written() == {"gateway": Host("gateway", "203.0.113.7", auth=AuthSpec("token"))}
    assert Path("clawprov.yml").read_text().startswith(FIRST)


def test_every_option_is_heard(say: Say) -> None:
    words = "x.yml --host [2001:db8::1]:2222 --user debian --product clawdbot@2026.1.24-3 --yes"
    said = say(*words.split(), "--auth", "password", "--profile", "off")
    assert said.code == Exit.OK
    host = written("x.yml")["gateway"]
    assert (host.address, host.port, host.user) == ("2001:db8::1", 2222, "debian")
    assert (host.product, host.version) == ("clawdbot", "2026.1.24-3")
    assert (host.auth.mode, host.profile) == ("password", "off")


def test_an_alias_keeps_what_the_ssh_config_says_of_it(say: Say) -> None:
    assert say("--host", "bastion-lab").code == Exit.OK
    assert written() == {"bastion-lab": Host("bastion-lab", "bastion-lab", auth=AuthSpec("token"))}


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


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("vps1", "vps1"),
        ("vps1.example.org", "vps1"),
        ("203.0.113.7", "gateway"),
        ("2001:db8::1", "gateway"),
        ("fe80::1", "gateway"),
        ("_dmarc.example.org", "gateway"),
        ("1.example.org", "gateway"),
    ],
)
def test_a_host_is_called_as_its_address_begins(address: str, name: str) -> None:
    assert choose_name(address) == name


@pytest.mark.parametrize("name", ["on", "null", "y", "true", "e1"])
def test_a_name_that_yaml_takes_for_something_else_stays_a_name(say: Say, name: str) -> None:
    assert say("--host", f"{name}.example.org").code == Exit.OK
    assert list(written()) == [name]


def test_five_questions_make_an_inventory(type_in: Callable[..., tuple[Said, str]]) -> None:
    said, shown = type_in("203.0.113.7\ndebian\nopenclaw\npassword\nstrict\n")
    assert said.code == Exit.OK
    assert shown.count("\n") >= len(QUESTIONS) == 5
    assert [shown.index(question.text) for question in QUESTIONS] == sorted(
        shown.index(question.text) for question in QUESTIONS
    )
    (host,) = written().values()
    assert (host.address, host.user, host.product) == ("203.0.113.7", "debian", "openclaw")
    assert (host.auth.mode, host.profile) == ("password", "strict")


def test_an_empty_answer_is_the_default(type_in: Callable[..., tuple[Said, str]]) -> None:
    said, shown = type_in("root@203.0.113.7\n\n\n\n")
    assert said.code == Exit.OK
    assert "user to log in as" not in shown, "the first answer has said it"
    (host,) = written().values()
    assert (host.user, host.product, host.profile) == ("root", "clawdbot", "balanced")
    assert host.auth.mode == "token"


def test_a_wrong_answer_is_explained_and_asked_again(
    type_in: Callable[..., tuple[Said, str]],
) -> None:
    said, shown = type_in(
        "a b\n-oProxyCommand=id\n203.0.113.7\n\nmoltbot\nclawdbot\n\nloose\noff\n"
    )
    assert said.code == Exit.OK
    assert "Error: 'a b' cannot be a host: it holds ' '" in shown
    assert "cannot be a host: it starts with a dash" in shown
    assert "Error: expected clawdbot or openclaw, found 'moltbot'" in shown
    assert "Error: expected strict, balanced or off, found 'loose'" in shown
    assert written()["gateway"].profile == "off"


def test_what_options_answer_is_not_asked(type_in: Callable[..., tuple[Said, str]]) -> None:
    said, shown = type_in("\n\n", "--host", "me@vps1", "--profile", "off")
    assert said.code == Exit.OK
    asked = [question.option for question in QUESTIONS if question.text in shown]
    assert asked == ["product", "auth"]


@pytest.mark.parametrize("flag", ["--yes", "--json"])
def test_nobody_is_asked_who_does_not_want_to_be(
    type_in: Callable[..., tuple[Said, str]], flag: str
) -> None:
    said, shown = type_in("", "--host", "vps1", flag)
    assert (said.code, shown) == (Exit.OK, "\0")
    said, shown = type_in("", flag, "other.yml")
    assert said.code == Exit.USAGE
    assert "--host is missing" in shown


def test_leaving_in_the_middle_writes_nothing(type_in: Callable[..., tuple[Said, str]]) -> None:
    said, shown = type_in("203.0.113.7\n\x04")
    assert said.code == Exit.INTERRUPTED
    assert "nothing was changed" in shown
    assert names() == []


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
        (["--product", "clawdbot@"], "expected an exact version such as 2026.1.24-3, found ''"),
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


def paths_of(table: Table, above: str = "") -> Iterator[str]:
    for name, entry in table.keys.items():
        yield above + name
        if isinstance(entry, Table):
            yield from paths_of(entry, f"{above}{name}.")


def uncommented(text: str, key: str) -> str:
    """The text with one key, and what is below it, made to count as a person would do it."""
    lines, inside = text.splitlines(), False
    for at, line in enumerate(lines):
        if found := re.match(r"    #?(\w+):", line):
            inside = found[1] == key
        if inside and re.match(r"    #(\w+:|  )", line):
            lines[at] = "    " + line.removeprefix("    #")
    return "\n".join(lines)


def paths_in(value: object, above: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, below in value.items():
            yield above + name
            yield from paths_in(below, f"{above}{name}.")


@pytest.mark.parametrize("key", HOST.keys)
def test_every_other_key_stands_there_and_works_without_its_mark(say: Say, key: str) -> None:
    say("--host", "vps1")
    text = uncommented(Path("clawprov.yml").read_text(), key)
    told = set(paths_in(yaml.safe_load(text)["hosts"]["vps1"]))
    assert {path for path in paths_of(HOST) if path.split(".")[0] == key} <= told
    if key == "node":  # whose parts do not all go together
        text = re.sub("(?m)^ +sha256:.*$", "", text)
    parse_inventory(text, "clawprov.yml", lambda _: ARMOR)


def test_keys_that_are_not_set_show_what_counts_then(say: Say) -> None:
    say("--host", "vps1")
    text = Path("clawprov.yml").read_text()
    shown = dict(re.findall(r"^    #(\w+): (\S+)", text, re.M))
    usual = Host("", "")
    for name in ("gateway_port", "full", "journal_max"):
        assert shown[name] == str(getattr(usual, name)).lower().replace("200m", "200M")


def test_no_line_is_wider_than_a_screen_without_need(say: Say) -> None:
    say("--host", "vps1")
    lines = Path("clawprov.yml").read_text().splitlines()
    assert [line for line in lines if len(line) > 100] == []
    assert not any(line != line.rstrip() for line in lines)
