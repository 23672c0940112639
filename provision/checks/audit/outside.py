"""What the operator's machine reached of a server, as the rules read it."""

from __future__ import annotations

from provision.model.audit import Reach
from provision.model.facts import Facts, Reading

OUTSIDE = "audit:outside"
VISITOR = "audit:visitor"
"""Whether a gateway on loopback let in a client without a secret: `let-in=yes` or `no`."""


def tell_reach(reached: tuple[Reach, ...]) -> Reading:
    """What was reached, as a reading of its own among the server's."""
    return Reading(0, "".join(f"{one.address} {one.port} {one.http}\n" for one in reached))


def read_reach(facts: Facts) -> tuple[Reach, ...]:
    """What was reached; nothing where nobody has tried."""
    reading = facts.readings.get(OUTSIDE)
    lines = [line.split(" ", 2) for line in reading.lines()] if reading else []
    return tuple(Reach(address, int(port), http) for address, port, http in lines)


def reached(facts: Facts, port: int) -> list[str]:
    """How a port was reached, a line for each address; empty when it was not."""
    return [
        f"reached from here: {one}{f' ({one.http})' if one.http else ''}"
        for one in read_reach(facts)
        if one.port == port
    ]


def let_in(facts: Facts) -> bool:
    """Whether somebody without a secret was let in."""
    reading = facts.readings.get(VISITOR)
    return reading is not None and reading.pairs().get("let-in") == "yes"
