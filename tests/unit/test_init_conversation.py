"""`clawprov init` at a terminal: five questions at most, and no word about what is known."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provision.app.init import QUESTIONS
from provision.cli.root import run
from provision.errors import Exit
from provision.inventory import parse_inventory
from provision.model.spec import Host

END = "\0"
Talk = Callable[..., tuple[int, str]]


@pytest.fixture
def type_in(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Talk]:
    """Runs `clawprov init` in an empty folder, on a terminal at which the answers are typed.

    Gives its exit code and what the terminal showed.
    """
    monkeypatch.chdir(tmp_path)
    master, slave = os.openpty()

    def talk(answers: str, *arguments: str) -> tuple[int, str]:
        os.write(master, answers.encode())
        with open(slave, closefd=False) as keys, open(slave, "w", closefd=False) as screen:
            with monkeypatch.context() as here:
                here.setattr("sys.stdin", keys)
                here.setattr("sys.stderr", screen)
                code = run(["init", *arguments])
            screen.write(END)
        shown = ""
        while not shown.endswith(END):
            shown += os.read(master, 65536).decode()
        assert "Traceback" not in shown
        return int(code), shown

    yield talk
    os.close(master)
    os.close(slave)


def written() -> Host:
    """The host of what was written."""
    text = Path("clawprov.yml").read_text()
    (host,) = parse_inventory(text, "clawprov.yml", Path.read_text).hosts.values()
    return host


def test_five_questions_make_an_inventory(type_in: Talk) -> None:
    code, shown = type_in("203.0.113.7\ndebian\nopenclaw\npassword\nstrict\n")
    assert code == Exit.OK
    assert shown.count("\n") >= len(QUESTIONS) == 5
    assert [shown.index(question.text) for question in QUESTIONS] == sorted(
        shown.index(question.text) for question in QUESTIONS
    )
    host = written()
    assert (host.address, host.user, host.product) == ("203.0.113.7", "debian", "openclaw")
    assert (host.auth.mode, host.profile) == ("password", "strict")


def test_an_empty_answer_is_the_default(type_in: Talk) -> None:
    code, shown = type_in("root@203.0.113.7\n\n\n\n")
    assert code == Exit.OK
    assert "user to log in as" not in shown, "the first answer has said it"
    host = written()
    assert (host.user, host.product, host.profile) == ("root", "clawdbot", "balanced")
    assert host.auth.mode == "token"


def test_a_wrong_answer_is_explained_and_asked_again(type_in: Talk) -> None:
    code, shown = type_in(
        "a b\n-oProxyCommand=id\n203.0.113.7\n\nmoltbot\nclawdbot\n\nloose\noff\n"
    )
    assert code == Exit.OK
    assert "Error: 'a b' cannot be a host: it holds ' '" in shown
    assert "cannot be a host: it starts with a dash" in shown
    assert "Error: expected clawdbot or openclaw, found 'moltbot'" in shown
    assert "Error: expected strict, balanced or off, found 'loose'" in shown
    assert written().profile == "off"


def test_what_options_answer_is_not_asked(type_in: Talk) -> None:
    code, shown = type_in("\n\n", "--host", "me@vps1", "--profile", "off")
    assert code == Exit.OK
    asked = [question.option for question in QUESTIONS if question.text in shown]
    assert asked == ["product", "auth"]


@pytest.mark.parametrize("flag", ["--yes", "--json"])
def test_nobody_is_asked_who_does_not_want_to_be(type_in: Talk, flag: str) -> None:
    code, shown = type_in("", "--host", "vps1", flag)
    assert (code, shown) == (Exit.OK, END)
    code, shown = type_in("", flag, "other.yml")
    assert code == Exit.USAGE
    assert "--host is missing" in shown


def test_leaving_in_the_middle_writes_nothing(type_in: Talk) -> None:
    code, shown = type_in("203.0.113.7\n\x04")
    assert code == Exit.INTERRUPTED
    assert "nothing was changed" in shown
    assert list(Path().iterdir()) == []
