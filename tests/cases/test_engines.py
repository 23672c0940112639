"""Version ranges as npm writes them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from provision.products.engines import parse_version, satisfies

CASES = yaml.safe_load((Path(__file__).parent / "engines.yml").read_text())
INSIDE = [(case["range"], str(version)) for case in CASES for version in case["in"]]
OUTSIDE = [(case["range"], str(version)) for case in CASES for version in case["out"]]


@pytest.mark.parametrize(("engines", "version"), INSIDE)
def test_a_version_lies_in_its_range(engines: str, version: str) -> None:
    assert satisfies(version, engines)


@pytest.mark.parametrize(("engines", "version"), OUTSIDE)
def test_a_version_lies_outside_of_a_range(engines: str, version: str) -> None:
    assert not satisfies(version, engines)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("v22.1.3", (22, 1, 3)), ("22.1.3-rc.1", (22, 1, 3)), ("22.1", None), ("", None), ("x", None)],
)
def test_a_version_is_three_numbers(text: str, numbers: tuple[int, int, int] | None) -> None:
    assert parse_version(text) == numbers
