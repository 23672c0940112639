"""What the operator's machine reached of a server, as the rules read it."""

from __future__ import annotations

from provision.model.audit import Reach
from provision.model.facts import Facts, Reading

OUTSIDE = "audit:outside"


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
