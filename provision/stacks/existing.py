"""What becomes of a gateway that a person has set up on the server."""

from __future__ import annotations

from provision.model.facts import Facts
from provision.model.spec import Host
from provision.products import find_others
from provision.products.installed import Installed
from provision.resources.takeover import Takeover


def find_problem(host: Host, takeover: Takeover, facts: Facts) -> str:
    """Why what is found there does not go with what is wished, or ""."""
    found = takeover.found(facts)
    own = f"/etc/systemd/system/{takeover.product.service}"
    same = next((one for one in found if own in one.units), None)
    if host.existing == "leave":
        return f"{same}; its unit has the name of ours" if same else ""
    if host.existing == "take-over":
        return _not_taken(takeover, facts)
    settled = takeover.settled(facts)
    told = [one for one in found if one.active or not settled]
    return _told(told) + _other(takeover, told, "; to take it over, ")


def _not_taken(takeover: Takeover, facts: Facts) -> str:
    """Why the gateway that is found cannot be taken over, or ""."""
    found, legacy = takeover.found(facts), takeover.legacy(facts)
    if legacy and legacy.problem:
        return f"{legacy.user}'s gateway cannot be taken over: {legacy.problem}"
    due, active = takeover.due(facts), [one for one in found if one.active]
    if due:
        return _told([one for one in active if (one.user, one.product) != due.of])
    if legacy and active:
        return f"{_told(active)}, again: disable its unit first"
    candidates = takeover.candidates(facts)
    if len(candidates) > 1:
        return f"{_told(candidates)}; only one of them can be taken over"
    if candidates:
        return f"{candidates[0]}, and we have one already, whose state would be lost"
    if not active:
        return ""
    other = _other(takeover, active, ": ")
    return f"{_told(active)}, which {takeover.product.title} cannot take over{other}"


def _other(takeover: Takeover, found: list[Installed], before: str) -> str:
    """What to say to take over a gateway of another product, where there is none of this one."""
    names = {one.product for one in found if one.state and not one.container}
    others = [other.name for other in find_others(takeover.product) if other.name in names]
    mine = any(one.product == takeover.product.name for one in found)
    return f"{before}say --product {others[0]}" if others and not mine else ""


def _told(found: list[Installed] | tuple[Installed, ...]) -> str:
    return "; ".join(map(str, found))
