"""Progress: a live line on a terminal, plain lines everywhere else."""

from __future__ import annotations

import io
import re
import time

import pytest

from provision.model.plan import Change, Plan
from provision.ui.progress import Steps, _fit
from provision.ui.style import Style, clean


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def run_steps(stream: io.StringIO, style: Style, wait: float = 0.0) -> str:
    steps = Steps(stream, style)
    steps.plan(Plan("box", (Change("file:/a", "create", ()),)))
    steps.step("file:/a", "not there yet")
    steps.detail("half of it")
    time.sleep(wait)
    steps.done(0)
    steps.step("file:/b")
    steps.done(3)
    steps.close()
    return stream.getvalue()


def test_a_pipe_gets_a_line_for_each_step_and_nothing_else() -> None:
    lines = run_steps(io.StringIO(), Style(False)).splitlines()
    assert [re.sub(r"\d+\.\d s", "T", line).split() for line in lines] == [
        ["✓", "1/1", "file:/a", "T", "not", "there", "yet"],
        ["✗", "file:/b", "T"],
    ]


def test_steps_are_numbered_within_their_plan() -> None:
    stream = io.StringIO()
    steps = Steps(stream, Style(False))
    for names in ("look", "a b c", "look", "d e", "proof"):
        if " " in names:
            steps.plan(Plan("box", tuple(Change(n, "create", ()) for n in names.split())))
        for name in names.split():
            steps.step(name)
            steps.done(0)
    words = [line.split()[1:3] for line in stream.getvalue().splitlines()]
    assert [pair for pair in words if "/" in pair[0]] == [
        ["1/3", "a"],
        ["2/3", "b"],
        ["3/3", "c"],
        ["1/2", "d"],
        ["2/2", "e"],
    ]
    assert [pair[0] for pair in words if "/" not in pair[0]] == ["look", "look", "proof"]


def test_a_pipe_gets_no_escape_codes() -> None:
    text = run_steps(io.StringIO(), Style(False), wait=0.25)
    assert not re.search(r"[\x1b\r\x08]", text)


def test_a_terminal_shows_the_step_while_it_runs_with_its_last_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    text = run_steps(Screen(), Style(False), wait=0.35)
    drawn, _, _ = text.partition("✓")
    assert "file:/a" in drawn
    assert "half of it" in drawn
    assert text.count("\x1b[K") >= 3


def test_a_terminal_is_left_clean() -> None:
    assert run_steps(Screen(), Style(False)).endswith("\r\x1b[K")


def test_without_colours_a_terminal_gets_none() -> None:
    assert not re.search(r"\x1b\[\d+m", run_steps(Screen(), Style(False), wait=0.25))
    assert re.search(r"\x1b\[32m✓", run_steps(Screen(), Style(True)))


def test_the_live_line_never_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    screen = Screen()
    steps = Steps(screen, Style(False))
    steps.step("file:/etc/" + "x" * 200)
    steps.detail("y" * 500)
    time.sleep(0.25)
    steps.close()
    frames = screen.getvalue().split("\r\x1b[K")
    assert max(len(frame) for frame in frames) <= 29
    assert any("file:/etc/xx" in frame for frame in frames)


def test_a_step_that_is_over_cannot_end_twice() -> None:
    stream = io.StringIO()
    steps = Steps(stream, Style(False))
    steps.done(0)
    steps.step("a:b")
    steps.done(0)
    steps.done(1)
    assert stream.getvalue().count("\n") == 1


def test_steps_that_were_never_begun_can_be_closed() -> None:
    stream = io.StringIO()
    Steps(stream, Style(False)).close()
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("text", "columns", "shown"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "abc"),
        ("日本", 3, "日"),
        ("abc", 0, ""),
    ],
)
def test_a_text_is_fitted_by_the_room_it_takes(text: str, columns: int, shown: str) -> None:
    assert _fit(text, columns) == shown


@pytest.mark.parametrize(
    ("told", "shown"),
    [("a\x1b[31mb", "ab"), ("a\r\nb\tc", "abc"), ("\x1b]0;x", "0;x"), ("ä日", "ä日")],
)
def test_a_text_of_the_server_moves_no_cursor(told: str, shown: str) -> None:
    assert clean(told) == shown


def test_nothing_is_drawn_over_a_question() -> None:
    screen = Screen()
    steps = Steps(screen, Style(False))
    steps.step("look")
    with steps.asking():
        before = screen.getvalue()
        time.sleep(0.35)
        assert screen.getvalue() == before
    time.sleep(0.35)
    assert len(screen.getvalue()) > len(before)
    steps.done(0)
    steps.close()
