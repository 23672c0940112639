"""The plan: what differs, in order, as a value that keeps secrets to itself."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from fake_machine import Part

from provision.engine.guard import refuse
from provision.engine.plan import build_plan, judge
from provision.errors import Exit, UnsupportedError
from provision.model.facts import Facts, Reading
from provision.model.plan import Blocked, Change, Plan
from provision.model.report import Check, Verdict
from provision.model.secret import Secret
from provision.model.shell import sh

CHANGE = Change("file:/etc/x", "create", (sh("put {}", Secret("hunter2")),), "not there yet")
PLAN = Plan("box", (CHANGE,), (Blocked("serve:x", "tailnet:join"),), "p@1.2.3")


def facts(**out: str) -> Facts:
    return Facts({f"part:{name}": Reading(0, text) for name, text in out.items()})


def test_the_plan_has_what_differs_in_the_order_of_the_resources() -> None:
    plan = build_plan("box", [Part("c"), Part("a"), Part("b")], facts(a="made", b="", c=""))
    assert [change.resource for change in plan.changes] == ["part:c", "part:b"]


def test_what_has_to_wait_is_listed_as_blocked() -> None:
    plan = build_plan("box", [Part("a"), Part("b", after="a")], facts(a="", b=""))
    assert plan.blocked == (Blocked("part:b", "part:a"),)
    assert [change.resource for change in plan.changes] == ["part:a"]


def test_nothing_to_do_is_an_empty_plan() -> None:
    assert build_plan("box", [Part("a")], facts(a="made")) == Plan("box")


def test_the_digest_is_twelve_hex_digits_and_always_the_same() -> None:
    assert re.fullmatch(r"[0-9a-f]{12}", PLAN.digest)
    again = Change(CHANGE.resource, CHANGE.verb, CHANGE.commands, CHANGE.why)
    assert Plan("box", (again,)).digest == PLAN.digest


@pytest.mark.parametrize(
    "other",
    [
        Plan("box2", (CHANGE,)),
        Plan("box", (CHANGE, CHANGE)),
        Plan("box", (Change("file:/etc/y", "create", CHANGE.commands, CHANGE.why),)),
        Plan("box", (Change("file:/etc/x", "update", CHANGE.commands, CHANGE.why),)),
        Plan("box", (Change("file:/etc/x", "create", CHANGE.commands, "content differs"),)),
        Plan("box", (Change("file:/etc/x", "create", (sh("put it"),), CHANGE.why),)),
    ],
)
def test_the_digest_is_another_for_every_visible_difference(other: Plan) -> None:
    assert other.digest != PLAN.digest


def test_the_digest_tells_nothing_of_a_secret() -> None:
    other = Change("file:/etc/x", "create", (sh("put {}", Secret("tops3cret")),), "not there yet")
    assert Plan("box", (other,)).digest == PLAN.digest


def test_the_dictionary_of_a_plan_is_json_without_secrets() -> None:
    text = json.dumps(PLAN.to_dict())
    assert "hunter2" not in text
    assert json.loads(text) == {
        "digest": PLAN.digest,
        "product": "p@1.2.3",
        "changes": [{"id": "file:/etc/x", "verb": "create", "why": "not there yet"}],
        "blocked": [{"id": "serve:x", "on": "tailnet:join"}],
    }


def test_a_plan_does_not_print_its_secrets() -> None:
    assert "hunter2" not in repr(PLAN)


def check(name: str, problem: str) -> Check:
    return Check(name, sh("true"), lambda reading, facts: problem, hint="do something")


def test_a_check_that_is_content_gives_no_hint() -> None:
    seen = Facts({"a:good": Reading(0, ""), "a:bad": Reading(0, "")})
    assert judge([check("a:good", ""), check("a:bad", "it leaks")], seen) == (
        Verdict("a:good", ""),
        Verdict("a:bad", "it leaks", "do something"),
    )


def test_what_a_noting_check_finds_fails_nothing() -> None:
    seen = Facts({"a:good": Reading(0, ""), "a:odd": Reading(0, "")})
    checks = [
        replace(check("a:good", ""), note=True),
        replace(check("a:odd", "how odd"), note=True),
    ]
    good, odd = judge(checks, seen)
    assert (good, odd) == (Verdict("a:good", ""), Verdict("a:odd", "", "do something", "how odd"))
    assert (good.silent, odd.silent, odd.ok) == (True, False, True)
    refuse(PLAN, [odd])


def test_a_check_judges_its_own_reading_and_sees_the_others() -> None:
    seen = Facts({"a:own": Reading(7, "own"), "a:other": Reading(0, "other")})
    asked = Check("a:own", sh("true"), lambda r, f: f"{r.exit} {r.out} {f['a:other'].out}")
    assert [verdict.problem for verdict in judge([asked], seen)] == ["7 own other"]


def test_the_guard_refuses_with_every_reason() -> None:
    verdicts = [
        Verdict("preflight:a", "no room", "make room"),
        Verdict("preflight:b", ""),
        Verdict("preflight:c", "no clock", "wind it"),
        Verdict("preflight:d", "no luck"),
    ]
    with pytest.raises(UnsupportedError) as caught:
        refuse(PLAN, verdicts)
    error = caught.value
    assert (error.what, error.where, error.hint) == ("no room", "box", "make room")
    assert error.log == ("also: no clock (wind it)", "also: no luck")
    assert error.exit is Exit.UNSUPPORTED


def test_the_guard_lets_pass_what_is_well() -> None:
    refuse(PLAN, [Verdict("preflight:a", "")])
    refuse(PLAN, [])


def test_the_guard_has_nothing_against_changing_nothing() -> None:
    refuse(Plan("box"), [Verdict("preflight:a", "no room")])
