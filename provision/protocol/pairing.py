"""Who is paired with a gateway and who asks to be, as `device.pair.list` tells it.

Measured on clawdbot 2026.1.24-3 and openclaw 2026.9.6. All words in it are strangers'.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from provision.protocol.messages import Payload, words
from provision.protocol.websocket import show

LOOKING = ("operator.pairing",)
MANAGING = ("operator.pairing", "operator.admin")  # openclaw lets no node in for less
AT_ONCE_MS = 10_000


@dataclass(frozen=True, slots=True)
class Client:
    """A device that speaks to the gateway: its id, how it calls itself, whence, what it may."""

    device: str
    name: str
    platform: str
    address: str
    roles: tuple[str, ...]
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """A client that asks to be let in, since `at` (milliseconds since 1970)."""

    id: str
    client: Client
    at: int

    def to_dict(self) -> dict[str, object]:
        return {"request": self.id, "at": self.at} | asdict(self.client)


@dataclass(frozen=True, slots=True)
class Paired:
    """A client that was let in; `seen` is 0 when that is not known (milliseconds since 1970).

    It `holds` a token of its own for each of some roles; when it is `revoked`, they were taken.
    """

    client: Client
    since: int
    seen: int
    holds: tuple[str, ...]
    revoked: bool

    def to_dict(self) -> dict[str, object]:
        times = {"since": self.since, "seen": self.seen, "revoked": self.revoked}
        return asdict(self.client) | times


def parse_requests(payload: Payload) -> tuple[Request, ...]:
    """Those who ask, the newest first.

    Without those who came back in the moment in which they were let in: clawdbot looks whether
    they are paired before it waits for its turn to note that they ask, and so notes it once more.
    """
    paired = parse_paired(payload)
    found = (
        Request(words(one, "requestId"), parse_client(one), number(one, "ts"))
        for one in objects(payload, "pending")
    )
    asking = (one for one in found if not any(_is_let_in(one, by) for by in paired))
    return tuple(sorted(asking, key=lambda request: -request.at))


def _is_let_in(request: Request, paired: Paired) -> bool:
    asked, given = request.client, paired.client
    return (
        asked.device == given.device
        and 0 <= request.at - paired.since < AT_ONCE_MS
        and {*asked.roles} <= {*paired.holds}
        and {*asked.scopes} <= {*given.scopes}
    )


def parse_paired(payload: Payload) -> tuple[Paired, ...]:
    """Those who are in, the newest first."""
    return tuple(sorted(map(_paired, objects(payload, "paired")), key=lambda one: -one.since))


def _paired(one: Payload) -> Paired:
    tokens = tuple(objects(one, "tokens"))
    seen = [number(one, "lastSeenAtMs"), *(number(token, "lastUsedAtMs") for token in tokens)]
    holds = tuple(words(token, "role") for token in tokens if not number(token, "revokedAtMs"))
    revoked = bool(tokens) and not holds
    return Paired(parse_client(one), number(one, "approvedAtMs"), max(seen), holds, revoked)


def parse_client(one: Payload) -> Client:
    """The client of one entry; the operator's own name for it counts most."""
    called = (words(one, key) for key in ("operatorLabel", "displayName", "clientId"))
    return Client(
        device=words(one, "deviceId"),
        name=next(filter(None, called), "somebody"),
        platform=words(one, "platform"),
        address=words(one, "remoteIp"),
        roles=texts(one, "roles") or tuple(filter(None, [words(one, "role")])),
        scopes=texts(one, "scopes"),
    )


def objects(payload: Payload, name: str) -> Iterator[Payload]:
    """The objects in the list under a name."""
    return (item for item in items(payload, name) if isinstance(item, dict))


def texts(payload: Payload, name: str) -> tuple[str, ...]:
    """The texts in the list under a name, as they may be shown."""
    return tuple(show(item) for item in items(payload, name) if isinstance(item, str))


def items(payload: Payload, name: str) -> list[object]:
    """The list under a name, empty when there is none."""
    value = payload.get(name)
    return value if isinstance(value, list) else []


def number(payload: Payload, name: str) -> int:
    """The whole number under a name, 0 when there is none."""
    value = payload.get(name)
    return int(value) if isinstance(value, int | float) else 0
