"""A server on which a converge can run without being root of a machine with systemd."""

from __future__ import annotations

import grp
import itertools
import os
import pwd
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from server import Server

from provision.engine.gather import Session, Stack
from provision.engine.job import AUDIT, RUN
from provision.engine.run import Converged, converge
from provision.model.facts import Facts, Probe
from provision.model.plan import Change, Plan, Resource
from provision.model.shell import Sh, sh
from provision.model.transport import Completed
from provision.resources.file import File
from provision.transport.session import Ssh

OWNER = f"{pwd.getpwuid(os.getuid()).pw_name}:{grp.getgrgid(os.getgid()).gr_name}"

# A supervisor for one unit, whose process is known by a file.
SYSTEMD_RUN = """#!/bin/sh
for word; do case $word in StandardOutput=append:*) log=${word#*:} ;; esac; done
while [ "$1" != sh ]; do shift; done
rm -f PLACE/started
(
  "$@" & echo $! >PLACE/pid
  : >PLACE/started; wait; rm PLACE/pid
) >>"$log" 2>&1 </dev/null &
until [ -e PLACE/started ]; do :; done
"""
SYSTEMCTL = """#!/bin/sh
pid=$(cat PLACE/pid 2>/dev/null) && kill -0 "$pid" 2>/dev/null || pid=0
[ $pid = 0 ] && state=inactive || state=active
case $* in
  start*undo.service) sh PLACE/lib/undo/undo.sh ;;
  is-active*) [ $pid != 0 ] ;;
  *ActiveState*) printf 'ActiveState=%s\\nMainPID=%s\\n' $state $pid ;;
  *) echo MainPID=$pid ;;
esac
"""


@dataclass
class Diary:
    """A progress that remembers."""

    steps: list[str] = field(default_factory=list)

    def step(self, name: str, why: str = "") -> None:
        self.steps.append(name)

    def detail(self, line: str) -> None:
        self.steps.append(f"~ {line}")

    def ask(self, words: str, url: str) -> None: ...

    def done(self, exit: int) -> None: ...

    def plan(self, plan: Plan) -> None: ...


@dataclass(frozen=True)
class Guarded:
    """A file that could lock us out."""

    file: File

    @property
    def id(self) -> str:
        return self.file.id

    def probe(self) -> Probe:
        return self.file.probe()

    def diff(self, facts: Facts) -> Change | None:
        change = self.file.diff(facts)
        return change and replace(change, undo=sh("rm {}", self.file.path))


@dataclass
class Box:
    """A server on which everything absolute that is ours lies in one folder."""

    place: Path
    server: Server

    def file(self, name: str, **options: Sh) -> File:
        return File(str(self.place / name), f"{name} of the box\n", owner=OWNER, **options)  # type: ignore[arg-type]

    def converge(
        self,
        ssh: Ssh,
        *resources: Resource,
        diary: Diary | None = None,
        fresh: Callable[[Sh], Completed] | None = None,
    ) -> Converged:
        nonces = (f"{os.urandom(16).hex()}" for _ in itertools.count())
        session = Session(ssh, "me@here", "up", nonces, diary or Diary(), fresh)
        return converge(session, Stack("box", (), resources))


@pytest.fixture(name="box")
def new_box(server: Server, tmp_path: Path) -> Iterator[Box]:
    place, tools = tmp_path / "box", tmp_path / "tools"
    tools.mkdir()
    (place / "units" / "timers.target.wants").mkdir(parents=True)
    for name, text in {"systemd-run": SYSTEMD_RUN, "systemctl": SYSTEMCTL}.items():
        (tools / name).write_text(text.replace("PLACE", str(place)))
        (tools / name).chmod(0o755)
    server.rewrite = rewriting(
        {
            "PATH=/usr/local/sbin:": f"PATH={tools}:/usr/local/sbin:",
            RUN: f"{place}/run",
            str(Path(AUDIT).parent): f"{place}/lib",
            "/etc/systemd/system": f"{place}/units",
        }
    )
    yield Box(place, server)
    server.rewrite = rewriting({})


def rewriting(words: dict[str, str]) -> Callable[[str], str]:
    def rewrite(script: str) -> str:
        for old, new in words.items():
            script = script.replace(old, new)
        return script

    return rewrite
