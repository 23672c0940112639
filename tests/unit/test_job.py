"""The job: a script that a supervisor can run alone, and that leaves nothing secret behind."""

from __future__ import annotations

import json
import re

import pytest

from provision.engine.job import PROBE, Job, apply_script, attach_script, read_job
from provision.model.facts import Facts, Reading
from provision.model.plan import Change, Plan
from provision.model.secret import Secret
from provision.model.shell import Sh, sh

NONCE = "5ca1ab1e"
PLAN = Plan(
    "box",
    (
        Change("secret:/etc/p", "create", (sh("put {}", Secret("hunter2")),)),
        Change("file:/etc/x", "create", (sh("touch {}", "/etc/x"),)),
    ),
    product="p@1.2.3",
)


JOB = re.findall(
    r"job=(\S+\.sh) ", apply_script(PLAN, serial=0, who="", verb="", nonce=NONCE).text
)[0]


def script(plan: Plan = PLAN, who: str = "ann@laptop") -> Sh:
    return apply_script(plan, serial=321, who=who, verb="up", nonce=NONCE)


def test_the_shown_script_is_the_script_with_masks() -> None:
    made = script()
    assert made.text.count("hunter2") == 1
    assert "hunter2" not in made.shown
    assert made.shown.replace("put '***'", "put hunter2").replace(
        "NONCE='***'", f"NONCE={NONCE}"
    ) == (made.text)


def test_the_inner_script_removes_itself_before_all_else() -> None:
    inner = script().text.split("<<'EOF")[1]
    places = [
        inner.index(word) for word in (f"rm -f {JOB}", "= 321 ]", "put hunter2", "touch /etc/x")
    ]
    assert places == sorted(places)


def test_nobody_but_root_can_read_script_and_log() -> None:
    text = script().text
    assert text.index("umask 077; mkdir -p /run/clawprov") < text.index('cat >"$job"')


def test_the_lock_is_the_name_of_the_unit() -> None:
    assert "--unit=clawprov-apply.service" in script().text
    assert "frame busy" in script().text


def test_facts_that_are_old_stop_the_job_before_it_begins() -> None:
    text = script().text
    stale = "= 321 ] || { frame stale; return; }"
    assert text.index(stale) < text.index("steps; ended=$?")


def test_a_secret_is_on_no_command_line_of_the_supervisor() -> None:
    (started,) = [line for line in script().text.splitlines() if line.startswith("systemd-run")]
    assert "hunter2" not in started
    assert NONCE not in started
    assert ' sh "$job" ' in started


def test_no_file_name_tells_the_nonce() -> None:
    paths = re.findall(r"/run/clawprov/\S*", script().text + attach_script(NONCE).text)
    assert paths
    assert [path for path in paths if NONCE in path] == []


def audit_entries(text: str) -> list[dict[str, object]]:
    lines = [
        line.removeprefix("audit ") for line in text.splitlines() if line.startswith("audit '")
    ]
    return [
        json.loads("{" + line.replace("""'"$ended\"""", "0").strip("'") + "}") for line in lines
    ]


def test_the_audit_says_who_wanted_what_and_how_it_ended() -> None:
    begun, ended = audit_entries(script().text)
    known = {"who": "ann@laptop", "verb": "up", "plan": PLAN.digest}
    wish = {"product": "p@1.2.3", "changes": ["secret:/etc/p", "file:/etc/x"]}
    assert begun == known | wish
    assert ended == known | {"exit": 0}


@pytest.mark.parametrize("who", ["o'hara@laptop", "a b@c", "x$(id)@y"])
def test_a_name_is_quoted_whatever_is_in_it(who: str) -> None:
    quoted = sh("{}", who).text
    assert f"nonce=%s\\n' {quoted} \"$(date" in script(who=who).text


def test_attaching_runs_nothing_of_the_plan() -> None:
    text = attach_script(NONCE).text
    assert f"log={JOB.removesuffix('.sh')}.log" in text
    assert "systemd-run" not in text
    assert NONCE not in str(attach_script(NONCE))


def seen(out: str) -> Facts:
    return Facts({PROBE.id: Reading(0, out)})


@pytest.mark.parametrize(
    ("out", "job"),
    [
        ("", Job(False, "", "", "", 0)),
        ("ActiveState=inactive\nMainPID=0\nserial=0\n", Job(False, "", "", "", 0)),
        (
            "ActiveState=active\nMainPID=9\nwho=bob@desk\nsince=2026-01-02T03:04:05Z\nnonce=ff\n"
            "serial=321\n",
            Job(True, "bob@desk", "2026-01-02T03:04:05Z", "ff", 321),
        ),
        ("ActiveState=activating\nserial=7\n", Job(True, "", "", "", 7)),
        ("ActiveState=failed\nwho=bob@desk\nserial=7\n", Job(False, "bob@desk", "", "", 7)),
    ],
)
def test_the_last_job_is_read_from_the_facts(out: str, job: Job) -> None:
    assert read_job(seen(out)) == job
