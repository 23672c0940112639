"""The messages of the protocol, built and parsed, and the signed device."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from provision.model.secret import Secret
from provision.protocol.device import Device
from provision.protocol.messages import (
    Challenge,
    Hello,
    build_connect,
    parse_challenge,
    parse_hello,
    parse_message,
    parse_refusal,
)

SECRET = Secret("s3cr3t")


def test_the_secret_goes_out_as_token_and_as_password() -> None:
    request = json.loads(build_connect(Challenge("n1", 17), SECRET))
    assert request["params"] == {
        "minProtocol": 3,
        "maxProtocol": 4,
        "client": {
            "id": "gateway-client",
            "version": request["params"]["client"]["version"],
            "platform": "python",
            "mode": "backend",
        },
        "role": "operator",
        "scopes": ["operator.read"],
        "caps": [],
        "auth": {"token": "s3cr3t", "password": "s3cr3t"},
    }
    assert (request["type"], request["method"]) == ("req", "connect")


def test_no_secret_is_no_auth_at_all() -> None:
    assert "auth" not in json.loads(build_connect(Challenge("n1", 17), Secret("")))["params"]


def test_a_signed_device_convinces_a_verifier() -> None:
    device = Device(bytes(range(32)))
    params = json.loads(build_connect(Challenge("n1", 17), SECRET, device))["params"]
    told = params["device"]
    public = urlsafe_b64decode(told["publicKey"] + "=")
    assert told["id"] == sha256(public).hexdigest()
    assert (told["signedAt"], told["nonce"]) == (17, "n1")
    payload = f"v2|{told['id']}|gateway-client|backend|operator|operator.read|17|s3cr3t|n1"
    signature = urlsafe_b64decode(told["signature"] + "==")
    Ed25519PublicKey.from_public_bytes(public).verify(signature, payload.encode())


def test_a_device_does_not_print_its_key() -> None:
    assert repr(Device(b"k" * 32)) == f"Device({Device(b'k' * 32).id})"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (
            {
                "code": "INVALID_REQUEST",
                "message": "unauthorized: gateway token mismatch (provide gateway auth token)",
            },
            "wrong secret",
        ),
        (
            {
                "code": "INVALID_REQUEST",
                "message": "unauthorized",
                "details": {"code": "AUTH_PASSWORD_MISMATCH"},
            },
            "wrong secret",
        ),
        (
            {"code": "INVALID_REQUEST", "message": "unauthorized: gateway password missing (x)"},
            "no secret",
        ),
        ({"code": "NOT_PAIRED", "message": "device identity required"}, "pairing"),
        ({"code": "INVALID_REQUEST", "message": "protocol mismatch"}, "protocol"),
        ({"code": "UNAVAILABLE", "message": "gateway starting; retry shortly"}, "starting"),
        ({"code": "INVALID_REQUEST", "message": "invalid role"}, "other"),
        ("no object", "other"),
        (None, "other"),
    ],
)
def test_a_refusal_is_of_the_kind_that_its_error_says(error: object, kind: str) -> None:
    refusal = parse_refusal({"type": "res", "ok": False, "error": error})
    assert refusal.kind == kind
    assert refusal.message


@pytest.mark.parametrize(("pause", "seconds"), [(800, 0.8), (0, 0.1), (10**9, 5.0), ("soon", 0.5)])
def test_the_pause_a_starting_gateway_asks_for_is_kept_within_reason(
    pause: object, seconds: float
) -> None:
    error = {"code": "UNAVAILABLE", "message": "starting", "retryAfterMs": pause}
    assert parse_refusal({"error": error}).retry == seconds


@pytest.mark.parametrize(
    "said", ["", "null", "[]", '"x"', "{", "[" * 100_000, "1" * 9999, '{"a":' * 99_999]
)
def test_what_is_no_json_object_is_no_message(said: str) -> None:
    assert parse_message(said) is None


@pytest.mark.parametrize(
    "message",
    [{}, {"event": "connect.challenge"}, {"event": "connect.challenge", "payload": {"nonce": 1}}],
)
def test_a_malformed_challenge_is_none(message: dict[str, object]) -> None:
    assert parse_challenge(message) is None


def test_a_malformed_hello_is_none() -> None:
    assert parse_hello({"type": "hello-ok", "protocol": "4"}) is None
    assert parse_hello({"type": "hello-ok", "protocol": 3}) == Hello(3, "", "")
