"""The ways that are closed for good, one after the other."""

from __future__ import annotations

import json

from fake_machine import Machine, session

from provision.app.server import Wish
from provision.app.up import _close as close
from provision.engine.gather import Seen
from provision.model.facts import Facts, Reading
from provision.model.plan import Plan
from provision.model.report import Proof, Report, Verdict
from provision.model.secret import Secret
from provision.model.spec import Host
from provision.products import find_product
from provision.stacks.access import heed_leaving
from provision.stacks.gateway import Gateway, build_gateway

HOST = Host("vps1", "192.0.2.7")
NODE = json.dumps(
    {
        "BackendState": "Running",
        "TailscaleIPs": ["100.64.0.2"],
        "Self": {"DNSName": "vps1.t.ts.net."},
    }
)
ROUTE = {
    "TCP": {"443": {"HTTPS": True}},
    "Web": {"vps1.t.ts.net:443": {"Handlers": {"/": {"Proxy": "http://127.0.0.1:18789"}}}},
    "AllowFunnel": {"vps1.t.ts.net:443": True},
}
RECORD = "now=1\nport=443\nkept=yes\nasked=a1\nuntil=0\n"


def build() -> Gateway:
    return build_gateway(HOST, find_product("clawdbot"), fresh=Secret("x"), clock=lambda: 0.0)


def test_a_funnel_on_the_same_route_is_closed_before_others_look_at_it() -> None:
    """They write down what they have seen, and refuse where it has changed meanwhile."""
    routes = json.dumps(ROUTE)
    machine = Machine(
        {
            "tailnet:join": f"there=yes\nstatus=\n{NODE}\nprefs=\n",
            "tailscale:serve": f"stamp=vps1.t.ts.net http://127.0.0.1:18789\ncontent=\n{routes}",
            "tailscale:funnel": f"{RECORD}content=\n{NODE}\nprefs=\n\nserving=\n{routes}\n",
        }
    )
    report = Report(
        "vps1",
        Plan("vps1"),
        verdicts=(
            Verdict("funnel:open", "", note="open"),
            Verdict("tailscale:serve", "", note="x"),
        ),
        proof=Proof(True, "ssh"),
    )
    wish = Wish(HOST, find_product("clawdbot"), build())
    seen = Seen(Facts({}), Plan("vps1"), (), ())
    asked: list[Seen] = []
    said = close(report, session(machine), wish, seen, asked.append, leave=True)
    first, second = (
        script.text
        for script, kind in zip(machine.scripts, machine.kinds, strict=True)
        if kind == "apply"
    )
    assert "begin tailscale:funnel" in first
    assert "begin tailscale:serve" not in first
    assert "begin tailscale:serve" in second
    assert [outcome.resource for outcome in said.outcomes] == [
        "tailscale:funnel",
        "tailscale:serve",
    ]
    assert said.verdicts == ()
    (question,) = asked  # before the first change
    assert [change.resource for change in question.plan.changes] == ["tailscale:funnel"]


def test_who_came_in_through_the_tailnet_is_refused_before_anything_changes() -> None:
    gateway = build()
    stack = heed_leaving(gateway.stack, gateway.serve.node)
    ids = [item.id for item in (*stack.resources, *stack.preflight, *stack.checks)]
    assert len(ids) == len(set(ids))
    check = next(c for c in stack.preflight if c.id == "preflight:leave")
    facts = {
        "tailnet:join": f"status=\n{NODE}\nprefs=\n",
        "tailnet:leave": "ours=yes\nhere=100.64.0.2\n",
    }
    told = check.judge(Reading(0, ""), Facts({id: Reading(0, out) for id, out in facts.items()}))
    assert "you are logged in through the tailnet itself, at 100.64.0.2" in told
