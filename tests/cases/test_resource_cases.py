"""Every situation below resources/: what is read from a machine, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from provision.model.facts import Facts, Reading
from provision.model.plan import Change, Resource
from provision.model.secret import Secret
from provision.model.shell import Sh
from provision.resources.credential import Credential
from provision.resources.directory import Directory
from provision.resources.file import File
from provision.resources.heap import HeapLimit
from provision.resources.link import Link
from provision.resources.node import NodeArchive, NodePackage
from provision.resources.release import Release
from provision.resources.service import Service
from provision.resources.token import Token
from provision.resources.user import SystemUser

FOLDER = Path(__file__).parent / "resources"
KINDS: dict[str, Callable[..., Resource]] = {
    "credential": Credential,
    "directory": Directory,
    "file": File,
    "heap": HeapLimit,
    "link": Link,
    "node_archive": NodeArchive,
    "node_package": NodePackage,
    "release": Release,
    "service": Service,
    "token": Token,
    "user": SystemUser,
}
SHELL, SECRET = ("trial", "activate"), ("given", "fresh")
CASES = sorted(FOLDER.glob("*/*.yml"))


def build(kind: str, arguments: Mapping[str, Any]) -> Resource:
    """The resource that a case speaks of; its arguments are what YAML can say of them."""
    ready = dict(arguments)
    for name, value in arguments.items():
        if name in SHELL:
            ready[name] = Sh(value, value)
        elif name in SECRET:
            ready[name] = value and Secret(value)
        elif name == "more":
            ready[name] = tuple((key, text and Secret(text)) for key, text in value.items())
        elif name == "inputs":
            ready[name] = [File(path, content) for path, content in value.items()]
        elif isinstance(value, list):
            ready[name] = tuple(value)
    return KINDS[kind](**ready)


@pytest.mark.parametrize("path", CASES, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_what_is_read_leads_to_the_expected_change(path: Path) -> None:
    case = yaml.safe_load(path.read_text())
    assert set(case) <= {"arguments", "exit", "out", "others", "change"}
    resource = build(path.parent.name, case["arguments"])
    readings = {resource.id: Reading(case.get("exit", 0), case["out"])}
    readings |= {name: Reading(0, out) for name, out in case.get("others", {}).items()}
    found = resource.diff(Facts(readings))
    if case["change"] is None:
        assert found is None
        return
    assert isinstance(found, Change)
    assert found.resource == resource.id
    expected = dict(case["change"])
    commands = expected.pop("commands", None)
    assert {name: getattr(found, name) for name in expected} == expected
    if commands is not None:
        assert_commands([str(command) for command in found.commands], commands)


def assert_commands(shown: list[str], expected: list[Any]) -> None:
    """Each command is the expected text, or has and lacks the expected parts."""
    assert len(shown) == len(expected), shown
    for text, wish in zip(shown, expected, strict=True):
        if isinstance(wish, str):
            assert text == wish
            continue
        assert set(wish) <= {"has", "lacks"}
        assert [part for part in wish["has"] if part not in text] == [], text
        assert [part for part in wish.get("lacks", []) if part in text] == [], text


@pytest.mark.parametrize("kind", KINDS)
def test_every_resource_has_a_case_in_which_there_is_nothing_to_do(kind: str) -> None:
    path = FOLDER / kind / "nothing_to_do.yml"
    assert yaml.safe_load(path.read_text())["change"] is None


def test_every_resource_has_its_cases() -> None:
    sources = Path(__file__).parents[2] / "provision/resources"
    nouns = {path.stem for path in sources.glob("*.py")} - {"__init__"}
    folders = {path.name for path in FOLDER.iterdir()}
    assert folders == set(KINDS)
    assert {noun for noun in nouns if not any(f.startswith(noun) for f in folders)} == set()
