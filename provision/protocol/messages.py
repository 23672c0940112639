"""The messages of the gateway's protocol, versions 3 and 4, built and parsed.

Measured on clawdbot 2026.1.24-3 (3) and openclaw 2026.9.6 (4). The schema of requests is
strict: a field too many is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from provision import __version__
from provision.model.secret import Secret
from provision.protocol.device import Claim, Device, build_device
from provision.protocol.websocket import show

Kind: TypeAlias = Literal["wrong secret", "no secret", "pairing", "protocol", "starting", "other"]

OLDEST, NEWEST = 3, 4
CLIENT, MODE, ROLE = "gateway-client", "backend", "operator"
SCOPES = ("operator.read",)  # `health` needs no more
RETRY_SECONDS = 0.5

KINDS: Mapping[str, Kind] = {
    "AUTH_TOKEN_MISMATCH": "wrong secret",
    "AUTH_PASSWORD_MISMATCH": "wrong secret",
    "AUTH_TOKEN_MISSING": "no secret",
    "AUTH_PASSWORD_MISSING": "no secret",
    "AUTH_REQUIRED": "no secret",
    "PAIRING_REQUIRED": "pairing",
    "DEVICE_IDENTITY_REQUIRED": "pairing",
    "NOT_PAIRED": "pairing",
    "PROTOCOL_MISMATCH": "protocol",
    "UNAVAILABLE": "starting",
}
# clawdbot gives no detail code with these.
WORDS: Mapping[str, Kind] = {
    "protocol mismatch": "protocol",
    "token mismatch": "wrong secret",
    "password mismatch": "wrong secret",
    "token missing": "no secret",
    "password missing": "no secret",
}


@dataclass(frozen=True, slots=True)
class Challenge:
    """The gateway's first words; `ts` in milliseconds since 1970."""

    nonce: str
    ts: int


@dataclass(frozen=True, slots=True)
class Hello:
    """The gateway let the client in."""

    protocol: int
    version: str
    connection: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """The gateway, or whatever answered in its place, did not do what was asked.

    `retry` is the pause, in seconds, after which "starting" is worth another try.
    """

    kind: Kind
    message: str
    code: int | None = None
    retry: float = RETRY_SECONDS


Payload: TypeAlias = Mapping[str, object]


def parse_message(text: str) -> Payload | None:
    """The JSON object in a text, or None when it holds none."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def parse_challenge(message: Payload) -> Challenge | None:
    """The challenge in a message, or None when it is something else."""
    payload = part(message, "payload")
    nonce, ts = payload.get("nonce"), payload.get("ts")
    if message.get("event") != "connect.challenge" or not isinstance(nonce, str):
        return None
    return Challenge(nonce, int(ts) if isinstance(ts, int | float) else 0)


def parse_hello(payload: Payload) -> Hello | None:
    """The Hello in the answer to `connect`, or None when it is something else."""
    server, protocol = part(payload, "server"), payload.get("protocol")
    if payload.get("type") != "hello-ok" or not isinstance(protocol, int):
        return None
    return Hello(protocol, words(server, "version"), words(server, "connId"))


def parse_refusal(answer: Payload) -> Refusal:
    """What the error of an answer means."""
    error = part(answer, "error")
    details = part(error, "details")
    message = words(error, "message") or words(error, "code") or "refused without a reason"
    detail, code = words(details, "code"), words(error, "code")
    if expected := details.get("expectedProtocol"):
        message = f"{message}: it speaks {show(str(expected))}, we speak {OLDEST} to {NEWEST}"
    spoken: Kind = next((k for said, k in WORDS.items() if said in message), "other")
    pause = error.get("retryAfterMs")
    retry = float(pause) / 1000 if isinstance(pause, int | float) else RETRY_SECONDS
    kind = KINDS.get(detail) or KINDS.get(code) or spoken
    told = f"says {message!r}" if kind == "other" else message
    return Refusal(kind, told, retry=min(max(retry, 0.1), 5.0))


def build_connect(
    challenge: Challenge,
    secret: Secret,
    device: Device | None = None,
    scopes: Sequence[str] = SCOPES,
) -> str:
    """The connect request, the secret in clear; `scopes` is what the client wants to be allowed.

    It goes out as token and as password: which one the gateway reads depends on its mode, and
    clawdbot lets nobody without a token skip the device, not even in password mode.
    """
    params: dict[str, object] = {
        "minProtocol": OLDEST,
        "maxProtocol": NEWEST,
        "client": {"id": CLIENT, "version": __version__, "platform": "python", "mode": MODE},
        "role": ROLE,
        "scopes": list(scopes),
        "caps": [],
    }
    if secret:
        params["auth"] = {"token": secret.value, "password": secret.value}
    if device:
        claim = Claim(CLIENT, MODE, ROLE, scopes, challenge.ts, secret.value, challenge.nonce)
        params["device"] = build_device(device, claim)
    return build_request("connect", params)


def build_request(method: str, params: Payload) -> str:
    """A request whose id is its method: a client here asks each thing once."""
    return json.dumps({"type": "req", "id": method, "method": method, "params": params})


def part(message: Payload, name: str) -> Payload:
    """The object under a name, empty when there is none."""
    value = message.get(name)
    return value if isinstance(value, dict) else {}


def words(message: Payload, name: str) -> str:
    """The text under a name as it may be shown, empty when there is none."""
    value = message.get(name)
    return show(value) if isinstance(value, str) else ""
