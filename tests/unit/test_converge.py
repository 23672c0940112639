"""Converging: gather, plan, apply until nothing is left, and honest when that fails."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_machine import Diary, Machine, Part, session, stack

from provision.engine.gather import Seen, Stack, gather
from provision.engine.run import converge
from provision.engine.watch import TAIL
from provision.errors import ApplyError, ConnectError, Exit, UnsupportedError
from provision.model.report import Check
from provision.model.shell import sh

A, B = Part("a"), Part("b")
MADE = {"part:a": "made", "part:b": "made"}


def test_nothing_to_do_takes_one_exec() -> None:
    machine = Machine(dict(MADE))
    result = converge(session(machine), stack(A, B))
    assert machine.kinds == ["gather"]
    assert (result.plan.changes, result.outcomes) == ((), ())


def test_one_round_of_change_takes_three_execs() -> None:
    machine = Machine()
    result = converge(session(machine), stack(A, B))
    assert machine.kinds == ["gather", "apply", "gather"]
    assert [(o.resource, o.status, o.exit) for o in result.outcomes] == [
        ("part:a", "done", 0),
        ("part:b", "done", 0),
    ]
    assert [change.resource for change in result.plan.changes] == ["part:a", "part:b"]
    assert result.seen.plan.changes == ()


def test_only_what_differs_is_touched() -> None:
    machine = Machine({"part:a": "made"})
    converge(session(machine), stack(A, B))
    assert "begin part:a\n" not in machine.scripts[1].text
    assert "make b" in machine.scripts[1].text


def test_what_was_blocked_has_its_turn_in_the_next_round() -> None:
    machine = Machine()
    result = converge(session(machine), stack(Part("b", after="a"), A))
    assert machine.kinds == ["gather", "apply", "gather", "apply", "gather"]
    assert [o.resource for o in result.outcomes] == ["part:a", "part:b"]
    assert [blocked.resource for blocked in result.plan.blocked] == ["part:b"]


def test_every_script_has_a_nonce_of_its_own() -> None:
    machine = Machine()
    converge(session(machine), stack(A))
    firsts = [script.text.splitlines()[0] for script in machine.scripts]
    assert len(set(firsts)) == 3


def test_a_failing_step_is_told_with_its_last_lines() -> None:
    lines = [f"line {n}" for n in range(70)]
    machine = Machine(broken={"part:a": (["~ a passing word", *lines, ""], 4)})
    with pytest.raises(ApplyError) as caught:
        converge(session(machine), stack(A, B))
    error = caught.value
    assert error.what == "part:a failed with exit code 4"
    assert error.log == tuple(lines[-TAIL:])
    assert (error.where, error.exit) == ("box", Exit.APPLY)
    assert "clawprov up box" in error.hint


def test_after_a_failing_step_nothing_else_is_done() -> None:
    machine = Machine(broken={"part:a": (["no"], 1)})
    with pytest.raises(ApplyError):
        converge(session(machine), stack(A, B))
    assert machine.kinds == ["gather", "apply"]
    assert machine.state == {}


def test_a_lost_run_is_gone_on_with_by_the_next() -> None:
    machine = Machine(broken={"part:b": (["no"], 1)})
    with pytest.raises(ApplyError):
        converge(session(machine), stack(A, B))
    machine.broken.clear()
    result = converge(session(machine), stack(A, B))
    assert [change.resource for change in result.plan.changes] == ["part:b"]


def test_a_machine_that_stays_as_it_is_ends_in_an_error_after_three_rounds() -> None:
    machine = Machine(forgetful=True)
    with pytest.raises(ApplyError, match="still not as planned after 3 rounds: part:a, part:b"):
        converge(session(machine), stack(A, B))
    assert machine.kinds.count("apply") == 3


def test_a_job_that_vanishes_is_an_error() -> None:
    machine = Machine(ends=[""])
    with pytest.raises(ApplyError, match="ended our job before it was through"):
        converge(session(machine), stack(A))


def test_an_answer_that_is_cut_short_is_no_answer() -> None:
    with pytest.raises(ConnectError) as caught:
        gather(session(Machine(dict(MADE), cut=4)), stack(A))
    assert caught.value.where == "box"
    assert caught.value.exit is Exit.CONNECTION


def small(problem: str) -> Check:
    return Check("preflight:size", sh("wc"), lambda r, f: problem, hint="take a larger one")


def test_a_machine_that_does_not_suit_is_refused_before_anything_is_applied() -> None:
    machine = Machine()
    with pytest.raises(UnsupportedError, match="too small"):
        converge(session(machine), Stack("box", (small("too small"),), (A,)))
    assert machine.kinds == ["gather"]


def test_a_machine_that_is_made_already_may_be_what_it_is() -> None:
    machine = Machine(dict(MADE))
    result = converge(session(machine), Stack("box", (small("too small"),), (A,)))
    assert [verdict.problem for verdict in result.seen.preflight] == ["too small"]


def test_checks_ride_with_the_probes() -> None:
    machine = Machine({"part:a": "made", "gateway:steady": "ActiveState=failed"})
    asked = Check("gateway:steady", sh("systemctl"), lambda r, f: f"it says {r.out}")
    result = converge(session(machine), Stack("box", (), (A,), (asked,)))
    assert machine.kinds == ["gather"]
    assert [v.problem for v in result.seen.verdicts] == ["it says ActiveState=failed"]


def test_notes_are_known_before_anything_is_changed() -> None:
    machine = Machine({"preflight:size": "", "gateway:steady": ""})
    odd = replace(small("rather small"), note=True)
    asked = Check("gateway:steady", sh("systemctl"), lambda r, f: "it wobbles", note=True)
    seen = gather(session(machine), Stack("box", (odd,), (A,), (asked,)))
    assert [verdict.note for verdict in seen.notes] == ["rather small", "it wobbles"]


def test_whoever_says_no_to_the_plan_stops_it() -> None:
    machine = Machine()

    def never(seen: Seen) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        converge(session(machine), stack(A), never)
    assert machine.kinds == ["gather"]


def test_the_plan_is_confirmed_once() -> None:
    asked: list[Seen] = []
    converge(session(Machine()), stack(Part("b", after="a"), A), asked.append)
    assert [[c.resource for c in seen.plan.changes] for seen in asked] == [["part:a"]]


def test_progress_hears_of_every_step_and_passing_word() -> None:
    diary = Diary()
    converge(session(Machine(), diary), stack(A))
    assert diary.told == [
        "step look at what is there",
        "done 0",
        "plan 1",
        "step part:a not there yet",
        "detail a passing word",
        "done 0",
        "step look at what is there",
        "done 0",
    ]
