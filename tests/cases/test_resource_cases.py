"""Every situation below resources/: what is read from a machine, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from provision.model.facts import Facts, Reading
from provision.model.finding import Finding, Rule
from provision.model.funnel import BY_INVENTORY, Opening
from provision.model.plan import Blocked, Change, Resource
from provision.model.secret import Secret
from provision.model.shell import Sh, sh
from provision.products import find_product
from provision.resources.absent import Absent
from provision.resources.authorized_key import AuthorizedKey
from provision.resources.block import Block
from provision.resources.client_config import ClientConfig
from provision.resources.clock import ClockKeeper
from provision.resources.credential import Credential
from provision.resources.cure import Cure
from provision.resources.directory import Directory
from provision.resources.file import File
from provision.resources.firewall import Firewall
from provision.resources.forward import Forward
from provision.resources.funnel import Funnel
from provision.resources.handover import Handover
from provision.resources.heap import HeapLimit
from provision.resources.launch_agent import LaunchAgent
from provision.resources.leave import Leave
from provision.resources.link import Link
from provision.resources.node import NodeArchive, NodePackage
from provision.resources.operator import TailnetOperator
from provision.resources.package import Package
from provision.resources.release import Release
from provision.resources.restitution import Restitution
from provision.resources.serve import Serve
from provision.resources.service import Service
from provision.resources.ssh_key import SshKey
from provision.resources.sshd import KeysOnly
from provision.resources.swap import Swap
from provision.resources.tailnet import Join
from provision.resources.tailscale import TailscalePackage
from provision.resources.takeover import Takeover
from provision.resources.timer import TimedAgent, Timer
from provision.resources.token import Token
from provision.resources.user import SystemUser
from provision.resources.user_unit import UserUnit


def leaking(reading: Reading, fix: str) -> Finding | None:
    """What a rule finds that finds whatever it reads."""
    mended = sh("chmod {} /x", fix) if fix else None
    return Finding("audit:x", "serious", "it leaks", fix=mended) if reading.out else None


FOLDER = Path(__file__).parent / "resources"


def _funnel(
    port: int,
    unit: str,
    gateway_port: int,
    wish: str,
    seconds: int = 0,
    asked: str = BY_INVENTORY.id,
    served: bool = False,
) -> Funnel:
    wished = Opening(seconds, asked) if wish == "open" else wish
    return Funnel(port, unit, gateway_port, wished, served)  # type: ignore[arg-type]


KINDS: dict[str, Callable[..., Resource]] = {
    "clock": ClockKeeper,
    "absent": Absent,
    "authorized_key": AuthorizedKey,
    "block": Block,
    "client_config": ClientConfig,
    "credential": Credential,
    "cure": lambda fix: Cure(
        Rule("audit:x", sh("look"), lambda reading, facts: leaking(reading, fix))
    ),
    "directory": Directory,
    "file": File,
    "firewall": Firewall,
    "forward": lambda wished=True: Forward(18789, Join().node, wished),
    "funnel": _funnel,
    "handover": Handover,
    "heap": HeapLimit,
    "launch_agent": LaunchAgent,
    "leave": lambda: Leave(Join().node),
    "link": Link,
    "node_archive": NodeArchive,
    "node_package": NodePackage,
    "operator": lambda **how: TailnetOperator(node=Join().node, **how),
    "package": Package,
    "release": Release,
    "serve": lambda **how: Serve("p-gateway.service", 18789, Join().node, Secret("run1"), **how),
    "restitution": lambda product: Restitution(find_product(product)),
    "service": Service,
    "sshd": KeysOnly,
    "swap": Swap,
    "tailnet": Join,
    "tailscale": TailscalePackage,
    "takeover": lambda product, wished: Takeover(find_product(product), wished),
    "ssh_key": SshKey,
    "timed_agent": TimedAgent,
    "timer": Timer,
    "token": Token,
    "user": SystemUser,
    "user_unit": UserUnit,
}
SHELL, SECRET = ("trial", "activate"), ("given", "fresh", "spare", "secret", "auth_key")
CASES = sorted(FOLDER.glob("*/*.yml"))


def build(kind: str, arguments: Mapping[str, Any]) -> Resource:
    """The resource that a case speaks of; its arguments are what YAML can say of them."""
    ready = dict(arguments)
    for name, value in arguments.items():
        if name in SHELL:
            ready[name] = Sh(value, value)
        elif name in SECRET:
            ready[name] = value and Secret(value)
        elif name == "credential":
            ready[name] = build("credential", value)
        elif name == "more":
            ready[name] = tuple((key, text and Secret(text)) for key, text in value.items())
        elif name == "inputs":
            ready[name] = [File(path, content) for path, content in value.items()]
        elif name == "file":
            (ready[name],) = [File(path, content) for path, content in value.items()]
        elif isinstance(value, list):
            ready[name] = tuple(value)
    return KINDS[kind](**ready)


@pytest.mark.parametrize("path", CASES, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_what_is_read_leads_to_the_expected_change(path: Path) -> None:
    case = yaml.safe_load(path.read_text())
    assert set(case) <= {
        "arguments",
        "exit",
        "out",
        "others",
        "change",
        "blocked",
        "left_out",
        "obstacle",
        "undo",
    }
    resource = build(path.parent.name, case["arguments"])
    readings = {resource.id: Reading(case.get("exit", 0), case["out"])}
    readings |= {name: Reading(0, out) for name, out in case.get("others", {}).items()}
    found = resource.diff(Facts(readings))
    if "left_out" in case:
        assert resource.left_out(Facts(readings)) == case["left_out"]  # type: ignore[attr-defined]
    if "obstacle" in case:
        assert resource.obstacle(Facts(readings)) == case["obstacle"]  # type: ignore[attr-defined]
    if "blocked" in case:
        assert found == Blocked(resource.id, case["blocked"])
        return
    if case["change"] is None:
        assert found is None
        return
    assert isinstance(found, Change)
    assert found.resource == resource.id
    expected = dict(case["change"])
    commands = expected.pop("commands", None)
    assert {name: getattr(found, name) for name in expected} == expected
    if "undo" in case or found.undo:
        assert_commands([str(found.undo)], [case.get("undo", {"has": []})])
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
