"""Channels and nodes as the gateway tells them: parsed, judged, shown."""

from __future__ import annotations

import pytest

from provision.checks.inside import judge_inside
from provision.engine.plan import judge
from provision.model.facts import Facts, Reading
from provision.model.inside import Channel, Inside, Node
from provision.model.report import Check, Verdict
from provision.model.shell import sh
from provision.model.spec import Host
from provision.products import find_product
from provision.protocol.inside import parse_channels, parse_nodes
from provision.stacks.checkpoints import find_places

NOW = 1795420415747


def channel(**account: object) -> Channel:
    """The one account of a channel, from what a real gateway tells of it."""
    accounts = {"telegram": [{"accountId": "default", "enabled": True, **account}]}
    [parsed] = parse_channels({"ts": NOW, "channelAccounts": accounts})
    return parsed


@pytest.mark.parametrize(
    ("account", "state", "problem"),
    [
        # clawdbot's WhatsApp before the QR code, openclaw's Telegram without a network
        (
            {"configured": True, "linked": False, "running": False, "lastError": "not linked"},
            "not linked",
            "not linked",
        ),
        (
            {
                "configured": True,
                "running": True,
                "connected": False,
                "lifecycle": "starting",
                "lastStartAt": NOW - 19_000,
            },
            "starting",
            "",
        ),
        (
            {"running": True, "lifecycle": "starting", "lastStartAt": NOW - 500_000},
            "starting",
            "starting",
        ),
        ({"configured": True, "running": True, "lastError": None}, "running", ""),
        ({"configured": True, "running": True, "connected": True}, "connected", ""),
        ({"enabled": False, "configured": False}, "disabled", ""),
        ({"configured": False}, "not configured", "not configured"),
        (
            {"configured": True, "running": False, "lastError": "401: Unauthorized"},
            "stopped",
            "stopped: 401: Unauthorized",
        ),
        ({"running": True, "connected": False}, "not connected", "not connected"),
        ({}, "configured", ""),
    ],
)
def test_an_account_is_told_in_a_word(account: dict[str, object], state: str, problem: str) -> None:
    assert channel(**account) == Channel("telegram", "default", state, problem)


@pytest.mark.parametrize(
    "payload", [{}, {"channelAccounts": None}, {"channelAccounts": {"telegram": {"a": 1}}}]
)
def test_an_answer_of_another_shape_has_no_channels(payload: dict[str, object]) -> None:
    assert parse_channels(payload) == ()
    assert parse_nodes({"nodes": payload}) == ()


def test_nodes_are_listed_with_those_first_that_are_there() -> None:
    nodes = [
        {"nodeId": "ab" * 32, "paired": True, "connected": False, "platform": "macos"},
        {
            "nodeId": "cd" * 32,
            "displayName": "pho\x1b[2Jne",
            "connected": True,
            "commands": ["camera.snap", 7, "system.run"],
        },
        "nonsense",
    ]
    assert parse_nodes({"nodes": nodes}) == (
        Node("cd" * 32, "pho [2Jne", "", connected=True, commands=("camera.snap", "system.run")),
        Node("ab" * 32, "abababababab", "macos", connected=False),
    )


def judged(inside: Inside) -> list[Verdict]:
    return list(judge_inside("vps1", inside))


def test_a_gateway_without_channels_and_nodes_is_well() -> None:
    assert [(v.check, v.ok, v.detail) for v in judged(Inside((), ()))] == [
        ("gateway:channels", True, "none is configured"),
        ("gateway:nodes", True, "none is paired"),
    ]


def test_a_channel_that_does_not_work_is_a_problem_with_a_command() -> None:
    channels = (
        Channel("telegram", "default", "running"),
        Channel("whatsapp", "home", "not linked", "not linked"),
        Channel("whatsapp", "work", "connected"),
    )
    told = judged(Inside(channels, ()))[0]
    assert told.problem == "whatsapp/home is not linked"
    assert told.hint == "clawprov exec vps1 -- channels login"
    well = judged(Inside((channels[0], channels[2]), ()))[0]
    assert (well.ok, well.detail) == (True, "telegram running, whatsapp connected")


def test_a_node_may_be_away() -> None:
    nodes = (Node("1", "phone", "ios", connected=True), Node("2", "mac", "", connected=False))
    assert judged(Inside((), nodes))[1].detail == "phone (ios) connected, mac away"


def test_what_is_not_told_is_not_known_and_fails_nothing() -> None:
    for verdict in judged(Inside(why="says 'missing scope: operator.read'")):
        assert (verdict.ok, verdict.note[:9]) == (True, "not known")
    assert Inside().to_dict() == {"channels": None, "nodes": None}


def places(config: str, *nodes: Node) -> list[tuple[str, str, str]]:
    facts = Facts({"security:config": Reading(0, f"mode=600\n{config}")})
    product = find_product("clawdbot")
    found = find_places(Host("vps1", "192.0.2.1"), product, facts, Inside((), nodes))
    return [(place.what, place.where, place.remark) for place in found]


def test_things_are_executed_on_the_gateways_host_and_on_nodes() -> None:
    phone = Node("1", "phone", "ios", connected=True, commands=("camera.snap",))
    assert places('{"browser": {"enabled": false}}', phone) == [
        ("exec", "gateway host vps1", "as user clawdbot"),
        ("browser", "", "switched off"),
        ("camera.snap", "node phone", ""),
    ]


def test_the_configuration_may_send_commands_elsewhere() -> None:
    assert places("{tools: {exec: {host: 'node', node: 'mac'}}}")[0] == ("exec", "node mac", "")
    boxed = "{agents: {defaults: {sandbox: {mode: 'all'}}}}"
    assert places(boxed)[0] == ("exec", "a sandbox on vps1", "")
    assert places("spoilt {")[0][1] == "gateway host vps1"


def test_a_check_tells_what_it_sees_where_all_is_well() -> None:
    check = Check("a:b", sh(":"), lambda r, f: r.out, "mend", tell=lambda r, f: "fine")
    assert judge([check], Facts({"a:b": Reading(0, "")})) == (Verdict("a:b", "", detail="fine"),)
    assert judge([check], Facts({"a:b": Reading(0, "bad")})) == (Verdict("a:b", "bad", "mend"),)
