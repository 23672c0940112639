"""Rules about what a gateway says in its log, in the life that counts."""

from __future__ import annotations

from provision.checks.doctor.patient import Patient, about_units
from provision.checks.doctor.saying import Saying
from provision.checks.doctor.units import Unit
from provision.model.facts import Facts
from provision.model.finding import Finding, Rule
from provision.model.secret import hide

SHOWN = 300
_FATAL = "Gateway failed to start"
"""What a gateway calls the reason for which it is down."""


def rule_of(saying: Saying, patient: Patient) -> Rule:
    """The rule that hears a saying in the log of any gateway here."""

    def judge(unit: Unit, facts: Facts) -> Finding | None:
        text = "\n".join(unit.log)
        found = saying.pattern.search(text)
        if found is None or not saying.fact(unit, facts):
            return None
        names = {"host": patient.host, "unit": unit.name, "product": patient.product.name}
        names |= {"user": unit.seen.get("user", "")}
        lines = [one for one in unit.log if saying.pattern.search(one)]
        line = lines[0] if lines else ""
        fatal = unit.down and any(_FATAL in one for one in lines)
        return Finding(
            saying.id,
            "critical" if fatal else saying.severity,
            saying.problem,
            _detailed(saying, text).format(**names),
            saying.hint.format(**names),
            (hide(line)[:SHOWN],) if line else (),
            saying.fix(unit) if saying.fix and not unit.owner else None,
        )

    return about_units(saying.id, judge)


def _detailed(saying: Saying, text: str) -> str:
    found = saying.detail.findall(text) if saying.detail else ()
    words = ["".join(one) if isinstance(one, tuple) else one for one in found]
    told = "; ".join(dict.fromkeys(word.strip() for word in words if word))
    cause = saying.cause
    return f"{cause}: {told[:SHOWN]}".replace("{", "{{").replace("}", "}}") if told else cause
