"""The proof against stand-ins that listen on real ports of this machine."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass

import pytest
from gateway import SECRET, Gateway, Stranger

from provision.app.prove import prove
from provision.errors import ConnectError
from provision.model.report import Proof
from provision.model.secret import Secret
from provision.model.shell import Sh
from provision.model.transport import Channel, Completed, OnLine

WRONG = "0123456789abcdef0123456789abcdef"


class Loopback:
    """A transport whose machine is this one."""

    def execute(self, script: Sh, on_line: OnLine | None = None) -> Completed:
        raise AssertionError("a proof runs nothing")

    def open_stream(self, port: int, host: str = "127.0.0.1") -> Channel:
        return socket.create_connection(("127.0.0.1", port), timeout=5)


def attest(port: int, *, secret: str = SECRET, attempt: float = 1.5) -> Proof:
    started = time.monotonic()
    proof = prove(Loopback(), port, Secret(secret), nonce=WRONG, patience=3, attempt=attempt)
    assert time.monotonic() - started < 5
    assert SECRET not in str(proof)
    return proof


def test_a_sound_gateway_is_proved() -> None:
    with Gateway().serving() as gateway:
        proof = attest(gateway.port)
    assert proof.to_dict() == {
        "ok": True,
        "path": "ssh",
        "latency_ms": proof.latency_ms,
        "server": "2026.1.24-3, protocol 3",
        "refused": {"wrong_secret": True, "no_secret": True},
    }


def test_each_of_three_visitors_comes_with_his_own_secret_and_one_asks_for_health() -> None:
    with Gateway().serving() as gateway:
        attest(gateway.port)
    came = [a["params"].get("auth") for a in gateway.asked if a["method"] == "connect"]
    assert sorted(came, key=str) == sorted(
        [{"token": s, "password": s} for s in (SECRET, WRONG)] + [None], key=str
    )
    assert [a["method"] for a in gateway.asked].count("health") == 1
    assert sorted(gateway.closed, key=str) == [1000, 1008, 1008]


def test_a_wrong_password_is_told_as_such() -> None:
    with Gateway().serving() as gateway:
        proof = attest(gateway.port, secret="stale")
    assert not proof.ok
    assert "refuses the secret it should take" in proof.problem
    assert "password mismatch" in proof.problem


def test_a_gateway_that_takes_anything_is_no_proof_and_told_plainly() -> None:
    with Gateway("open").serving() as gateway:
        proof = attest(gateway.port)
    assert not proof.ok
    assert proof.refused == {"wrong_secret": False, "no_secret": False}
    assert proof.problem == (
        f"the gateway on port {gateway.port} lets in who comes with a wrong secret "
        "and with no secret at all"
    )


def test_a_starting_gateway_is_awaited() -> None:
    with Gateway(starting=5).serving() as gateway:
        assert attest(gateway.port).ok


def test_a_gateway_that_never_gets_ready_is_given_up() -> None:
    with Gateway(starting=10_000).serving() as gateway:
        proof = attest(gateway.port)
    assert not proof.ok
    assert "is not ready after 3 s: gateway starting; retry shortly" in proof.problem


def test_a_port_where_nothing_listens_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        port = chosen.getsockname()[1]
    proof = prove(Loopback(), port, Secret(SECRET), nonce=WRONG, patience=1)
    assert not proof.ok
    assert "is not ready after 1 s: takes no connection (Connection refused)" in proof.problem


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("version", "protocol mismatch: it speaks 7, we speak 3 to 4"),
        ("pairing", "wants this client paired first: pairing required"),
        ("hangs", "it gave no answer in time"),
        ("mute", "it gave no answer in time"),
        ("nonsense", 'does not speak as a gateway, it said \'{"hello": ["world"]}\''),
        ("deep", "does not speak as a gateway, it said '[[[["),
        ("huge", "it sent a message of more than 1024 KiB"),
        ("ill", "answers `health` with ok: False"),
    ],
)
def test_a_gateway_with_a_fault_is_told_by_its_fault(fault: str, told: str) -> None:
    with Gateway(fault).serving() as gateway:  # type: ignore[arg-type]
        proof = attest(gateway.port)
    assert not proof.ok
    assert told in proof.problem


HTML = b"Content-Type: text/html\r\nContent-Length: 5\r\n\r\nhello"


@pytest.mark.parametrize(
    ("stranger", "told"),
    [
        (Stranger(b"HTTP/1.1 200 OK\r\n" + HTML, listens_first=True, stays=True), "HTTP 200"),
        (Stranger(b"HTTP/1.0 200 OK\r\n" + HTML, listens_first=True), "it said 'HTTP/1.0 200 OK"),
        (Stranger(b"HTTP/1.1 403 No\r\n\r\n", listens_first=True), "answered HTTP 403"),
        (Stranger(b"SSH-2.0-OpenSSH_9.2p1\r\n", stays=True), "it said 'SSH-2.0-OpenSSH_9.2p1'"),
        (Stranger(b"\x00\xff\x1b[31m" * 9000, stays=True), "opened no WebSocket"),
        (Stranger(b"\x15\x03\x01", stays=True), "opened no WebSocket in time"),
        (Stranger(), "it closed the connection without a word"),
        (Stranger(listens_first=True), "it closed the connection without a word"),
        (Stranger(stays=True), "it gave no answer in time"),
    ],
)
def test_what_is_no_gateway_is_told_by_what_it_does(stranger: Stranger, told: str) -> None:
    with stranger.serving():
        proof = attest(stranger.port)
    assert not proof.ok
    assert proof.refused == {"wrong_secret": False, "no_secret": False}
    assert f"what listens on port {stranger.port} did not prove a working gateway" in proof.problem
    assert told in proof.problem
    assert proof.problem.isprintable()


def test_a_proxy_without_its_gateway_counts_as_starting() -> None:
    bad = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"
    with Stranger(bad, listens_first=True).serving() as stranger:
        proof = attest(stranger.port)
    assert "is not ready after 3 s: answered HTTP 502" in proof.problem


class Forbidding(Loopback):
    def open_stream(self, port: int, host: str = "127.0.0.1") -> Channel:
        raise ConnectError("the server forbids TCP forwarding", where="box")


def test_a_server_that_forbids_forwarding_is_the_transports_own_error() -> None:
    with pytest.raises(ConnectError, match="forbids TCP forwarding"):
        prove(Forbidding(), 1, Secret(SECRET), nonce=WRONG, patience=3)


@dataclass
class Stuck(Loopback):
    released: threading.Event

    def open_stream(self, port: int, host: str = "127.0.0.1") -> Channel:
        self.released.wait(20)
        raise OSError("too late")


def test_a_transport_that_hangs_hangs_no_proof() -> None:
    transport = Stuck(threading.Event())
    proof = prove(transport, 1, Secret(SECRET), nonce=WRONG, patience=0.2)
    transport.released.set()
    assert not proof.ok
    assert "gave no answer in time" in proof.problem


class Meeting(Loopback):
    """Streams that open only when three of them are wanted at the same time."""

    def __init__(self) -> None:
        self.barrier = threading.Barrier(3, timeout=2)

    def open_stream(self, port: int, host: str = "127.0.0.1") -> Channel:
        self.barrier.wait()
        return super().open_stream(port)


def test_the_three_handshakes_run_at_the_same_time() -> None:
    with Gateway().serving() as gateway:
        assert prove(Meeting(), gateway.port, Secret(SECRET), nonce=WRONG).ok
