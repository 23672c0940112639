"""Two at once: the same person joins in, another one is told who is at work."""

from __future__ import annotations

import re

from machines import audit, forget_release, installing
from persons import Person

from provision.lab import Box


def test_the_same_person_joins_and_another_is_told_who_it_is(yard: Box, person: Person) -> None:
    forget_release(yard)
    earlier = len(audit(yard))
    first = person.start("up", yard.name, "--json")
    first.reach(lambda: installing(yard))
    second = person.start("up", yard.name, "--json")
    third = person.called("bob").run("up", yard.name)
    assert third.refused(8, "has been changing this server since 20")
    assert re.search(r"ada@\S+ has been", third.err)
    fourth = person.called("bob").run("plan", yard.name)
    ends = first.end(), second.end()
    assert [said.exit for said in (*ends, fourth)] == [0, 0, 0]
    assert ends[0].done == ["release:clawdbot"]
    assert second.told(" attach ")
    assert (ends[1].planned, ends[1].done) == ([], [])
    assert all(said.answer["proof"]["ok"] for said in ends)
    begun, ended = audit(yard)[earlier:]
    assert (begun["changes"], ended["exit"]) == (["release:clawdbot"], 0)
    assert person.called("bob").run("up", yard.name).exit == 0
