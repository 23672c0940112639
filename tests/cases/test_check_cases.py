"""Every situation below checks/: what is read from a machine, and the problem that it is."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from provision.checks import (
    access,
    basics,
    dropins,
    funnel,
    gateway,
    preflight,
    rivals,
    security,
    tailnet,
    tunnel,
)
from provision.model.facts import Facts, Probe, Reading
from provision.model.plan import Blocked, Change
from provision.model.report import Check
from provision.model.secret import Secret
from provision.model.shell import sh
from provision.model.tailnet import Node
from provision.model.tunnel import Tunnel
from provision.products import find_product


def _tunnel(host: str) -> Tunnel:
    return Tunnel(host, host, "clawdbot", "", 18789, "x")


@dataclass(frozen=True)
class Way:
    """A resource that closes something, where it is `open`, or cannot tell: it is `silent`."""

    open: bool
    silent: bool = False
    id: str = "way:in"

    def probe(self) -> Probe:
        return Probe(self.id, sh("look"))

    def diff(self, facts: Facts) -> Change | Blocked | None:
        if self.silent:
            return Blocked(self.id, "way:out")
        return Change(self.id, "remove", (), "it is open") if self.open else None


def _want(wish: str, port: int = 443) -> funnel.Wanted:
    return funnel.wanted(port, 18789, wished=wish == "open")


FOLDER = Path(__file__).parent / "checks"
CHECKS: dict[str, Callable[..., Check]] = {
    "system": preflight.supported_system,
    "memory": lambda coming=0: preflight.enough_memory(lambda facts: coming),
    "disk": preflight.enough_disk,
    "clock": preflight.right_clock,
    "dns": preflight.working_names,
    "packages": preflight.whole_packages,
    "version": preflight.chosen_version,
    "auth": lambda wished, other: rivals.same_auth(wished, lambda facts: other),
    "key": lambda name, variable, there: preflight.known_key(name, variable, lambda facts: there),
    "sources": lambda url, ours, wanted: rivals.no_other_source(url, ours, lambda facts: wanted),
    "tools": preflight.needed_tools,
    "user": rivals.own_user,
    "product": lambda host, name: rivals.no_other_product(host, find_product(name)),
    "port": lambda port, unit, *ending: rivals.free_port(port, unit, lambda facts: ending),
    "rivals": lambda problem: rivals.no_rivals("box", 18789, lambda facts: problem),
    "steady": gateway.steady,
    "loopback": lambda service, port, exposed=False: gateway.loopback_only(
        service, port, exposed=exposed
    ),
    "drop_ins": dropins.foreign_drop_ins,
    "obstacle": lambda key, told: basics.no_obstacle(key, lambda facts: told),
    "forward_free": lambda told: access.forward_free(18789, lambda facts: told),
    "forwarded": lambda told: access.forwarded(lambda facts: told, "vps1"),
    "in_tailnet": funnel.in_tailnet,
    "funnel_allowed": lambda port, wish: funnel.allowed(_want(wish, port)),
    "funnel_port": lambda port, wish="open": funnel.free_port(18789, _want(wish, port), ""),
    "funnel_password": lambda text, wish: funnel.long_password(
        "vps1", lambda facts: Secret(text), _want(wish)
    ),
    "funnel_leak": lambda product: funnel.no_leak(
        "vps1", product, lambda reading, facts: reading.out, "/p.json", _want("open")
    ),
    "funnel_warning": lambda port, wish: funnel.warning("vps1", 18789, _want(wish, port)),
    "funnel_open": lambda host, port, wished=False: funnel.open_now(host, port, wished=wished),
    "left_out": lambda key, told: basics.left_out(key, lambda facts: told),
    "updates": basics.updates_run,
    "keeper": basics.clock_kept,
    "passwords": basics.passwords_refused,
    "tunnel_runs": lambda host: tunnel.running(host, _tunnel(host), "/log"),
    "lingers": lambda host: tunnel.lingering(_tunnel(host)),
    "can_join": lambda name, told: tailnet.can_join(name, lambda facts: told, "correct it"),
    "on_tailnet": lambda seen, elsewhere="": tailnet.on_tailnet(
        "box", lambda facts: Node(**seen), lambda facts: elsewhere, lambda: 0
    ),
    "called": lambda seen: tailnet.called_as_asked("box", lambda facts: Node(**seen)),
    "login_lasts": lambda seen: tailnet.login_lasts(lambda facts: Node(**seen), lambda: 0),
    "account_rules": tunnel.rules_hold,
    "secret_in_config": lambda path: security.no_secret_in_config("box", path),
    "ssh_by_key": security.ssh_by_key,
    "port_free": lambda told: access.port_free(lambda facts: told),
    "served": lambda told: access.served(lambda facts: told, "box"),
    "can_leave": lambda told: access.can_leave(lambda facts: told),
    "closes": lambda there, silent=False: access.closes(Way(there, silent), "box"),
}
CASES = sorted(FOLDER.glob("*/*.yml"))
GARBAGE = ("", "sh: 1: ss: not found\n", "\0\xff=\n\t\n|\n", "/opt=-\nage=x\n=\n", "[]", "null")


def build(path: Path) -> tuple[Check, dict[str, Reading]]:
    """The check of a case, and what other probes have read there."""
    case = yaml.safe_load(path.read_text())
    arguments = case["arguments"]
    if path.parent.name == "clock":
        arguments = [lambda: case["arguments"][0]]
    others = {name: Reading(0, out) for name, out in case.get("others", {}).items()}
    return CHECKS[path.parent.name](*arguments), others


@pytest.mark.parametrize("path", CASES, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_what_is_read_is_judged_as_expected(path: Path) -> None:
    case = yaml.safe_load(path.read_text())
    assert set(case) <= {"arguments", "exit", "out", "others", "problem", "detail"}
    check, others = build(path)
    reading = Reading(case.get("exit", 0), case["out"])
    facts = Facts(others | {check.id: reading})
    assert check.judge(reading, facts) == case["problem"]
    if "detail" in case:
        assert check.tell
        assert check.tell(reading, facts) == case["detail"]


@pytest.mark.parametrize("text", GARBAGE)
@pytest.mark.parametrize("path", CASES, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_what_makes_no_sense_is_judged_too(path: Path, text: str) -> None:
    check, others = build(path)
    reading = Reading(127, text)
    facts = Facts(others | {check.id: reading})
    assert isinstance(check.judge(reading, facts), str)
    if check.tell:
        assert isinstance(check.tell(reading, facts), str)


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_has_good_and_bad_cases(name: str) -> None:
    problems = [yaml.safe_load(p.read_text())["problem"] for p in (FOLDER / name).glob("*.yml")]
    assert "" in problems
    assert any(problems)


def test_every_check_has_its_cases() -> None:
    written = {
        function
        for module in (
            access,
            preflight,
            rivals,
            gateway,
            dropins,
            funnel,
            basics,
            tailnet,
            tunnel,
            security,
        )
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and inspect.get_annotations(function)["return"] == "Check"
        and name != "asked"  # it judges nothing
    }
    assert len(written) == len(CHECKS)
    assert {path.name for path in FOLDER.iterdir()} == set(CHECKS)
