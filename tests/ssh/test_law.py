"""The law of round trips, counted on a real connection with the real scripts."""

from __future__ import annotations

import grp
import itertools
import os
import pwd
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from gateway import SECRET, Gateway
from home import Home
from server import Server

from provision.app.prove import prove
from provision.engine.job import AUDIT, RUN
from provision.engine.run import Converged, Session, Stack, converge
from provision.errors import ConnectError
from provision.model.plan import Plan
from provision.model.secret import Secret
from provision.model.shell import Sh, sh
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

    def done(self, exit: int) -> None: ...

    def plan(self, plan: Plan) -> None: ...


@dataclass
class Box:
    """A server on which everything absolute that is ours lies in one folder."""

    place: Path
    server: Server

    def file(self, name: str, **options: Sh) -> File:
        return File(str(self.place / name), f"{name} of the box\n", owner=OWNER, **options)  # type: ignore[arg-type]

    def converge(self, ssh: Ssh, *files: File, diary: Diary | None = None) -> Converged:
        nonces = (f"{os.urandom(16).hex()}" for _ in itertools.count())
        session = Session(ssh, "me@here", "up", nonces, diary or Diary())
        return converge(session, Stack("box", (), files))


@pytest.fixture
def box(server: Server, tmp_path: Path) -> Iterator[Box]:
    place, tools = tmp_path / "box", tmp_path / "tools"
    tools.mkdir()
    place.mkdir()
    for name, text in {"systemd-run": SYSTEMD_RUN, "systemctl": SYSTEMCTL}.items():
        (tools / name).write_text(text.replace("PLACE", str(place)))
        (tools / name).chmod(0o755)
    server.rewrite = rewriting(
        {
            "PATH=/usr/local/sbin:": f"PATH={tools}:/usr/local/sbin:",
            RUN: f"{place}/run",
            str(Path(AUDIT).parent): f"{place}/lib",
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


def test_a_round_of_change_is_one_connection_and_three_execs(home: Home, box: Box) -> None:
    diary = Diary()
    with home.logged_in(box.server) as ssh:
        result = box.converge(ssh, box.file("one"), box.file("two"), diary=diary)
    assert [outcome.status for outcome in result.outcomes] == ["done", "done"]
    assert (box.place / "two").read_text() == "two of the box\n"
    assert (box.server.connections, len(box.server.execs)) == (1, 3)
    assert diary.steps == ["look", f"file:{box.place}/one", f"file:{box.place}/two", "look"]


def test_nothing_to_do_is_one_connection_and_one_exec(home: Home, box: Box) -> None:
    with home.logged_in(box.server) as ssh:
        box.converge(ssh, box.file("one"))
    box.server.connections, box.server.execs = 0, []
    with home.logged_in(box.server) as ssh:
        assert not box.converge(ssh, box.file("one")).plan.changes
    assert (box.server.connections, len(box.server.execs)) == (1, 1)


def test_a_wish_does_not_cost_more_execs_when_it_is_larger(home: Home, box: Box) -> None:
    with home.logged_in(box.server) as ssh:
        box.converge(ssh, *(box.file(f"number-{n}") for n in range(40)))
    assert len(box.server.execs) == 3
    assert len(list(box.place.glob("number-*"))) == 40


def test_the_proof_uses_channels_of_the_same_connection(home: Home, server: Server) -> None:
    with Gateway().serving() as gateway, home.logged_in(server) as ssh:
        assert ssh.execute(sh("true")).exit == 0
        proof = prove(ssh, gateway.port, Secret(SECRET), nonce="0" * 32)
    assert proof.ok
    assert (server.connections, server.streams, len(server.execs)) == (1, 3, 1)


def test_a_port_on_which_nothing_listens_yet_is_awaited(home: Home, server: Server) -> None:
    with home.logged_in(server) as ssh:
        with pytest.raises(ConnectionRefusedError, match="nothing answers on port 1"):
            ssh.open_stream(1)
        assert "is not ready" in prove(ssh, 1, Secret("x"), nonce="0", patience=0.5).problem


def test_a_server_that_forbids_forwarding_is_told_how_to_allow_it(
    home: Home, server: Server
) -> None:
    server.forwards = False
    with home.logged_in(server) as ssh, pytest.raises(ConnectError) as caught:
        prove(ssh, 1, Secret("x"), nonce="0")
    assert "forbids port forwarding" in caught.value.what
    assert "AllowTcpForwarding" in caught.value.hint


def test_a_job_goes_on_when_the_connection_is_cut_and_the_next_run_attaches(
    home: Home, box: Box
) -> None:
    gate = box.place / "gate"
    slow = box.file("one", trial=sh("echo begun; until [ -e {} ]; do sleep 0.05; done", str(gate)))

    class Cutting(Diary):
        def step(self, name: str, why: str = "") -> None:
            super().step(name, why)
            if name.startswith("file:"):
                for visitor in box.server.visitors:
                    visitor.cut()

    with home.logged_in(box.server) as ssh, pytest.raises(ConnectError, match="lost"):
        box.converge(ssh, slow, diary=Cutting())
    assert not (box.place / "one").exists()

    class Opening(Diary):
        def step(self, name: str, why: str = "") -> None:
            super().step(name, why)
            if name == "attach":
                gate.touch()

    diary = Opening()
    with home.logged_in(box.server) as ssh:
        result = box.converge(ssh, slow, diary=diary)
    assert not result.outcomes
    assert diary.steps == ["look", "attach", slow.id, "look"]
    assert (box.place / "one").read_text() == "one of the box\n"
    audit = (box.place / "lib" / "audit.jsonl").read_text()
    assert audit.count('"exit":0') == 1


def test_a_connection_that_is_cut_at_any_exec_harms_nothing(home: Home, box: Box) -> None:
    for at in (1, 2, 3):
        wished = box.file(f"cut-{at}")
        box.server.fault, box.server.at = "cut exec", len(box.server.execs) + at
        with home.logged_in(box.server) as ssh, pytest.raises(ConnectError):
            box.converge(ssh, wished)
        box.server.fault = "none"
        with home.logged_in(box.server) as ssh:
            box.converge(ssh, wished)
        assert Path(wished.path).read_text() == wished.content
