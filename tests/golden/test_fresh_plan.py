"""The plan of a fresh box: as text, as JSON, and as the script that `plan --script` prints."""

from __future__ import annotations

import json

import pytest
from fresh_box import FRESH, NONCE, PRODUCTS, Wish, wish, with_basics
from stored import Golden

from provision.engine.gather import gather_script
from provision.engine.job import apply_script
from provision.model.plan import Plan
from provision.model.shell import Sh
from provision.ui.style import Style
from provision.ui.text import show_plan


@pytest.fixture(params=PRODUCTS)
def fresh(request: pytest.FixtureRequest) -> Wish:
    return wish(request.param)


def script(wish: Wish) -> Sh:
    return apply_script(wish.plan(), serial=0, who="ann@laptop", verb="up", nonce=NONCE)


def without_lock(text: str, wish: Wish) -> str:
    """The script without the 10 000 lines of the lock file, which is stored as itself already."""
    package, lock = wish.locks
    assert text.count(lock) == text.count(package) == 1
    lines = len(lock.splitlines())
    return text.replace(lock, f"({lines} lines of package-lock.json)\n")


def test_everything_is_in_the_plan_of_a_fresh_box(fresh: Wish) -> None:
    plan = fresh.plan()
    ends = ("takeover:", "tailscale:funnel")  # there is nothing to end
    expected = [r.id for r in fresh.stack.resources if not r.id.startswith(ends)]
    assert [c.resource for c in plan.changes] == expected
    assert plan.blocked == ()


def test_the_plan_as_text(fresh: Wish, golden: Golden) -> None:
    golden.compare(
        f"{fresh.host.product}/plan.txt", show_plan(fresh.plan(), Style(False), verbose=True)
    )


def test_the_plan_as_json(fresh: Wish, golden: Golden) -> None:
    text = json.dumps(fresh.plan().to_dict(), indent=2) + "\n"
    golden.compare(f"{fresh.host.product}/plan.json", text)


def test_the_shown_apply_script(fresh: Wish, golden: Golden) -> None:
    golden.compare(f"{fresh.host.product}/apply.sh", without_lock(str(script(fresh)), fresh))


def test_the_shown_script_of_questions(fresh: Wish, golden: Golden) -> None:
    golden.compare(f"{fresh.host.product}/gather.sh", str(gather_script(fresh.stack, NONCE)))


def test_the_shown_script_differs_from_the_real_one_by_its_masks_alone(fresh: Wish) -> None:
    real = script(fresh)
    shown = str(real).replace("NONCE='***'", f"NONCE={NONCE}")
    variable = fresh.gateway.credential.variable
    shown = shown.replace(f"{variable}=***", f'{variable}="{FRESH.value}"')
    shown = shown.replace("<<'EOF'\n***\nEOF\n", f"<<'EOF'\n{FRESH.value}\nEOF\n")
    assert shown == real.text


def test_the_plan_of_a_server_with_all_basics(golden: Golden) -> None:
    plan = with_basics().plan()
    own = [c for c in plan.changes if c.resource not in plain_resources()]
    assert len(own) == 7
    only = Plan("box", tuple(own))
    golden.compare("basics/plan.txt", show_plan(only, Style(False), verbose=True))
    shown = str(apply_script(only, serial=0, who="ann@laptop", verb="up", nonce=NONCE))
    golden.compare("basics/apply.sh", shown)


def plain_resources() -> set[str]:
    return {change.resource for change in wish("clawdbot").plan().changes}


def test_nothing_that_is_shown_has_the_secret(fresh: Wish) -> None:
    plan: Plan = fresh.plan()
    shown = [show_plan(plan, Style(True), verbose=True), json.dumps(plan.to_dict()), repr(plan)]
    shown += [str(script(fresh)), repr(script(fresh))]
    assert [text for text in shown if FRESH.value in text] == []
    places = 2 if fresh.product.credential else 1
    assert script(fresh).text.count(FRESH.value) == places
