"""A conversation with a gateway: challenge, connect, requests."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from provision.model.secret import Secret
from provision.model.transport import Channel
from provision.protocol.device import Device
from provision.protocol.messages import (
    SCOPES,
    Challenge,
    Hello,
    Kind,
    Payload,
    Refusal,
    build_connect,
    build_request,
    parse_challenge,
    parse_hello,
    parse_message,
    parse_refusal,
    part,
)
from provision.protocol.websocket import Clock, WebSocket, WebSocketError, show

RESTARTING = (1012, 1013)  # close codes "service restart" and "try again later"
NO_BACKEND = (502, 503)  # a proxy such as `tailscale serve` before the gateway is up
CLOSE_PATIENCE = 0.5  # seconds that a refusal waits for its close frame


class Session:
    """A gateway that let us in; `hello` is what it said. Its owner closes it."""

    def __init__(self, socket: WebSocket, hello: Hello) -> None:
        self._socket, self.hello = socket, hello

    def call(self, method: str, params: Payload | None = None) -> Payload | Refusal:
        """The payload with which the gateway answers a request; events in between are let go."""
        try:
            return ask(self._socket, method, build_request(method, params or {}))
        except WebSocketError as error:
            return judge(error)

    def close(self) -> None:
        self._socket.close()


def open_session(
    channel: Channel,
    secret: Secret,
    *,
    host: str,
    clock: Clock,
    deadline: float,
    device: Device | None = None,
    scopes: Sequence[str] = SCOPES,
) -> Session | Refusal:
    """A session on the channel, by `deadline` in seconds of `clock`; a refusal closes the channel.

    `host` is `name:port` as the Host header tells it. Nothing but a challenge in due form gets
    the secret; an empty secret is not sent at all.
    """
    socket = WebSocket(channel, host, clock=clock, deadline=deadline)
    try:
        answer = greet(socket, lambda challenge: build_connect(challenge, secret, device, scopes))
    except WebSocketError as error:
        answer = judge(error)
    if isinstance(answer, Hello):
        return Session(socket, answer)
    socket.close()
    return answer


def greet(socket: WebSocket, build: Callable[[Challenge], str]) -> Hello | Refusal:
    """How the gateway takes the connect request that `build` makes of its challenge."""
    socket.open()
    text = socket.read_text()
    message = parse_message(text)
    challenge = parse_challenge(message) if message else None
    if not challenge:
        return stranger(text)
    answer = ask(socket, "connect", build(challenge))
    if isinstance(answer, Refusal):
        return answer
    return parse_hello(answer) or stranger(str(answer))


def ask(socket: WebSocket, id: str, request: str) -> Payload | Refusal:
    """The payload of the answer to a request, or the error in its stead."""
    socket.write_text(request)
    while True:
        text = socket.read_text()
        message = parse_message(text)
        if message is None:
            return stranger(text)
        if message.get("type") != "res" or message.get("id") != id:
            continue
        if message.get("ok") is True:
            return part(message, "payload")
        refusal = parse_refusal(message)
        code = socket.read_close(CLOSE_PATIENCE) if id == "connect" else None
        return Refusal(refusal.kind, refusal.message, code, refusal.retry)


def judge(error: WebSocketError) -> Refusal:
    """What a broken conversation means."""
    starting = error.code in RESTARTING or error.status in NO_BACKEND
    kind: Kind = "starting" if starting else "other"
    return Refusal(kind, error.problem, error.code)


def stranger(text: str) -> Refusal:
    """The refusal of somebody who speaks WebSocket, but not as a gateway does."""
    return Refusal("other", f"does not speak as a gateway, it said {show(text)[:80]!r}")
