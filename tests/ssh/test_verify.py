"""`verify` and its law: one connection, one exec, and the proof's streams; as often as wanted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from boxes import rewriting
from gateway import SECRET, Gateway
from home import Home
from server import Server

from provision.app.operator import Operator, Silence
from provision.app.verify import keep_verifying, verify, verifying
from provision.errors import ConnectError
from provision.model.report import Report
from provision.model.secret import Secret
from provision.model.spec import AuthSpec, Host


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway().serving() as gateway:
        yield gateway


@pytest.fixture
def host(home: Home, server: Server, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A server that says of its gateway what a real one says of one that is well."""
    monkeypatch.setenv("HOME", str(home.path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home.path / ".config"))
    unit = "clawdbot-gateway.service"
    server.rewrite = rewriting(
        {
            f"systemctl show {unit} -p ActiveState -p NRestarts\n": "echo ActiveState=active\n",
            f"for pid in $(cat /sys/fs/cgroup/system.slice/{unit}/cgroup.procs": (
                f"echo 127.0.0.1:{gateway.port}\nfor pid in $(cat /none"
            ),
            "ss -Hltnp ": "true ",
            "stat -L -c mode=%a ": "printf 'mode=600\\n{}'; exit; : ",
            "sshd -T 2>/dev/null | grep -E '^(pubkey": "echo pubkeyauthentication yes; : '(",
        }
    )
    return Host(
        "box",
        "127.0.0.1",
        server.port,
        user="root",
        auth=AuthSpec(secret=Secret(SECRET)),
        gateway_port=gateway.port,
    )


OPERATOR = Operator(lambda *key: True, lambda seen: None, Silence())


def failed(report: Report) -> set[str]:
    """Every kind of check that this machine, which is no server, does not pass."""
    return {verdict.check for verdict in report.verdicts if not verdict.ok}


def test_a_look_is_one_connection_and_one_exec(host: Host, server: Server) -> None:
    report = verify(host, OPERATOR)
    assert report.proof
    assert report.proof.ok, report
    assert (server.connections, len(server.execs), server.streams) == (1, 1, 3)
    assert not {check for check in failed(report) if check.startswith(("gateway", "security"))}
    assert [v.detail for v in report.verdicts if v.check == "gateway:nodes"] == ["none is paired"]


def test_every_further_look_is_one_exec_more(host: Host, server: Server) -> None:
    with verifying(host, OPERATOR) as look:
        first, second = look(1), look(1)
    assert first.proof
    assert second.proof
    assert first.proof.ok
    assert second.proof.ok
    assert (server.connections, len(server.execs), server.streams) == (1, 2, 6)


def test_channels_and_nodes_are_asked_after_the_time_was_taken(
    host: Host, gateway: Gateway
) -> None:
    verify(host, OPERATOR)
    asked = [request["method"] for request in gateway.asked if request["method"] != "connect"]
    assert asked == ["health", "channels.status", "node.list"]


def test_a_gateway_that_does_not_tell_is_proved_all_the_same(host: Host, gateway: Gateway) -> None:
    gateway.secretive = True
    report = verify(host, OPERATOR)
    assert report.proof
    assert report.proof.ok
    assert report.to_dict()["channels"] is None
    notes = {v.check for v in report.verdicts if v.note.startswith("not known")}
    assert notes == {"gateway:channels", "gateway:nodes"}


def test_a_remembered_tunnel_is_a_row(host: Host, home: Home, gateway: Gateway) -> None:
    folder = home.path / ".config" / "clawprov"
    folder.mkdir(parents=True)
    made = '{"box": {"name": "box", "product": "clawdbot", "suffix": "", "id": "me", "port": %d}}'
    (folder / "tunnels.json").write_text(made % gateway.port)
    report = verify(host, OPERATOR)
    rows = {v.check: v for v in report.verdicts if v.check.startswith("tunnel:")}
    assert rows["tunnel:gateway"].detail == f"ws://127.0.0.1:{gateway.port}"
    assert rows["tunnel:running"].problem == "it does not run"
    assert rows["tunnel:running"].hint.startswith("clawprov tunnel up box")


def test_it_is_watched_over_one_connection_which_is_opened_anew_when_lost(
    host: Host, server: Server
) -> None:
    with closing(keep_verifying(host, OPERATOR, 1)) as looks:
        assert [isinstance(next(looks), Report) for _ in range(2)] == [True, True]
        assert server.connections == 1
        for visitor in server.visitors:
            visitor.cut()
        assert isinstance(next(looks), ConnectError)
        assert isinstance(next(looks), Report)
    assert server.connections == 2


def test_a_watch_that_never_gets_in_is_the_error_itself(host: Host) -> None:
    with (
        pytest.raises(ConnectError),
        closing(keep_verifying(replace(host, port=1), OPERATOR, 1)) as looks,
    ):
        next(looks)
