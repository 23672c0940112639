"""What a gateway says of itself to a client: its chat channels and its device nodes."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Channel:
    """One account of a chat channel: its `state` in a word or two, and what keeps it from working.

    An account that is switched off, or still on its way, has no `problem`.
    """

    name: str
    account: str
    state: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """A paired device that does things where it is; `commands` are what it offers now."""

    id: str
    name: str
    platform: str
    connected: bool
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Inside:
    """The channels and nodes of a gateway; None, and `why`, where it does not tell us."""

    channels: tuple[Channel, ...] | None = None
    nodes: tuple[Node, ...] | None = None
    why: str = ""

    def to_dict(self) -> dict[str, object]:
        """Two members of the `--json` document; null is not known."""
        told = {"channels": self.channels, "nodes": self.nodes}
        return {
            key: None if ones is None else [asdict(one) for one in ones]
            for key, ones in told.items()
        }


@dataclass(frozen=True, slots=True)
class Place:
    """Where a kind of deed is done: `what` an agent asks for, `where`, and a word about it."""

    what: str
    where: str
    remark: str = ""
