"""The ways in as parts of the server's stack: when the gateway learns of them, and when they go."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from provision.engine.gather import Stack
from provision.model.facts import Facts, Reading
from provision.model.secret import Secret, reveal
from provision.model.spec import AuthSpec, Host
from provision.products import find_product
from provision.resources.file import Deduced
from provision.stacks.gateway import Gateway, build_gateway

HOST = Host("box", "192.0.2.1")
CONFIG = "/var/lib/openclaw/.openclaw/openclaw.json"
UNIT = "/etc/systemd/system/openclaw-gateway.service"


def build(host: Host) -> Gateway:
    return build_gateway(
        host, find_product(host.product), fresh=Secret("fresh0"), clock=lambda: 0.0
    )


def unit_of(gateway: Gateway) -> str:
    (unit,) = [reveal(file.content) for file in gateway.files if file.path.endswith(".service")]
    return unit


def node(*, https: bool) -> str:
    """What a server says of itself that is in a tailnet."""
    caps = '{"https": null}' if https else "{}"
    return (
        'status=\n{"BackendState": "Running", '
        f'"Self": {{"DNSName": "a.ts.net.", "CapMap": {caps}}}, '
        '"CertDomains": ["a.ts.net"], "CurrentTailnet": {"MagicDNSEnabled": true}}\nprefs=\n'
    )


def facts_of(stack: Stack, said: dict[str, str]) -> Facts:
    """Nothing but what is `said`, for every question that the stack asks."""
    asked = (*stack.resources, *stack.preflight, *stack.checks)
    return Facts({one.id: Reading(0, said.get(one.id, "")) for one in asked})


def text_of(end: str, stack: Stack, facts: Facts) -> str:
    """The content that a file whose path ends so is to have."""
    files = [r for r in stack.resources if isinstance(r, Deduced) and r.path.endswith(end)]
    (file,) = files
    return reveal(file.deduce(facts).content)


def test_a_gateway_that_publishes_itself_is_tied_to_tailscale() -> None:
    served = replace(HOST, access=("tailscale-serve",))
    assert "PartOf=tailscaled.service" not in unit_of(build(served))
    openclaw = replace(served, product="openclaw")
    assert "PartOf=tailscaled.service" in unit_of(build(openclaw))
    assert "PartOf=tailscaled.service" not in unit_of(build(replace(openclaw, access=())))


def test_it_gets_the_right_to_before_it_starts_and_nobody_else_does() -> None:
    served = replace(HOST, access=("tailscale-serve",))
    ids = [r.id for r in build(replace(served, product="openclaw")).stack.resources]
    order = ["tailscale:package", "tailnet:operator", "service:openclaw-gateway", "tailnet:join"]
    assert [i for i in ids if i in (*order, "tailscale:serve")] == [*order, "tailscale:serve"]
    assert "tailnet:operator" not in [r.id for r in build(served).stack.resources]


@pytest.mark.parametrize(("on", "mode"), [(True, {"mode": "serve"}), (False, None)])
def test_it_publishes_itself_only_where_the_tailnet_lets_it(
    on: bool, mode: dict[str, str] | None
) -> None:
    host = replace(HOST, access=("tailscale-serve",), product="openclaw")
    stack = build(host).stack
    facts = facts_of(stack, {"tailnet:join": node(https=on)})
    gateway = json.loads(text_of("openclaw.json", stack, facts))["gateway"]
    assert gateway.get("tailscale") == mode
    assert gateway["auth"].get("allowTailscale") is (False if on else None)


@pytest.mark.parametrize("product", ["clawdbot", "openclaw"])
@pytest.mark.parametrize("ways", [(), ("ssh-tunnel",)])
def test_what_is_wished_no_more_is_closed_last(product: str, ways: tuple[str, ...]) -> None:
    host = replace(HOST, product=product, access=ways)  # type: ignore[arg-type]
    gateway = build(host)
    closing = [r.id for r in gateway.closing.resources]
    program, operator = [], []
    if product == "openclaw":
        program = [f"file:{CONFIG}", f"file:{UNIT}", "service:openclaw-gateway"]
        operator = ["tailnet:operator"]
    assert closing == [*program, "tailscale:serve", "tailnet:forward", *operator]
    others = set(closing) - set(program)
    assert not others & {r.id for r in gateway.stack.resources}
    assert others <= {check.id for check in gateway.stack.checks if check.note}


@pytest.mark.parametrize("held", [True, False])
def test_a_route_that_a_gateway_holds_itself_stays_until_the_others_are_proved(held: bool) -> None:
    gateway = build(replace(HOST, product="openclaw"))
    route = '{"TCP": {"443": {"HTTPS": true}}, "Web": {"a.ts.net:443": {"Handlers": {"/": '
    route += '{"Proxy": "http://127.0.0.1:40123"}}}}}'
    serving = f'own=40123\ncontent=\n{{"Foreground": {{"s": {route if held else "{}"}}}}}'
    known = {"tailnet:join": node(https=True), "tailscale:serve": serving}

    def program(stack: Stack) -> tuple[object, bool]:
        facts = facts_of(stack, known)
        config = json.loads(text_of("openclaw.json", stack, facts))["gateway"]
        tied = "PartOf=tailscaled.service" in text_of(".service", stack, facts)
        return config.get("tailscale"), tied

    assert program(gateway.stack) == (({"mode": "serve"}, True) if held else (None, False))
    assert program(gateway.closing) == (None, False)
    facts = facts_of(gateway.closing, known)
    serve = next(r for r in gateway.closing.resources if r.id == "tailscale:serve")
    change = serve.diff(facts)
    assert bool(change) is held


def test_a_funnel_to_openclaw_waits_for_nothing_but_the_tailnet() -> None:
    """A server that has not joined yet is not refused for what it is going to be told then."""
    host = replace(
        HOST, access=("tailscale-funnel",), product="openclaw", auth=AuthSpec("password")
    )
    stack = build(host).stack
    facts = Facts({item.id: Reading(0, "") for item in (*stack.resources, *stack.preflight)})
    check = next(c for c in stack.preflight if c.id == "preflight:funnel-config")
    assert check.judge(Reading(0, ""), facts) == ""
