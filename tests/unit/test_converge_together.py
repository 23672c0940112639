"""Two who change one machine: the second waits, attaches or looks again, and never doubles."""

from __future__ import annotations

import pytest
from fake_machine import IDLE, Diary, Machine, Part, session, stack

from provision.engine.job import attach_script
from provision.engine.run import converge
from provision.engine.watch import Watch
from provision.errors import Exit, LockedError

A = Part("a")
RUNNING = (
    "ActiveState=active\nMainPID=9\nwho={who}\nsince=2026-01-02T03:04:05Z\nnonce=ff00\nserial=3\n"
)


def test_somebody_elses_job_locks_us_out() -> None:
    machine = Machine(jobs=[RUNNING.format(who="bob@desk")])
    with pytest.raises(LockedError) as caught:
        converge(session(machine, who="ann@laptop"), stack(A))
    assert caught.value.what == (
        "bob@desk has been changing this server since 2026-01-02T03:04:05Z"
    )
    assert caught.value.exit is Exit.LOCKED
    assert machine.kinds == ["gather"]


def test_a_job_of_unknown_owner_locks_us_out_too() -> None:
    machine = Machine(jobs=["ActiveState=activating\nserial=0\n"])
    with pytest.raises(LockedError, match="somebody has been changing"):
        converge(session(machine), stack(A))


def test_our_own_job_is_followed_to_its_end_and_gone_on_from() -> None:
    machine = Machine(jobs=[RUNNING.format(who="ann@laptop"), IDLE])
    diary = Diary()
    result = converge(session(machine, diary, who="ann@laptop"), stack(A))
    assert machine.kinds == ["gather", "attach", "gather", "apply", "gather"]
    assert machine.scripts[1] == attach_script("ff00")
    assert "step attach to the run that began 2026-01-02T03:04:05Z" in diary.told
    assert "detail at it" in diary.told
    assert [o.resource for o in result.outcomes] == ["part:a"]


def test_following_our_own_job_makes_no_outcomes_of_ours() -> None:
    machine = Machine({"part:a": "made"}, jobs=[RUNNING.format(who="ann@laptop"), IDLE])
    result = converge(session(machine, who="ann@laptop"), stack(A))
    assert machine.kinds == ["gather", "attach", "gather"]
    assert result.outcomes == ()


def test_the_log_of_our_own_job_is_read_with_its_own_nonce() -> None:
    diary = Diary()
    watch = Watch("ff00", (), diary)
    for line in ("ff00 begin part:other", "~ at it", "ff00 end 0", "ff00 done"):
        watch.line(line)
    assert diary.told == ["step part:other", "detail at it", "done 0"]
    assert watch.word == "done"


def test_confirmation_is_asked_only_for_the_plan_that_is_left_when_our_job_is_over() -> None:
    machine = Machine({"part:a": "made"}, jobs=[RUNNING.format(who="ann@laptop"), IDLE])
    asked: list[tuple[object, ...]] = []
    converge(session(machine, who="ann@laptop"), stack(A), lambda s: asked.append(s.plan.changes))
    assert asked == [()]


@pytest.mark.parametrize("word", ["stale", "busy"])
def test_facts_that_are_old_are_gathered_again(word: str) -> None:
    machine = Machine(ends=[word, "done"])
    result = converge(session(machine), stack(A))
    assert machine.kinds == ["gather", "apply", "gather", "apply", "gather"]
    assert [o.resource for o in result.outcomes] == ["part:a"]


def test_old_facts_are_no_round() -> None:
    machine = Machine(ends=["stale", "stale", "stale", "stale", "done"])
    converge(session(machine), stack(A))
    assert machine.kinds.count("apply") == 5


def test_the_apply_script_carries_the_serial_of_its_facts() -> None:
    machine = Machine(jobs=["ActiveState=inactive\nserial=4711\n"])
    converge(session(machine), stack(A))
    assert "= 4711 ] || { frame stale; return; }" in machine.scripts[1].text


def test_a_line_that_only_looks_like_a_frame_is_output() -> None:
    diary = Diary()
    watch = Watch("ff00", (), diary)
    for line in ("ff00 begin part:a", "ee00 end 0", "end 0", " ff00 end 0", "ff00 end 9"):
        watch.line(line)
    (outcome,) = watch.outcomes
    assert (outcome.status, outcome.exit) == ("failed", 9)
    assert outcome.tail == ("ee00 end 0", "end 0", " ff00 end 0")
