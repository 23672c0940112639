"""Every situation below checks/: what is read from a machine, and the problem that it is."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from provision.checks import gateway, preflight, rivals
from provision.model.facts import Facts, Reading
from provision.model.report import Check

FOLDER = Path(__file__).parent / "checks"
CHECKS: dict[str, Callable[..., Check]] = {
    "system": preflight.supported_system,
    "memory": preflight.enough_memory,
    "disk": preflight.enough_disk,
    "clock": preflight.right_clock,
    "dns": preflight.working_names,
    "packages": preflight.whole_packages,
    "auth": lambda wished, other: rivals.same_auth(wished, lambda facts: other),
    "key": lambda name, variable, there: preflight.known_key(name, variable, lambda facts: there),
    "sources": lambda url, ours, wanted: rivals.no_other_source(url, ours, lambda facts: wanted),
    "tools": preflight.needed_tools,
    "user": rivals.own_user,
    "port": rivals.free_port,
    "rivals": rivals.no_rivals,
    "steady": gateway.steady,
    "loopback": gateway.loopback_only,
}
CASES = sorted(FOLDER.glob("*/*.yml"))


@pytest.mark.parametrize("path", CASES, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_what_is_read_is_judged_as_expected(path: Path) -> None:
    case = yaml.safe_load(path.read_text())
    assert set(case) <= {"arguments", "exit", "out", "others", "problem"}
    arguments = case["arguments"]
    if path.parent.name == "clock":
        arguments = [lambda: case["arguments"][0]]
    check = CHECKS[path.parent.name](*arguments)
    readings = {name: Reading(0, out) for name, out in case.get("others", {}).items()}
    reading = Reading(case.get("exit", 0), case["out"])
    assert check.judge(reading, Facts(readings | {check.id: reading})) == case["problem"]


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_has_good_and_bad_cases(name: str) -> None:
    problems = [yaml.safe_load(p.read_text())["problem"] for p in (FOLDER / name).glob("*.yml")]
    assert "" in problems
    assert any(problems)


def test_every_check_has_its_cases() -> None:
    written = {
        function
        for module in (preflight, rivals, gateway)
        for _, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and inspect.get_annotations(function)["return"] == "Check"
    }
    assert len(written) == len(CHECKS)
    assert {path.name for path in FOLDER.iterdir()} == set(CHECKS)
