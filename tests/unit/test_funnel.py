"""What is refused before a server is asked, and how a Funnel is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provision.app.funnel import funnel_on
from provision.app.operator import Operator
from provision.app.server import Wish
from provision.app.server import _over_port as prove_over_port
from provision.checks.funnel import WISHED
from provision.engine.gather import Seen, Session
from provision.errors import ProvisionError, UnsupportedError, UsageError
from provision.inventory.values import DURATION
from provision.model.facts import Facts, Reading
from provision.model.funnel import BY_INVENTORY, show_time
from provision.model.plan import Blocked, Plan
from provision.model.secret import Secret
from provision.model.spec import AuthSpec, Host
from provision.products import find_product
from provision.resources.funnel import Funnel
from provision.stacks.funnel import build_question
from provision.stacks.gateway import build_gateway
from provision.ui.checkpoints import ALARMS

HOST = Host("vps1", "192.0.2.7", auth=AuthSpec("password"))


def refuse(host: Host) -> ProvisionError:
    """The error with which opening ends before anybody has connected to anything."""
    with pytest.raises(ProvisionError) as caught:
        funnel_on(host, Operator.__new__(Operator), seconds=60, port=0)
    return caught.value


def test_a_gateway_with_a_token_is_not_opened() -> None:
    error = refuse(replace(HOST, auth=AuthSpec("token")))
    assert isinstance(error, UnsupportedError)
    assert "needs a password" in error.what


def test_one_that_the_inventory_opens_for_good_is_not_opened_for_a_while() -> None:
    error = refuse(replace(HOST, access=("tailscale-funnel",)))
    assert isinstance(error, UsageError)
    assert "access: tailscale-funnel" in error.what


@pytest.mark.parametrize(
    ("text", "seconds"), [("2h", 7200), ("90s", 90), ("1d", 86400), ("1h30m", 5400)]
)
def test_a_span_of_time_is_read(text: str, seconds: int) -> None:
    assert DURATION.parse(text) == seconds


@pytest.mark.parametrize("text", ["", "2", "0h", "h", "2 h", "-1h", "1w", "2h!"])
def test_what_is_no_span_of_time_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="a span of time such as 30m, 2h or 1d"):
        DURATION.parse(text)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 s"), (59, "59 s"), (7200, "2 h"), (5430, "1 h 30 min"), (90061, "1 d 1 h")],
)
def test_a_span_of_time_is_told_in_its_two_largest_units(seconds: int, told: str) -> None:
    assert show_time(seconds) == told


def test_a_funnel_waits_until_the_server_has_joined_its_tailnet() -> None:
    funnel = Funnel(443, "p.service", 18789, BY_INVENTORY)
    facts = Facts({funnel.id: Reading(0, "now=1\ncontent=\n{}\n\nprefs=\n\nserving=\n")})
    assert funnel.diff(facts) == Blocked(funnel.id, "tailnet:join")


def test_the_public_port_is_one_that_the_product_leaves_free() -> None:
    for name, port in (("clawdbot", 443), ("openclaw", 8443)):
        host = replace(HOST, product=name, access=("tailscale-funnel",))  # type: ignore[arg-type]
        product = find_product(name)
        stack = build_gateway(host, product, fresh=Secret("x"), clock=lambda: 0.0).stack
        (funnel,) = (r for r in stack.resources if isinstance(r, Funnel))
        assert (funnel.port, funnel.wish) == (port, BY_INVENTORY)


def test_a_funnel_that_nobody_wishes_is_watched_for_all_the_same() -> None:
    stack = build_gateway(HOST, find_product("clawdbot"), fresh=Secret("x"), clock=lambda: 0.0)
    assert "funnel:open" in {check.id for check in stack.stack.checks}


def test_one_that_the_inventory_wishes_is_told_and_is_no_alarm() -> None:
    host = replace(HOST, access=("tailscale-funnel",))
    gateway = build_gateway(host, find_product("clawdbot"), fresh=Secret("x"), clock=lambda: 0.0)
    for stack in (gateway.stack, build_question(host)):
        assert {check.id for check in stack.checks} & {*ALARMS, WISHED} == {WISHED}


def test_a_gateway_alone_is_proved_without_a_word_of_its_tailnet() -> None:
    """As before it is opened: nobody has asked what the tailnet is, or what is served there."""
    gateway = build_gateway(HOST, find_product("clawdbot"), fresh=Secret("x"), clock=lambda: 0.0)
    wish = Wish(HOST, find_product("clawdbot"), gateway)
    seen = Seen(Facts({}), Plan("vps1"), (), ())
    session = Session.__new__(Session)  # it is not spoken to
    assert prove_over_port(session, wish, seen, "", 1.0) is None
