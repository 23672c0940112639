"""A grade follows from findings by a rule that everybody can check by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fake_machine import Machine, session

from provision.app.audit import build_stack, judge
from provision.app.outside import tell_answer
from provision.checks.audit import build_rules
from provision.checks.audit.outside import OUTSIDE, read_reach, tell_reach
from provision.cli.audit import code, write_page
from provision.engine.gather import gather
from provision.errors import Exit, UsageError
from provision.model.audit import Audit, Reach, grade
from provision.model.facts import Facts
from provision.model.finding import Finding, Severity
from provision.model.shell import sh
from provision.model.spec import Host
from provision.ui.audit import show_audit, show_page
from provision.ui.style import Style

HERE = Host("box", "localhost")


def finding(severity: Severity, *evidence: str, fixable: bool = False) -> Finding:
    fix = sh("chmod go= /x") if fixable else None
    return Finding("audit:x", severity, "it leaks", "why", "do that", evidence, fix)


@pytest.mark.parametrize(
    ("found", "letter"),
    [
        ([], "A"),
        (["minor", "minor"], "A"),
        (["minor", "minor", "minor"], "B"),
        (["serious"], "C"),
        (["serious", "minor", "minor", "minor", "minor"], "C"),
        (["serious", "serious"], "D"),
        (["minor", "critical"], "F"),
    ],
)
def test_the_worst_finding_decides_then_their_number(found: list[Severity], letter: str) -> None:
    assert grade(map(finding, found)) == letter


def test_a_grade_at_the_limit_is_well_and_a_worse_one_is_not() -> None:
    trifles = Audit("box", "", tuple(map(finding, ["minor"] * 3)))
    assert (trifles.grade, code(trifles, "B"), code(trifles, "A")) == ("B", Exit.OK, Exit.VERIFY)
    leak = Audit("box", "", (finding("serious"),))
    assert (leak.grade, code(leak, "B"), code(leak, "C")) == ("C", Exit.VERIFY, Exit.OK)


def test_the_whole_inside_is_one_exec_and_a_silent_server_has_nothing_wrong() -> None:
    machine = Machine()
    asked = session(machine)
    found = judge(HERE, asked, gather(asked, build_stack("box")))
    assert machine.kinds == ["gather"]
    assert (found.findings, found.unknown) == ((), ())
    assert set(found.clean) == {rule.id for rule in build_rules()}


@pytest.mark.parametrize(
    "told",
    [
        "gateways=527\n",  # in a container say, whose sockets are not seen
        "gateways=527\n"
        'tcp LISTEN 0 511 127.0.0.1:18789 0.0.0.0:* users:(("clawdbot",pid=527,fd=22))\n',
    ],
)
def test_a_gateway_that_gives_no_answer_is_not_said_to_ask_for_a_secret(
    told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("provision.app.audit.VISIT_S", 0.1)
    asked = session(Machine({"audit:gateway-port": told}))
    found = judge(HERE, asked, gather(asked, build_stack("box")))
    assert found.unknown == ("audit:authentication",)


def test_what_a_server_answers_becomes_findings_the_worst_first() -> None:
    machine = Machine({
        "audit:updates": "apt=yes\nstopped=apt-daily.timer\n",
        "audit:rights": "root\tprocess 12\troot\n",
        "audit:system": "Debian 12\n",
        "audit:version": "clawdbot\t2026.1.24-3\t/usr/lib/node_modules/clawdbot\n",
        "audit:there": "unit\troot\tclawdbot\t/etc/systemd/system/clawdbot.service\n",
    })  # fmt: skip
    asked = session(machine)
    found = judge(HERE, asked, gather(asked, build_stack("box")))
    assert [one.rule for one in found.findings] == ["audit:rights", "audit:updates"]
    assert (found.grade, found.system) == ("C", "Debian 12")
    assert found.gateways == (
        "clawdbot 2026.1.24-3 in /usr/lib/node_modules/clawdbot",
        "root's clawdbot gateway is here: unit clawdbot.service",
    )
    assert "clawprov adopt box" in found.findings[0].hint


def test_what_can_be_mended_is_a_plan() -> None:
    row = "ada:1000\t-rw-r--r-- ada\t/home/ada/.clawdbot/clawdbot.json\n"
    seen = gather(session(Machine({"audit:modes": row})), build_stack("box"))
    (change,) = seen.plan.changes
    assert (change.resource, change.verb) == ("audit:modes", "fix")
    assert [c.text for c in change.commands] == [
        "as ada:1000 chmod go= -- /home/ada/.clawdbot/clawdbot.json"
    ]


def test_evidence_is_shown_in_short_and_in_full_without_what_moves_the_cursor() -> None:
    lines = tuple(f"line {n}\x1b[2J" for n in range(9))
    found = Audit("box", "", (finding("serious", *lines),), tried=3, addresses=("10.0.0.1",))
    short = show_audit(found, Style(False))
    assert "    | line 5\n    | and 3 more\n    why:  why\n    next: do that\n" in short
    assert "line 8\n" in show_audit(found, Style(False), verbose=True)
    assert "\x1b" not in short
    assert "3 ports on 10.0.0.1 tried from here; open: none\n" in short


def test_what_can_be_mended_says_how() -> None:
    found = Audit("box", "", (finding("serious", fixable=True),))
    assert "next: the same command with --fix mends it" in show_audit(found, Style(False))


def test_the_document_tells_grade_evidence_and_what_was_reached() -> None:
    there = Reach("2001:db8::7", 18789, "plain http 200")
    found = Audit("box", "now", (finding("critical", "a"),), tried=1, reached=(there,),
                  no_way=("fd00::1",))  # fmt: skip
    document = json.loads(json.dumps(found.to_dict()))
    assert document["grade"] == "F"
    assert document["findings"][0]["evidence"] == ["a"]
    assert document["outside"]["reached"] == ["[2001:db8::7]:18789"]
    assert document["outside"]["no_way"] == ["fd00::1"]


NASTY = "<script>alert(1)</script>\" onload='x' & {{ 7 * 7 }}"


def test_a_page_shows_whatever_a_server_says_as_text_and_asks_for_nothing_else() -> None:
    nasty = Finding(NASTY, "serious", NASTY, NASTY, NASTY, (NASTY,))
    page = show_page(
        Audit(NASTY, "now", (nasty,), (NASTY,), NASTY, (NASTY,), (NASTY,), (NASTY,), (), 1), "1.0"
    )
    assert "<script" not in page.replace("&lt;script", "")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34; onload=&#39;x&#39; &amp; {{ 7 * 7 }}" in page
    assert not [word for word in ("http:", "https:", "src=", "href=", "url(") if word in page]


def test_a_page_without_findings_says_so() -> None:
    page = show_page(Audit("box", "now", asked=("audit:modes",)), "1.0")
    assert "Nothing was found to be wrong." in page
    assert ">A</div>" in page
    assert "<p>modes.</p>" in page


def test_a_page_is_its_owner_s_alone_and_one_that_cannot_be_written_is_told(
    tmp_path: Path,
) -> None:
    write_page(str(tmp_path / "a.html"), Audit("box", "now"))
    (tmp_path / "b.html").touch(0o644)
    write_page(str(tmp_path / "b.html"), Audit("half a \ud83d", "now"))
    assert "half a ?" in (tmp_path / "b.html").read_text()
    for name in ("a.html", "b.html"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    with pytest.raises(UsageError, match="cannot write it: no such file or directory"):
        write_page(str(tmp_path / "no/a.html"), Audit("box", "now"))


def test_a_title_of_several_lines_is_one_answer() -> None:
    told = tell_answer("HTTP/1.0 200 OK\r\n\r\n<title>\n  Grafana\u2028 10.0.0.9 22 x\n</title>")
    assert told == "plain http 200, Grafana 10.0.0.9 22 x"
    there = (Reach("10.0.0.1", 3000, told),)
    assert read_reach(Facts({OUTSIDE: tell_reach(there)})) == there
    assert tell_answer("SSH-2.0-OpenSSH\r\n") == ""


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "localhost"])
def test_a_port_of_this_machine_that_leads_to_a_server_says_nothing_of_its_other_ports(
    address: str,
) -> None:
    asked = session(Machine())
    found = judge(Host("box", address, user="root", port=2222), asked,
                  gather(asked, build_stack("box")))  # fmt: skip
    assert (found.addresses, found.reached) == ((), ())
