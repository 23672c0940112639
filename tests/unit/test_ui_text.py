"""What a person reads: plans like a diff, failures with the next thing to type."""

from __future__ import annotations

import io

import pytest

from provision.errors import ConnectError, InventoryError, ProvisionError
from provision.model.plan import Blocked, Change, Plan
from provision.model.report import Proof, Report, Verdict
from provision.model.secret import Secret
from provision.model.shell import sh
from provision.ui.style import Style, choose_style
from provision.ui.text import show_error, show_plan, show_proof, show_report, show_verdicts

PLAIN, COLOURED = Style(False), Style(True)


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def plan(*changes: Change, blocked: tuple[Blocked, ...] = ()) -> Plan:
    return Plan("box", changes, blocked)


CREATE = Change(
    "file:/etc/a", "create", (sh("x {}", Secret("hunter2")),), "not there", "", "a\nb\n"
)
UPDATE = Change("file:/etc/b", "update", (), "content differs", "one\ntwo\n", "one\n2\n")
RESTART = Change("service:p", "restart", (), "p.json changed since it started")


def test_an_empty_plan_says_so() -> None:
    assert show_plan(plan(), PLAIN) == "box: nothing to change\n"


def test_a_plan_tells_how_much_and_which() -> None:
    made = plan(CREATE)
    assert show_plan(made, PLAIN).splitlines()[0] == f"box: 1 change (plan {made.digest})"
    assert show_plan(plan(CREATE, UPDATE), PLAIN).startswith("box: 2 changes (plan ")


def test_each_change_has_mark_verb_id_and_reason() -> None:
    lines = show_plan(plan(CREATE, RESTART), PLAIN).splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["+", "create", "file:/etc/a", "not", "there"],
        ["~", "restart", "service:p", *["p.json", "changed", "since", "it", "started"]],
    ]


def test_what_differs_is_shown_as_a_diff() -> None:
    lines = show_plan(plan(UPDATE), PLAIN).splitlines()
    assert lines[2:] == ["    @@ -1,2 +1,2 @@", "     one", "    -two", "    +2"]


def test_a_new_file_is_shown_only_when_more_is_wanted() -> None:
    assert "+a" not in show_plan(plan(CREATE), PLAIN)
    assert "    +a\n    +b\n" in show_plan(plan(CREATE), PLAIN, verbose=True)


def test_what_has_to_wait_says_for_what() -> None:
    text = show_plan(plan(blocked=(Blocked("serve:x", "tailnet:join"),)), PLAIN)
    assert text.splitlines()[1] == "? serve:x  after tailnet:join"


def test_no_secret_is_shown() -> None:
    assert "hunter2" not in show_plan(plan(CREATE), COLOURED, verbose=True)


@pytest.mark.parametrize("verbose", [False, True])
def test_colours_change_nothing_but_colours(verbose: bool) -> None:
    import re

    made = plan(CREATE, UPDATE, RESTART, blocked=(Blocked("a:b", "c:d"),))
    coloured = show_plan(made, COLOURED, verbose=verbose)
    assert "\x1b[" in coloured
    bare = re.sub(r"\x1b\[\d+m", "", coloured)
    assert [x.rstrip() for x in bare.splitlines()] == [
        x.rstrip() for x in show_plan(made, PLAIN, verbose=verbose).splitlines()
    ]


def test_an_error_says_where_what_and_what_next() -> None:
    error = ConnectError("no answer", where="box", hint="ping box", log=["line 1", "line 2"])
    assert show_error(error, PLAIN) == (
        "error: box: no answer\n  | line 1\n  | line 2\n  next: ping box\n"
    )


def test_an_error_without_place_and_hint_is_one_line() -> None:
    assert show_error(ProvisionError("no"), PLAIN) == "error: no\n"


def test_the_last_ten_lines_of_what_failed_are_shown() -> None:
    shown = show_error(ProvisionError("no", log=[f"line {n}" for n in range(30)]), PLAIN)
    assert [x for x in shown.splitlines() if "|" in x] == [f"  | line {n}" for n in range(20, 30)]


def test_every_mistake_of_an_inventory_is_shown() -> None:
    mistakes = [ProvisionError(f"wrong {n}", where=f"i.yml:{n}:1") for n in (3, 9)]
    assert show_error(InventoryError(mistakes), PLAIN) == (
        "error: i.yml:3:1: wrong 3\nerror: i.yml:9:1: wrong 9\n"
    )


def test_a_verdict_that_is_not_well_says_what_to_do() -> None:
    lines = show_verdicts((Verdict("a:good", ""), Verdict("a:bad", "leaks", "mend it")), PLAIN)
    assert [line.split() for line in lines.splitlines()] == [
        ["✓", "a:good"],
        ["✗", "a:bad", "leaks"],
        ["next:", "mend", "it"],
    ]


def test_a_note_is_shown_with_its_hint_and_fails_nothing() -> None:
    note = Verdict("a:odd", "", "look at it", note="how \x1b[2Jodd")
    report = Report("box", plan(), verdicts=(Verdict("a:good", ""), note), proof=Proof(True, "x"))
    lines = show_report(report, PLAIN).splitlines()
    assert lines[0].split() == ["!", "a:odd", "how", "odd"]
    assert lines[1] == "  next: look at it"
    assert "a:good" not in lines[2]
    assert report.ok
    assert report.to_dict()["verdicts"] == [
        {"check": "a:good", "ok": True, "problem": "", "note": "", "hint": ""},
        {
            "check": "a:odd",
            "ok": True,
            "problem": "",
            "note": "how \x1b[2Jodd",
            "hint": "look at it",
        },
    ]


def test_a_proof_is_told_with_server_time_and_way() -> None:
    proof = Proof(True, "ssh to 127.0.0.1:1", 12, "clawdbot 1, protocol 3")
    text = show_proof(proof, PLAIN)
    assert text.startswith("✓ proved: clawdbot 1, protocol 3: health in 12 ms, ssh to")


def test_a_missing_proof_is_told_with_its_problem() -> None:
    assert show_proof(Proof(False, "ssh", problem="nobody there"), PLAIN) == (
        "✗ not proved: nobody there"
    )


def test_a_report_shows_problems_proof_and_last_words() -> None:
    verdicts = (Verdict("a:good", ""), Verdict("a:bad", "leaks", "mend it"))
    report = Report("box", plan(), (), (), verdicts, Proof(False, "x", problem="no"), log=("bye",))
    text = show_report(report, PLAIN)
    assert "a:good" not in text
    assert [part for part in ("a:bad", "not proved: no", "  | bye") if part not in text] == []
    assert not report.ok


@pytest.mark.parametrize(
    ("stream", "environment", "on"),
    [
        (Screen(), {"TERM": "xterm"}, True),
        (Screen(), {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (Screen(), {"TERM": "xterm", "NO_COLOR": ""}, True),
        (Screen(), {"TERM": "dumb"}, False),
        (io.StringIO(), {"TERM": "xterm"}, False),
    ],
)
def test_colours_are_for_terminals_whose_owner_wants_them(
    stream: io.StringIO, environment: dict[str, str], on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert choose_style(stream) == Style(on)


def test_nothing_that_a_server_says_moves_the_cursor() -> None:
    evil = "x\x1b[2J\x9b2J\r"
    shown = show_verdicts((Verdict(evil, evil, evil),), PLAIN)
    shown += show_proof(Proof(True, "x", server=evil), PLAIN)
    assert not set("\x1b\x9b\r") & set(shown)
