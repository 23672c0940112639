"""What the tutorial's checkpoints ask of channels and nodes, judged by the gateway's own word."""

from __future__ import annotations

from provision.model.inside import Channel, Inside, Node
from provision.model.report import Verdict


def judge_inside(host: str, inside: Inside) -> tuple[Verdict, ...]:
    """Whether every channel works, and which nodes there are; a node may be away."""
    return (
        _channels(host, inside.channels) if inside.channels is not None else _unknown("channels"),
        _nodes(inside.nodes) if inside.nodes is not None else _unknown("nodes"),
    )


def _unknown(what: str) -> Verdict:
    return Verdict(f"gateway:{what}", "", note="not known: the gateway does not tell us")


def _channels(host: str, channels: tuple[Channel, ...]) -> Verdict:
    names = [channel.name for channel in channels]
    ill = [channel for channel in channels if channel.problem]
    told = [f"{_name(channel, names)} {channel.state}" for channel in channels]
    if not ill:
        return Verdict("gateway:channels", "", detail=", ".join(told) or "none is configured")
    problem = "; ".join(f"{_name(channel, names)} is {channel.problem}" for channel in ill)
    login = any(channel.state == "not linked" for channel in ill)
    words = "login" if login else "status --probe"
    return Verdict("gateway:channels", problem, f"clawprov exec {host} -- channels {words}")


def _name(channel: Channel, names: list[str]) -> str:
    """The channel's name; with its account where there are several of that name."""
    return f"{channel.name}/{channel.account}" if names.count(channel.name) > 1 else channel.name


def _nodes(nodes: tuple[Node, ...]) -> Verdict:
    return Verdict("gateway:nodes", "", detail=", ".join(map(show_node, nodes)) or "none is paired")


def show_node(node: Node) -> str:
    """A node by its name, its platform and whether it is there."""
    platform = f" ({node.platform})" if node.platform else ""
    return f"{node.name}{platform} {'connected' if node.connected else 'away'}"
