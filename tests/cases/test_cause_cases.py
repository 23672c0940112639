"""Last words of gateways and package managers, and what is made of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from provision.checks.causes import CAUSES, find_cause

CASES = yaml.safe_load((Path(__file__).parent / "causes.yml").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["log"][:40])
def test_a_log_speaks_of_its_cause(case: dict[str, str]) -> None:
    cause = find_cause(["noise", *case["log"].splitlines(), "more noise"])
    assert (cause.what if cause else None) == case["cause"]


def test_every_cause_has_a_log_that_speaks_of_it() -> None:
    told = {case["cause"].partition(": ")[0] for case in CASES if case["cause"]}
    assert told == {cause.what for cause in CAUSES}


def test_every_cause_says_what_to_do() -> None:
    assert [cause.what for cause in CAUSES if not cause.hint] == []
