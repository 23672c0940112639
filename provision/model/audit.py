"""What an audit of a server came to: findings, and one letter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from provision.model.finding import Finding

Grade: TypeAlias = Literal["A", "B", "C", "D", "F"]
GRADES: tuple[Grade, ...] = ("A", "B", "C", "D", "F")
TRIFLES = 2
"""How many minor things still make an A."""


def grade(findings: Iterable[Finding]) -> Grade:
    """The letter of some findings: the worst of them decides, then how many there are.

    F: one is critical. D: several are serious. C: one is serious. B: more than TRIFLES are minor.
    """
    worth = [finding.severity for finding in findings]
    if "critical" in worth:
        return "F"
    if serious := worth.count("serious"):
        return "C" if serious == 1 else "D"
    return "A" if len(worth) <= TRIFLES else "B"


@dataclass(frozen=True, slots=True)
class Reach:
    """Whether a TCP port of an address answered this machine; `http` is what it said there."""

    address: str
    port: int
    http: str = ""

    def __str__(self) -> str:
        name = f"[{self.address}]" if ":" in self.address else self.address
        return f"{name}:{self.port}"


@dataclass(frozen=True, slots=True)
class Audit:
    """One server as it was looked at `at` (UTC), from inside and from this machine.

    `gateways` says in a line each what runs there; `asked` are the rules that had an answer,
    `unknown` those that had none; `tried` is how many ports were tried from here, on `addresses`,
    `reached` those that answered, `no_way` the addresses to which no way leads from here (IPv6, for
    a machine without it); `fixed` are the rules that found something and mended it.
    """

    host: str
    at: str
    findings: tuple[Finding, ...] = ()
    gateways: tuple[str, ...] = ()
    system: str = ""
    asked: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    no_way: tuple[str, ...] = ()
    tried: int = 0
    reached: tuple[Reach, ...] = ()
    fixed: tuple[str, ...] = ()

    @property
    def grade(self) -> Grade:
        return grade(self.findings)

    @property
    def clean(self) -> tuple[str, ...]:
        """The rules that had an answer and found nothing."""
        bad = {finding.rule for finding in self.findings}
        return tuple(rule for rule in self.asked if rule not in bad)

    def to_dict(self) -> dict[str, object]:
        """The document that `audit --json` prints (docs/audit.md)."""
        return {
            "host": self.host,
            "at": self.at,
            "grade": self.grade,
            "system": self.system,
            "gateways": list(self.gateways),
            "findings": [finding.to_dict() for finding in self.findings],
            "clean": list(self.clean),
            "unknown": list(self.unknown),
            "outside": {
                "addresses": list(self.addresses),
                "no_way": list(self.no_way),
                "ports": self.tried,
                "reached": [str(one) for one in self.reached],
            },
            "fixed": list(self.fixed),
        }
