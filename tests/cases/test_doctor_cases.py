"""Every situation below doctor/: what is read from a machine, and what the rules make of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from provision.checks.doctor import build_laptop_rules, build_rules
from provision.checks.doctor.answers import DEVICES
from provision.checks.doctor.answers import ID as ANSWERS
from provision.checks.doctor.laptop import CLIENT, CONNECTION
from provision.checks.doctor.patient import Patient
from provision.checks.doctor.tailnet import ID as TAILNET
from provision.model.facts import Facts, Reading
from provision.model.finding import Finding, Rule
from provision.model.tunnel import Tunnel
from provision.products import find_product

NOW = 1_800_000_000
TUNNEL = Tunnel("vps1", "vps1", "clawdbot", "", 18789, "x")


def build_all(product: str) -> dict[str, Rule]:
    patient = Patient("vps1", find_product(product), 18789, lambda: NOW)
    rules = (*build_rules(patient), *build_laptop_rules(patient, TUNNEL, "/log"))
    return {rule.id: rule for rule in rules}


RULES = build_all("clawdbot")
PROBES = ("doctor:units", "doctor:sockets", ANSWERS, DEVICES, CLIENT, CONNECTION, TAILNET)
FOLDER = Path(__file__).parent / "doctor"
DOCS = Path(__file__).parents[2] / "docs/doctor.md"
FILES = {path.stem.replace("_", ":", 1): path for path in sorted(FOLDER.glob("*.yml"))}
CASES = [
    pytest.param(rule, case, id=f"{rule}-{name}")
    for rule, path in FILES.items()
    for name, case in yaml.safe_load(path.read_text()).items()
]
GARBAGE = (
    "",
    "sh: 1: ss: not found",
    "\x00\xff=\n\t\n|\n",
    "unit \n",
    "unit /x\nage=\nMainPID=x\n= {",
)
MARKS = {"text": "| ", "config": "= ", "log": "> "}


def read(case: Mapping[str, object]) -> Facts:
    """The readings that a case tells: `units`, `sockets`, `answers`, and the rule's `own`."""
    told = {rule: Reading(127, "") for rule in RULES}
    told["doctor:units"] = Reading(0, "".join(map(write_unit, case.get("units", []))) + "end")
    rows = ("\t".join(map(str, row)) for row in case.get("sockets", []))
    told["doctor:sockets"] = Reading(0, "\n".join(rows))
    rows = (f"{who}\t{kind}\t{said}" for who, (kind, said) in case.get("answers", {}).items())
    told[ANSWERS] = Reading(0, "\n".join(rows))
    if "devices" in case:
        told[DEVICES] = Reading(0, "\n".join(map("\t".join, case["devices"])))
    plain = {"client": CLIENT, "connection": CONNECTION, "tailnet": TAILNET}
    told |= {id: Reading(0, str(case[key])) for key, id in plain.items() if key in case}
    return Facts(told)


def write_unit(unit: Mapping[str, object]) -> str:
    """A unit as the server's script writes it."""
    lines = [f"unit {unit['path']}"]
    for key, value in unit.items():
        if key in MARKS:
            lines += [MARKS[key] + line for line in str(value).splitlines()]
        elif key in ("there", "gone"):
            lines += [f"{key}={word}" for word in str(value).split()]
        elif key != "path":
            lines.append(f"{key}={value}")
    return "\n".join(lines) + "\n"


def judge(rule: str, case: Mapping[str, object]) -> Finding | None:
    own = Reading(int(str(case.get("exit", 0))), str(case.get("own", "")))
    asked = build_all(str(case.get("product", "clawdbot")))[rule]
    return asked.judge(own, Facts({**read(case).readings, rule: own}))


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_what_is_read_is_judged_as_expected(rule: str, case: dict[str, object]) -> None:
    found = judge(rule, case)
    told = found.cause if found else ""
    assert told == case["cause"], told
    assert found is None or found.rule == case.get("rule", rule)
    assert "severity" not in case or (found and found.severity == case["severity"])


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_good_and_bad_cases(rule: str) -> None:
    causes = [case["cause"] for case in yaml.safe_load(FILES[rule].read_text()).values()]
    assert "" in causes
    assert any(causes)


def test_every_case_is_of_a_rule() -> None:
    assert set(FILES) <= set(RULES)


@pytest.mark.parametrize("text", GARBAGE)
@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_what_cannot_be_read_is_no_finding(rule: Rule, text: str) -> None:
    garbage = Reading(127, text)
    probes = [probe for probe in PROBES if probe != CONNECTION]  # that is an error's own text
    facts = Facts({**dict.fromkeys(probes, garbage), rule.id: garbage})
    assert rule.judge(garbage, facts) is None


def test_the_page_about_the_doctor_has_every_finding() -> None:
    first: dict[str, Finding] = {}
    for rule, path in FILES.items():
        for case in yaml.safe_load(path.read_text()).values():
            if found := judge(rule, case):
                first.setdefault(found.rule, found)
    rows = {
        f"| `{f.rule}` | {f.problem} | {f.cause} | {'yes' if f.fix else ''} |".replace(
            "vps1", "HOST"
        )
        for f in first.values()
    }
    lines = {line for line in DOCS.read_text().splitlines() if line.startswith("| `")}
    assert lines == rows
