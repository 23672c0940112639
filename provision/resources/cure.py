"""What a rule finds wrong, as something that can be planned and done."""

from __future__ import annotations

from dataclasses import dataclass

from provision.model.facts import Facts, Probe
from provision.model.finding import Rule
from provision.model.plan import Change


@dataclass(frozen=True, slots=True)
class Cure:
    """A server on which this rule finds nothing that could be mended without harm."""

    rule: Rule

    @property
    def id(self) -> str:
        return self.rule.id

    def probe(self) -> Probe:
        return Probe(self.rule.id, self.rule.script)

    def diff(self, facts: Facts) -> Change | None:
        finding = self.rule.judge(facts[self.rule.id], facts)
        if finding is None or finding.fix is None:
            return None
        return Change(self.id, "fix", (finding.fix,), finding.problem)
