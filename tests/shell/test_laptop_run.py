"""A laptop's plan, carried out while we watch, by the user's own shell."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from provision.app.laptop import at_laptop
from provision.app.operator import Operator
from provision.engine.gather import Session, Stack
from provision.engine.laptop import LAPTOP
from provision.engine.run import converge
from provision.errors import ApplyError, LockedError
from provision.model.facts import Facts, Probe
from provision.model.plan import Change, Plan
from provision.model.shell import Sh, sh
from provision.model.transport import Channel, Completed, OnLine
from provision.resources.file import File
from provision.transport.local import Local


@dataclass
class Counted:
    """This machine, as its user; every script that it ran."""

    local: Local = field(default_factory=lambda: Local(own=True))
    scripts: list[Sh] = field(default_factory=list)

    def execute(self, script: Sh, on_line: OnLine | None = None) -> Completed:
        self.scripts.append(script)
        return self.local.execute(script, on_line)

    def open_stream(self, port: int, host: str = "127.0.0.1") -> Channel:
        return self.local.open_stream(port)


class Silence:
    """A progress that nobody watches."""

    def step(self, name: str, why: str = "") -> None: ...

    def detail(self, line: str) -> None: ...

    def ask(self, words: str, url: str) -> None: ...

    def done(self, exit: int) -> None: ...

    def plan(self, plan: Plan) -> None: ...


@dataclass(frozen=True)
class Shell:
    """A resource whose change is any shell."""

    script: Sh
    id: str = "shell:one"

    def probe(self) -> Probe:
        return Probe(self.id, sh("echo HOME=$HOME"))

    def diff(self, facts: Facts) -> Change | None:
        return Change(self.id, "run", (self.script,))


def session(machine: Counted) -> Session:
    nonces = (f"{number:032x}" for number in itertools.count())
    return Session(machine, "ada@desk", "tunnel up", nonces, Silence())


def stack(*resources: File | Shell) -> Stack:
    return Stack("vps1", (), resources, ground=LAPTOP)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "a home with ü"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return home


def test_one_look_and_nothing_else_when_there_is_nothing_to_do(home: Path) -> None:
    (home / "x").write_text("x\n")
    (home / "x").chmod(0o644)
    machine = Counted()
    done = converge(session(machine), stack(File(str(home / "x"), "x\n", "644", "")))
    assert (done.outcomes, len(machine.scripts)) == ((), 1)


def test_a_change_is_three_runs_in_the_users_own_home(home: Path) -> None:
    machine = Counted()
    done = converge(session(machine), stack(File(str(home / "x"), "x\n", "600", "")))
    assert [outcome.status for outcome in done.outcomes] == ["done"]
    assert len(machine.scripts) == 3
    assert (home / "x").read_text() == "x\n"
    assert [path.name for path in home.iterdir()] == ["x"]
    assert not [script for script in machine.scripts if "HOME=/root" in script.text]


def test_a_step_that_fails_is_told_with_what_to_type(home: Path) -> None:
    with pytest.raises(ApplyError) as caught:
        converge(session(Counted()), stack(Shell(sh('echo "in $HOME"; exit 4'))))
    assert caught.value.what == "shell:one failed with exit code 4"
    assert caught.value.log == (f"in {home}",)
    assert "clawprov tunnel up vps1" in caught.value.hint


def test_two_at_once_are_one_too_many(home: Path) -> None:
    operator = Operator(lambda *_: False, lambda _: None, Silence())
    with (
        at_laptop(operator, "up"),
        pytest.raises(LockedError, match="another clawprov"),
        at_laptop(operator, "up"),
    ):
        pass
    with at_laptop(operator, "up"):
        pass
    assert list((home / ".config/clawprov").iterdir()) == []
