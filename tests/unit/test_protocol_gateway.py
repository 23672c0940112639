"""The conversation with a gateway over scripted channels."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import pytest
from protocol_channels import Clock, Peer, Raw, answer, close, text
from websockets.frames import Frame, Opcode

from provision.model.secret import Secret
from provision.protocol.gateway import Session, open_session
from provision.protocol.messages import Hello, Refusal

CHALLENGE = {"type": "event", "event": "connect.challenge", "payload": {"nonce": "n1", "ts": 17}}
HELLO = {"type": "hello-ok", "protocol": 4, "server": {"version": "2026.9.6", "connId": "c7"}}
SECRET = Secret("s3cr3t")


def come(peer: Peer | Raw, secret: Secret = SECRET) -> Session | Refusal:
    return open_session(peer, secret, host="127.0.0.1:18789", clock=Clock(), deadline=10.0)


def come_refused(peer: Peer | Raw) -> Refusal:
    refusal = come(peer)
    assert isinstance(refusal, Refusal)
    assert peer.closed
    return refusal


def sound(request: dict[str, Any]) -> Sequence[Frame]:
    tick = text({"type": "event", "event": "tick"})
    payload = HELLO if request["method"] == "connect" else {"ok": True}
    return [tick, text({"type": "res", "id": "old", "ok": True}), answer(request, payload=payload)]


def test_who_has_the_secret_gets_a_session_and_answers_between_events() -> None:
    peer = Peer(sound, [text(CHALLENGE)])
    session = come(peer)
    assert isinstance(session, Session)
    assert session.hello == Hello(4, "2026.9.6", "c7")
    assert session.call("health") == {"ok": True}
    session.close()
    assert peer.closed
    assert peer.heard[-1].opcode is Opcode.CLOSE


def test_a_refusal_carries_the_close_code() -> None:
    def refuse(request: dict[str, Any]) -> Sequence[Frame]:
        error = {"code": "INVALID_REQUEST", "message": "gateway token mismatch"}
        return [answer(request, error=error), close(1008, "unauthorized")]

    refusal = come_refused(Peer(refuse, [text(CHALLENGE)]))
    assert refusal == Refusal("wrong secret", "gateway token mismatch", 1008)


def test_a_refused_request_leaves_the_session_open() -> None:
    def pick(request: dict[str, Any]) -> Sequence[Frame]:
        if request["method"] == "connect":
            return sound(request)
        return [answer(request, error={"code": "INVALID_REQUEST", "message": "missing scope"})]

    session = come(Peer(pick, [text(CHALLENGE)]))
    assert isinstance(session, Session)
    assert session.call("secrets") == Refusal("other", "says 'missing scope'")


@pytest.mark.parametrize("code", [1012, 1013])
def test_a_gateway_that_closes_to_restart_is_starting(code: int) -> None:
    assert come_refused(Peer(greeting=[close(code, "service restart")])).kind == "starting"


def test_nobody_but_a_gateway_gets_the_secret() -> None:
    peer = Peer(sound, [text({"type": "event", "event": "welcome", "payload": {"nonce": "n"}})])
    assert "does not speak as a gateway" in come_refused(peer).message
    assert [f.opcode for f in peer.heard] == [Opcode.CLOSE]


def test_the_secret_reaches_no_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        come(Peer(sound, [text(CHALLENGE)]))
    ours = [r for r in caplog.records if r.name != "websockets.server"]
    assert SECRET.value not in "".join(r.getMessage() for r in ours)


def test_what_is_no_websocket_is_told_by_its_first_words() -> None:
    refusal = come_refused(Raw([b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n"]))
    assert refusal == Refusal(
        "other", "opened no WebSocket, it said 'SSH-2.0-OpenSSH_9.2p1 Debian'"
    )
