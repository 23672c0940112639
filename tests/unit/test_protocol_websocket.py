"""The WebSocket over scripted channels."""

from __future__ import annotations

import pytest
from protocol_channels import Clock, Peer, Raw, close, text
from websockets.frames import Frame, Opcode

from provision.protocol.websocket import WebSocket, WebSocketError, show


def open_socket(peer: Peer | Raw, deadline: float = 10.0, clock: Clock | None = None) -> WebSocket:
    socket = WebSocket(peer, "127.0.0.1:18789", clock=clock or Clock(), deadline=deadline)
    socket.open()
    return socket


@pytest.mark.parametrize("size", [1, 7, 65536])
def test_messages_arrive_whole_however_the_bytes_are_cut(size: int) -> None:
    pieces = [
        Frame(Opcode.TEXT, b'"gr\xc3', fin=False),
        Frame(Opcode.PING, b"still there?"),
        Frame(Opcode.CONT, b'\xbc\xc3\x9fe"', fin=True),
        text("next"),
    ]
    peer = Peer(greeting=pieces, slice=size)
    socket = open_socket(peer)
    assert [socket.read_text(), socket.read_text()] == ['"grüße"', '"next"']
    assert [bytes(f.data) for f in peer.heard if f.opcode is Opcode.PONG] == [b"still there?"]


def test_the_close_code_and_its_reason_are_kept() -> None:
    socket = open_socket(Peer(greeting=[text("last"), close(1008, "device identity required")]))
    assert socket.read_text() == '"last"'
    with pytest.raises(WebSocketError, match=r"\(1008: device identity required\)") as caught:
        socket.read_text()
    assert (caught.value.code, caught.value.reason) == (1008, "device identity required")


def test_a_broken_write_is_explained_by_what_was_said_before() -> None:
    peer = Peer(greeting=[close(1013, "starting")], broken_pipe=True)
    socket = open_socket(peer)
    socket.write_text("too late")
    with pytest.raises(WebSocketError, match="1013: starting"):
        socket.read_text()


def test_a_message_is_refused_by_its_announced_size_before_it_is_read() -> None:
    announced = b"\x81\x7f" + (2**40).to_bytes(8, "big")
    peer = Peer()
    socket = open_socket(peer)
    peer.buffer += announced
    with pytest.raises(WebSocketError, match="more than 1024 KiB"):
        socket.read_text()


def test_fragments_do_not_add_up_to_more_than_the_limit() -> None:
    half = b"x" * 2**19
    pieces = [Frame(Opcode.TEXT, half, False), *[Frame(Opcode.CONT, half, False)] * 2]
    with pytest.raises(WebSocketError, match="more than 1024 KiB"):
        open_socket(Peer(greeting=pieces)).read_text()


def test_a_frame_against_the_rules_is_told() -> None:
    peer = Peer()
    socket = open_socket(peer)
    peer.buffer += b"\xf1\x00"
    with pytest.raises(WebSocketError, match="broke the WebSocket protocol"):
        socket.read_text()


def test_bytes_that_are_no_text_are_told() -> None:
    with pytest.raises(WebSocketError, match="not text"):
        open_socket(Peer(greeting=[Frame(Opcode.BINARY, b"\xff\xfe")])).read_text()


def test_a_trickle_of_bytes_ends_at_the_deadline() -> None:
    clock = Clock()
    raw = Raw([b"H"] * 1000, clock=clock, pace=1.0)
    with pytest.raises(WebSocketError, match="in time, it said 'HHHHHHHHHH'"):
        open_socket(raw, deadline=10.0, clock=clock)
    assert raw.timeouts[-1] == 1.0
    assert clock.now == 10.0


def test_silence_ends_when_the_channel_times_out() -> None:
    with pytest.raises(WebSocketError, match="gave no answer in time"):
        open_socket(Raw([TimeoutError()]))


def test_a_reset_is_a_closed_connection() -> None:
    with pytest.raises(WebSocketError, match="closed the connection without a word"):
        open_socket(Raw([ConnectionResetError()]))


def test_an_end_in_the_middle_is_a_closed_connection() -> None:
    socket = open_socket(Peer())
    with pytest.raises(WebSocketError, match=r"closed the connection$"):
        socket.read_text()


def test_closing_never_fails() -> None:
    class Gone(Raw):
        def close(self) -> None:
            raise OSError("gone")

    WebSocket(Gone([]), "h:1", clock=Clock(), deadline=0.0).close()


def test_what_a_stranger_says_is_shown_on_one_line_without_control_characters() -> None:
    assert show("a\x1b[31m\r\nb\u202ec" + "x" * 900) == "a [31m b c" + "x" * 190
