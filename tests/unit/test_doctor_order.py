"""Of what is found the causes are told, and what follows from them is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provision.checks.doctor.order import EXPLAINS, SYMPTOMS, sort_out
from provision.model.finding import Finding, Severity


def find(*rules: str, severity: Severity = "critical") -> list[Finding]:
    return [Finding(rule, severity, rule) for rule in rules]


def told(findings: list[Finding]) -> list[str]:
    return [finding.rule for finding in sort_out(findings)]


@pytest.mark.parametrize("symptom", sorted(SYMPTOMS))
def test_a_gateway_that_is_down_is_told_by_its_cause(symptom: str) -> None:
    assert told(find(symptom, "config:invalid")) == ["config:invalid"]
    assert told(find(symptom)) == [symptom]


def test_what_is_not_critical_explains_no_gateway_that_is_down() -> None:
    found = [*find("service:disabled", severity="serious"), *find("service:down")]
    assert told(found) == ["service:down", "service:disabled"]


def test_a_unit_that_was_given_up_is_told_as_that() -> None:
    assert told(find("service:down", "service:start-limit")) == ["service:start-limit"]


@pytest.mark.parametrize(("cause", "effects"), EXPLAINS.items())
def test_a_cause_is_told_without_its_effects(cause: str, effects: Any) -> None:
    assert told(find(*effects, cause)) == [cause]


def test_the_most_severe_comes_first() -> None:
    found = [*find("a:minor", severity="minor"), *find("b:serious", severity="serious")]
    assert told([*found, *find("c:critical")]) == ["c:critical", "b:serious", "a:minor"]


def test_every_effect_is_a_finding_that_a_case_tells() -> None:
    page = (Path(__file__).parents[2] / "docs/doctor.md").read_text()
    named = {*EXPLAINS, *(effect for effects in EXPLAINS.values() for effect in effects), *SYMPTOMS}
    assert [rule for rule in named if f"| `{rule}` |" not in page] == []
