"""Every situation below audit/: what a rule reads, and what it finds wrong."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from provision.checks.audit import build_rules
from provision.model.facts import Facts, Reading

FOLDER = Path(__file__).parent / "audit"
RULES = {rule.id.removeprefix("audit:"): rule for rule in build_rules()}
FILES = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(FOLDER.glob("*.yml"))}


def read(case: Mapping[str, Any]) -> Reading:
    """A reading as it is written there; `texts` are files, which come in base64."""
    texts = case.get("texts", {})
    lines = [f"{path}\t{b64encode(text.encode()).decode()}" for path, text in texts.items()]
    return Reading(case.get("exit", 0), case.get("out", "") + "\n".join(lines))


def facts_of(case: Mapping[str, Any], rule: str) -> Facts:
    readings = {name: Reading(0, "") for name in RULES} | {rule: read(case)}
    others = case.get("others", {})
    readings |= {name: read(told if isinstance(told, dict) else {"out": told})
                 for name, told in others.items()}  # fmt: skip
    return Facts({f"audit:{name}": reading for name, reading in readings.items()})


def cases() -> Iterator[Any]:
    for rule, situations in FILES.items():
        for name, case in situations.items():
            yield pytest.param(rule, case, id=f"{rule}-{name.replace(' ', '_')}")


@pytest.mark.parametrize(("rule", "case"), list(cases()))
def test_what_is_read_is_judged_as_expected(rule: str, case: Mapping[str, Any]) -> None:
    assert set(case) <= {"out", "texts", "exit", "others", "finding", "fix"}
    facts = facts_of(case, rule)
    found = RULES[rule].judge(facts[f"audit:{rule}"], facts)
    if case["finding"] is None:
        assert found is None
        return
    severity, problem, *evidence = case["finding"]
    assert found is not None
    assert (found.severity, found.problem, found.evidence) == (severity, problem, tuple(evidence))
    assert found.rule == f"audit:{rule}"
    assert found.cause
    assert found.hint or found.fix
    assert (found.fix.text if found.fix else "") == case.get("fix", "")


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_good_bad_and_unreadable_cases(rule: str) -> None:
    situations = FILES[rule]
    assert {"good", "bad", "unreadable"} <= set(situations)
    assert situations["good"]["finding"] is None
    assert situations["unreadable"]["finding"] is None
    assert situations["bad"]["finding"]


def test_every_case_file_is_of_a_rule() -> None:
    assert set(FILES) == set(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_a_server_that_answers_nothing_has_nothing_wrong(rule: str) -> None:
    facts = facts_of({"exit": 127}, rule)
    assert RULES[rule].judge(facts[f"audit:{rule}"], facts) is None
