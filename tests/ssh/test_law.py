"""The law of round trips, counted on a real connection with the real scripts."""

from __future__ import annotations

from pathlib import Path

import pytest
from boxes import Box, Diary, Guarded
from gateway import SECRET, Gateway
from home import Home
from server import Server

from provision.app.prove import prove
from provision.errors import ConnectError
from provision.model.secret import Secret
from provision.model.shell import Sh, sh
from provision.model.transport import Completed


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


def test_what_could_lock_us_out_costs_one_connection_and_one_exec_more(
    home: Home, box: Box
) -> None:
    def fresh(script: Sh) -> Completed:
        with home.logged_in(box.server) as another:
            return another.execute(script)

    wish = (box.file("one"), Guarded(box.file("two")), Guarded(box.file("three")))
    diary, armed = Diary(), box.place / "lib/undo/armed"
    with home.logged_in(box.server) as ssh:
        result = box.converge(ssh, *wish, diary=diary, fresh=fresh)
    assert [outcome.status for outcome in result.outcomes] == ["done"] * 4
    assert diary.steps == [
        "look",
        wish[0].id,
        "undo:timer",
        wish[1].id,
        wish[2].id,
        "look",
        "come in",
    ]
    assert (box.server.connections, len(box.server.execs)) == (2, 4)
    assert not armed.parent.exists()
    box.server.connections, box.server.execs = 0, []
    with home.logged_in(box.server) as ssh:
        box.converge(ssh, *wish, fresh=fresh)
    assert (box.server.connections, len(box.server.execs)) == (1, 1)


def test_a_door_that_has_shut_behind_us_is_opened_again_from_inside(home: Home, box: Box) -> None:
    def fresh(script: Sh) -> Completed:
        raise ConnectError("no answer within 10 s")

    wish = Guarded(box.file("two"))
    with home.logged_in(box.server) as ssh, pytest.raises(ConnectError, match="was taken back"):
        box.converge(ssh, wish, fresh=fresh)
    assert len(box.server.execs) == 4
    assert not (box.place / "two").exists()
    assert not list((box.place / "units").glob("clawprov*"))


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
