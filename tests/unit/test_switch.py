"""The dead-man's switch: what could lock us out stays only when somebody has come in after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from fake_machine import Diary, Machine, Part, session, stack

from provision.engine.gather import Session
from provision.engine.run import converge
from provision.engine.switch import PATIENCE_S, guarded
from provision.errors import ApplyError, ConnectError, Exit, LockedError
from provision.model.plan import Change
from provision.model.shell import Sh, sh
from provision.model.transport import Completed

DOOR = Part("door", undo=sh("open the door"))
GATE = Part("gate", undo=sh("open the gate"))
A = Part("a")


def coming_in(machine: Machine, diary: Diary | None = None) -> Session:
    """A session whose fresh connections get in."""

    def fresh(script: Sh) -> Completed:
        machine.kinds.append("connection")
        return machine.execute(script)

    return replace(session(machine, diary), fresh=fresh)


def shut_out(machine: Machine) -> Session:
    def fresh(script: Sh) -> Completed:
        raise ConnectError("no answer within 10 s")

    return replace(session(machine), fresh=fresh)


def test_a_change_that_could_lock_us_out_costs_one_connection_and_one_exec_more() -> None:
    machine, diary = Machine(), Diary()
    result = converge(coming_in(machine, diary), stack(A, DOOR, GATE))
    assert machine.kinds == ["gather", "apply", "gather", "connection", "disarm"]
    assert [o.resource for o in result.outcomes] == [
        "part:a",
        "undo:timer",
        "part:door",
        "part:gate",
    ]
    assert [change.resource for change in result.plan.changes] == [
        "part:a",
        "part:door",
        "part:gate",
    ]
    assert "step undo:timer takes it back in 180 s, unless we come in anew" in diary.told
    assert "job:undo" not in machine.state


def test_other_changes_cost_what_they_always_did() -> None:
    machine = Machine({"part:door": "made"})
    converge(coming_in(machine), stack(A, DOOR))
    assert machine.kinds == ["gather", "apply", "gather"]


def test_there_is_one_timer_and_it_takes_the_last_change_back_first() -> None:
    door = Change("part:door", "create", (), undo=sh("open the door"))
    gate = Change("part:gate", "create", (), undo=sh("open the gate"))
    first, *others = guarded((Change("part:a", "create", ()), door, gate), 7)
    assert [change.resource for change in (first, *others)] == [
        "part:a",
        "undo:timer",
        "part:door",
        "part:gate",
    ]
    script = "\n".join(map(str, others[0].commands))
    assert script.index("open the gate") < script.index("open the door")
    assert "OnActiveSec=7\n" in script


def test_the_server_waits_three_minutes() -> None:
    machine = Machine()
    converge(coming_in(machine), stack(DOOR))
    assert PATIENCE_S == 180
    assert machine.scripts[1].text.count("OnActiveSec=180\n") == 1


def test_whoever_is_shut_out_is_told_and_the_change_is_taken_back_at_once() -> None:
    machine = Machine()
    with pytest.raises(ConnectError) as caught:
        converge(shut_out(machine), stack(DOOR))
    assert machine.kinds == ["gather", "apply", "gather", "undo"]
    assert machine.state == {}
    error = caught.value
    assert error.exit == Exit.CONNECTION
    assert "no answer within 10 s" in error.what
    assert error.what.endswith("the change was taken back")
    assert "clawprov up box again" in error.hint


def test_when_the_connection_is_lost_too_the_server_does_it_by_itself() -> None:
    class Lost(Machine):
        def execute(self, script: Sh, on_line: Callable[[str], None] | None = None) -> Completed:
            if "job:undo" in self.state and self.kinds[-1] == "gather":
                raise ConnectError("the connection was lost")
            return super().execute(script, on_line)

    with pytest.raises(ConnectError, match="takes the change back in 180 s at most"):
        converge(shut_out(Lost()), stack(DOOR))


def test_a_run_that_was_cut_off_is_confirmed_by_the_next_one() -> None:
    machine = Machine({"part:door": "made", "job:undo": "armed=yes"})
    result = converge(coming_in(machine), stack(DOOR))
    assert machine.kinds == ["gather", "connection", "disarm"]
    assert (result.outcomes, machine.state) == ((), {"part:door": "made"})


def test_a_server_that_was_faster_is_looked_at_again() -> None:
    machine = Machine({"part:door": "made", "job:undo": "armed=yes"}, late=True)

    def fresh(script: Sh) -> Completed:
        completed = machine.execute(script)
        machine.late = False
        return completed

    result = converge(replace(session(machine), fresh=fresh), stack(DOOR))
    assert machine.kinds == ["gather", "disarm", "gather", "apply", "gather", "disarm"]
    assert [o.resource for o in result.outcomes] == ["undo:timer", "part:door"]


def test_an_undo_that_does_not_get_through_is_not_waited_for_for_ever() -> None:
    class ReadOnly(Machine):
        def _switch(self, sections: list[str]) -> Iterator[str]:
            return iter(())

    machine = ReadOnly({"part:door": "made", "job:undo": "armed=yes"})
    with pytest.raises(LockedError, match="does not get through") as caught:
        converge(coming_in(machine), stack(DOOR))
    assert machine.kinds.count("gather") == 6
    assert "journalctl -u clawprov-undo" in caught.value.hint


def test_no_dangerous_change_is_begun_when_its_time_is_over() -> None:
    door = Change("part:door", "create", (sh("close"),), undo=sh("open"))
    _, made = guarded((door,), 7)
    assert str(made.commands[0]).startswith("[ -e /var/lib/clawprov/undo/armed ] || ")
    assert made.commands[1:] == door.commands


def test_a_failing_change_leaves_the_timer_to_the_server() -> None:
    machine = Machine(broken={"part:gate": (["no"], 1)})
    with pytest.raises(ApplyError) as caught:
        converge(coming_in(machine), stack(DOOR, GATE))
    assert caught.value.hint.endswith("else the server takes back in 180 s what could lock you out")
    assert machine.state == {"part:door": "made", "job:undo": "armed=yes"}


def test_where_no_connection_can_be_lost_the_one_that_is_there_is_enough() -> None:
    machine = Machine()
    converge(session(machine), stack(DOOR))
    assert machine.kinds == ["gather", "apply", "gather", "disarm"]
