"""Lines of a person's own in the unit: tried by systemd first, then in force by one restart."""

from __future__ import annotations

from machines import UNIT, out, show
from persons import Person

from provision.lab import Box

PLACE = f"/etc/systemd/system/{UNIT}"


def test_a_line_that_systemd_does_not_take_leaves_the_gateway_alone(
    yard: Box, person: Person
) -> None:
    assert person.run("up", yard.name).exit == 0
    before = out(yard, f"sha256sum {PLACE}"), show(yard, "MainPID")
    said = person.wishing(yard.name, unit=["MemoryMax=plenty"]).run("up", yard.name)
    assert said.refused(6, f"file:{PLACE} failed")
    assert "'plenty'" in said.err
    assert (out(yard, f"sha256sum {PLACE}"), show(yard, "MainPID")) == before


def test_a_good_line_is_in_force_after_one_restart_and_gone_after_another(
    yard: Box, person: Person
) -> None:
    wish = person.wishing(yard.name, unit=["LimitNOFILE=4321"])
    said = wish.run("up", yard.name, "--json")
    assert (said.exit, said.done) == (0, [f"file:{PLACE}", "service:clawdbot-gateway"])
    assert show(yard, "LimitNOFILE")["LimitNOFILE"] == "4321"
    assert wish.run("plan", yard.name, "--exit-code").exit == 0
    assert person.run("up", yard.name).exit == 0
    assert show(yard, "LimitNOFILE")["LimitNOFILE"] != "4321"
