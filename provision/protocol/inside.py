"""Channels and nodes, as `channels.status` and `node.list` tell them.

Measured on clawdbot 2026.1.24-3 and openclaw 2026.9.6: both answer an operator who may read. All
words in the answers are strangers'.
"""

from __future__ import annotations

from provision.model.inside import Channel, Inside, Node
from provision.protocol.gateway import Session
from provision.protocol.messages import Payload, Refusal, part, words
from provision.protocol.pairing import number, objects, texts
from provision.protocol.websocket import show

SHOWN = 50  # of each kind: who has more sees the first ones
GRACE_MS = 120_000  # what openclaw itself gives a channel to come up


def look_inside(session: Session) -> Inside:
    """The channels and nodes of the gateway, as far as it tells this session."""
    channels = session.call("channels.status")
    nodes = session.call("node.list")
    refused = next((a.message for a in (channels, nodes) if isinstance(a, Refusal)), "")
    return Inside(
        None if isinstance(channels, Refusal) else parse_channels(channels),
        None if isinstance(nodes, Refusal) else parse_nodes(nodes),
        refused,
    )


def parse_channels(payload: Payload) -> tuple[Channel, ...]:
    """Every account of every channel, in the gateway's order."""
    accounts, now = part(payload, "channelAccounts"), number(payload, "ts")
    found = [_channel(show(name), one, now) for name in accounts for one in objects(accounts, name)]
    return tuple(found[:SHOWN])


def _channel(name: str, one: Payload, now: int) -> Channel:
    state, ill = _state(one, now)
    said = words(one, "lastError")
    problem = (f"{state}: {said}" if said and said != state else state) if ill else ""
    return Channel(name, words(one, "accountId"), state, problem)


def _state(one: Payload, now: int) -> tuple[str, bool]:
    """The account in a word or two, and whether that is a problem."""
    if one.get("enabled") is False:
        return "disabled", False
    for key, told in (("configured", "not configured"), ("linked", "not linked")):
        if one.get(key) is False:
            return told, True
    if one.get("connected") is True:
        return "connected", False
    if one.get("lifecycle") == "starting" or one.get("restartPending") is True:
        return "starting", now - number(one, "lastStartAt") > GRACE_MS
    if one.get("running") is False:
        return "stopped", True
    if one.get("connected") is False:
        return "not connected", True
    return ("running", False) if one.get("running") is True else ("configured", False)


def parse_nodes(payload: Payload) -> tuple[Node, ...]:
    """Every paired or connected node, those that are connected first."""
    nodes = [
        Node(
            words(one, "nodeId"),
            words(one, "displayName") or words(one, "nodeId")[:12],
            words(one, "platform"),
            one.get("connected") is True,
            texts(one, "commands"),
        )
        for one in objects(payload, "nodes")
    ]
    return tuple(sorted(nodes, key=lambda node: not node.connected))[:SHOWN]
