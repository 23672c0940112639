"""The table of `verify`, and the same for CI systems."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

import pytest

from provision.errors import ConnectError
from provision.model.plan import Plan
from provision.model.report import Proof, Report, Verdict
from provision.ui.checkpoints import Row, build_rows, show_changes, show_table
from provision.ui.junit import show_junit, show_junit_error
from provision.ui.style import Style

PLAIN = Style(False)
WELL = (
    Verdict("host:as-planned", "", detail="nothing to change"),
    Verdict("preflight:system", ""),
    Verdict("preflight:disk", ""),
    Verdict("gateway:loopback", "", detail="127.0.0.1:18789"),
    Verdict("gateway:steady", "", detail="active for 3 h"),
    Verdict("tunnel:running", ""),
)
PROVED = Proof(True, "ssh to 127.0.0.1:18789", 16, "clawdbot 1, protocol 3")


def report(*verdicts: Verdict, proof: Proof = PROVED) -> Report:
    return Report("vps1", Plan("vps1", product="p@1"), verdicts=verdicts, proof=proof, seconds=0.5)


def test_a_host_that_is_well_is_read_in_one_look() -> None:
    assert show_table(report(*WELL), PLAIN).splitlines() == [
        "vps1: p@1",
        "checkpoints",
        "✓ gateway:steady     active for 3 h",
        "✓ gateway:websocket  clawdbot 1, protocol 3: health in 16 ms, ssh to 127.0.0.1:18789",
        "ways in",
        "✓ tunnel:running",
        "security",
        "✓ gateway:secret     a wrong one and none are refused",
        "✓ gateway:loopback   127.0.0.1:18789",
        "server",
        "✓ host:as-planned    nothing to change",
        "✓ preflight          system, disk",
        "✓ all well: 8 checks, 0.5 s",
    ]


def test_what_is_not_well_has_the_next_command_below() -> None:
    bad = (Verdict("preflight:disk", "/opt is full", "make room"), Verdict("a:b", "", note="odd"))
    text = show_table(report(*WELL[:2], *bad, proof=Proof(False, "ssh", problem="nobody")), PLAIN)
    assert "✗ preflight:disk     /opt is full\n  next: make room\n" in text
    assert "! a:b                odd\n" in text
    assert "✗ gateway:websocket  nobody\n  next: clawprov doctor vps1\n" in text
    assert "gateway:secret" not in text
    assert text.endswith("✗ 2 of 5 checks failed, 0.5 s\n")


def test_questions_that_have_found_nothing_are_left_out() -> None:
    asked = (Verdict("tailscale:serve", ""), Verdict("funnel:open", "", detail="closed"))
    text = show_table(report(*asked, Verdict("tailnet:node", "is gone")), PLAIN)
    assert "tailscale:serve" not in text
    assert "✓ funnel:open        closed\n" in text
    assert "✗ tailnet:node       is gone\n" in text


def test_all_rows_are_shown_where_more_is_wanted() -> None:
    text = show_table(report(*WELL), PLAIN, verbose=True)
    assert "✓ preflight:system\n✓ preflight:disk\n" in text


@pytest.mark.parametrize("width", [60, 80, 200])
def test_no_line_but_a_command_is_wider_than_the_terminal(width: int) -> None:
    long = Verdict("a:b", "word " * 60, f"clawprov {'x' * 90}")
    lines = show_table(report(*WELL, long), PLAIN, width=width).splitlines()
    assert max(len(line) for line in lines if not line.startswith("  next: ")) <= width
    assert any(line.endswith("x" * 90) for line in lines)


def test_a_servers_words_move_no_cursor() -> None:
    assert "\x1b" not in show_table(report(Verdict("a:b", "\x1b[2Jgone")), PLAIN)


def test_an_open_funnel_is_shown_in_red() -> None:
    text = show_table(report(Verdict("funnel:open", "", note="open to all")), Style(True))
    assert "\x1b[31m✗\x1b[0m funnel:open" in text


def test_ci_reads_suites_cases_and_failures() -> None:
    bad = Verdict("a:b", 'is <bad> & "odd" \x1b[31m', "mend it")
    note = Verdict("gateway:drop-ins", "", note="one")
    rows = build_rows(report(*WELL, bad, note))
    root = fromstring(show_junit("vps1", rows, seconds=0.5, at="2026-11-23T08:00:00+00:00"))
    suite = root[0]
    assert (root.tag, suite.tag) == ("testsuites", "testsuite")
    assert {key: suite.get(key) for key in ("tests", "failures", "errors", "name", "time")} == {
        "tests": str(len(rows)),
        "failures": "1",
        "errors": "0",
        "name": "vps1",
        "time": "0.500",
    }
    [failed] = [case for case in suite if case.find("failure") is not None]
    assert (failed.get("classname"), failed.get("name")) == ("vps1.a", "b")
    failure = failed.find("failure")
    assert failure is not None
    assert failure.get("message") == 'is <bad> & "odd" [31m'
    assert (failure.text or "").endswith("\nnext: mend it")
    assert len(suite.findall("testcase")) == len(rows)


def test_ci_reads_why_a_host_could_not_be_looked_at() -> None:
    error = ConnectError("no answer", where="vps1", hint="ping vps1")
    suite = fromstring(show_junit_error("vps1", error, at="2026-11-23T08:00:00+00:00"))[0]
    assert (suite.get("errors"), suite.get("tests")) == ("1", "1")
    told = suite[0][0]
    assert (told.tag, told.get("type"), told.text) == (
        "error",
        "ConnectError",
        "no answer\nnext: ping vps1",
    )


def test_rows_are_one_for_each_check() -> None:
    assert Row("a:b", "ill", "bad", "mend") in build_rows(report(Verdict("a:b", "bad", "mend")))


def changes(before: Report | None, now: Report) -> list[str]:
    return show_changes(before and build_rows(before), build_rows(now), PLAIN)


def test_a_watch_tells_first_how_it_is_and_then_what_has_changed() -> None:
    well, ill = report(Verdict("a:b", "")), report(Verdict("a:b", "bad", "mend"))
    assert changes(None, well) == ["3 checks, 0 failed"]
    assert changes(None, ill) == ["3 checks, 1 failed", "✗ a:b  bad", "  next: mend"]
    assert changes(well, well) == []
    assert changes(well, ill) == ["✗ a:b  bad", "  next: mend"]
    assert changes(ill, report(Verdict("a:b", "worse", "mend"))) == []
    assert changes(ill, well) == ["✓ a:b"]
    assert changes(ill, report()) == ["✓ a:b"]
