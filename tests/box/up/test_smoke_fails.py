"""Each smoke test fails when what it looks at is broken, and then alone; for both products."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest
import testinfra
from machines import Server, out
from smoked import FAULTS, Fault
from test_up_oracle import SMOKE, write_config

Suite = dict[str, Callable[..., None]]
Numbered = tuple[int, Fault]
SLOW = {fault.seen for fault in FAULTS if not fault.quick}


def load(name: str) -> ModuleType:
    """A file of the smoke suite, whose name another file may have, too."""
    spec = importlib.util.spec_from_file_location(f"smoke_{name}", SMOKE / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_suite() -> Suite:
    """Every smoke test by its name, those with parameters once for each of these."""
    found = {}
    for module in (load("test_gateway"), load("test_files")):
        for name, test in vars(module).items():
            if name.startswith("test_"):
                (mark,) = getattr(test, "pytestmark", None) or (None,)
                for values in mark.args[1] if mark else ():
                    found[f"{name}[{values[0]}]"] = partial(
                        test, **dict(zip(mark.args[0], values, strict=True))
                    )
                if not mark:
                    found[name] = test
    return found


@pytest.fixture(scope="module")
def suite() -> Iterator[Suite]:
    sys.path.insert(0, str(SMOKE))
    yield read_suite()
    sys.path.remove(str(SMOKE))


@dataclass(frozen=True)
class Yard:
    """A server on which faults are made, and the suite that looks at it."""

    server: Server
    config: Path
    suite: Suite

    def failing(self, *names: str) -> set[str]:
        """Those of these tests that fail now."""
        from oracle import find_gateway

        host = testinfra.get_host(f"ssh://{self.server.name}", ssh_config=str(self.config))
        failed = set()
        for name in names:
            try:
                self.suite[name](gateway=find_gateway(host))
            except AssertionError:
                failed.add(name)
        return failed

    def make(self, product: str, number: int, script: str) -> None:
        from oracle import HEALTH, SECRETS

        pid = "$(systemctl show $p-gateway -p MainPID --value)"
        secret = f"secret() {{ {SECRETS[product].format(pid=pid)}; }}; SECRET=secret"
        names = f"p={product} n={number} HEALTH={HEALTH[product]!r}"
        out(self.server.box, f"set -e; {names}; {secret}; {script}")


def halves() -> tuple[dict[str, Numbered], ...]:
    """All faults by what must see them, each in the half that has none such yet."""
    found: tuple[dict[str, Numbered], ...] = ({}, {})
    for number, fault in enumerate(FAULTS):
        half = found[number % 2 if fault.seen not in found[number % 2] else 1 - number % 2]
        assert fault.seen not in half
        half[fault.seen] = (number, fault)
    return found


def test_every_smoke_test_has_a_fault_that_it_must_see(suite: Suite) -> None:
    assert {fault.seen for fault in FAULTS} == set(suite)
    assert sum(map(len, halves())) == len(FAULTS)


@pytest.mark.parametrize("product", ["clawdbot", "openclaw"])
def test_a_fault_is_seen_by_its_smoke_test_alone(
    request: pytest.FixtureRequest, suite: Suite, tmp_path: Path, product: str
) -> None:
    """Each makes its test fail that passed before; half of them at once, no test of the rest."""
    server: Server = request.getfixturevalue("server" if product == "clawdbot" else "openclaw")
    yard = Yard(server, write_config(server.box, tmp_path), suite)
    for half in halves():
        made, wrong = [], []
        try:
            for number, fault in half.values():
                early = yard.failing(fault.seen) if fault.quick else set()
                made.append((number, fault))
                yard.make(product, number, fault.do)
                if early or not yard.failing(fault.seen):
                    wrong.append((number, fault.seen, "early" if early else "not seen"))
            failed = yard.failing(*(name for name in suite if name not in SLOW))
        finally:
            for number, fault in reversed(made):
                yard.make(product, number, fault.undo)
        assert wrong == []
        assert failed == {fault.seen for _, fault in half.values() if fault.quick}
    assert yard.failing(*suite) == set()
