"""What keeps a proof from being one, told as a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from provision.protocol.messages import Hello, Refusal


class Answered(Protocol):
    """A handshake that came to something."""

    @property
    def answer(self) -> Hello | Refusal: ...


def judge_bad(visits: Mapping[str, Answered], place: str) -> str:
    """The problem that somebody without the secret is let in, or ""."""
    told = {"wrong_secret": "a wrong secret", "no_secret": "no secret at all"}
    inside = [told[name] for name, visit in visits.items() if isinstance(visit.answer, Hello)]
    if not inside:
        return ""
    return f"the gateway {place} lets in who comes with {' and with '.join(inside)}"


def judge_right(answer: Hello | Refusal, place: str, patience: float) -> str:
    """The problem that the right secret does not get in, or ""."""
    if isinstance(answer, Hello):
        return ""
    told = answer.message
    match answer.kind:
        case "wrong secret" | "no secret":
            return f"the gateway {place} refuses the secret it should take: {told}"
        case "pairing":
            return f"the gateway {place} wants this client paired first: {told}"
        case "protocol":
            return f"the gateway {place} speaks another protocol: {told}"
        case "starting":
            return f"the gateway {place} is not ready after {patience:.0f} s: {told}"
        case "other":
            return f"what listens {place} did not prove a working gateway: it {told}"


def judge_unclear(visits: Mapping[str, Answered], refused: Mapping[str, bool]) -> str:
    """The problem that a bad secret got neither in nor a clear no, or ""."""
    told = {"wrong_secret": "a wrong secret", "no_secret": "a missing secret"}
    for name, visit in visits.items():
        if not refused[name] and isinstance(visit.answer, Refusal):
            return f"whether {told[name]} is refused stays open: {visit.answer.message}"
    return ""
