"""A way into the gateway for the whole internet, for a while or for good."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from provision.model.door import FORGET, TOOLS, Door
from provision.model.facts import Facts, Probe
from provision.model.funnel import (
    Opening,
    Seen,
    ask_seen,
    parse_seen,
    show_address,
    show_addresses,
    show_time,
)
from provision.model.plan import Blocked, Change
from provision.model.shell import Sh, joined, sh

JOIN = "tailnet:join"


@dataclass(frozen=True, slots=True)
class Funnel:
    """The whole internet gets by https on `port` to the gateway, `unit` on `gateway_port`, or not.

    `wish` says how it is opened; or that it is closed, whoever has opened it; or else kept: then
    what a person has opened stays, what the inventory has opened goes, and the rest is not ours.
    What is `served` to the tailnet on port 443 stays.
    """

    port: int
    unit: str
    gateway_port: int
    wish: Opening | Literal["closed", "kept"]
    served: bool = False
    id: str = "tailscale:funnel"

    def probe(self) -> Probe:
        return Probe(self.id, ask_seen(self.unit))

    def diff(self, facts: Facts) -> Change | Blocked | None:
        seen = parse_seen(facts[self.id].out)
        if isinstance(self.wish, Opening):
            return self._open(self.wish, seen) if seen.answered else Blocked(self.id, JOIN)
        return self._close(seen) if seen.answered else None

    def _close(self, seen: Seen) -> Change | None:
        public = seen.opened(self.gateway_port)
        if self.wish == "kept" and not (seen.record and seen.record.ended(public)):
            return None
        if not public and not seen.record:
            return None
        names = show_addresses(public)
        why = f"{names} is open to the internet" if public else "nothing is open any more"
        shut = self._shut({route.port for route in public}, seen)
        return Change(self.id, "close", (TOOLS, *shut, FORGET), why)

    def _open(self, wish: Opening, seen: Seen) -> Change | None:
        public = seen.opened(self.gateway_port)
        right = (seen.node.name, self.port) in {(route.host, route.port) for route in public}
        if right and seen.record and seen.record.asked == wish.id:
            return None
        others = {route.port for route in public} - {self.port}
        door = self._door(self.port, seen)
        back = joined([*self._shut(others, seen), door.shut, FORGET])
        commands = (
            TOOLS,
            *self._shut(others, seen),
            *(() if wish.seconds else (FORGET,)),
            *door.note(wish),
            *(door.arm() if wish.seconds else ()),
            sh("if ! {}; then\n{}\nexit 1\nfi", door.opened, back),
        )
        url = show_address(seen.node.name, self.port)
        span = f" for {show_time(wish.seconds)}" if wish.seconds else ""
        return Change(self.id, "open", commands, f"{url} to the whole internet{span}")

    def _shut(self, ports: Iterable[int], seen: Seen) -> list[Sh]:
        return [self._door(port, seen).shut for port in sorted(ports)]

    def _door(self, port: int, seen: Seen) -> Door:
        private = any(r.port == port and not r.public for r in seen.routes)
        kept = private or (self.served and port == 443)
        if seen.record and seen.record.port == port:
            kept = seen.record.kept
        return Door(port, self.unit, self.gateway_port, kept)
