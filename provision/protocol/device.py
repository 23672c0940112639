"""A signed device identity: who the client is, apart from what it knows."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True, slots=True, repr=False)
class Device:
    """An Ed25519 identity; `seed` is its private key, 32 bytes, and never printed."""

    seed: bytes

    def __repr__(self) -> str:
        return f"Device({self.id})"

    @property
    def public(self) -> bytes:
        """The raw public key, 32 bytes."""
        return self._key().public_key().public_bytes_raw()

    @property
    def id(self) -> str:
        """The hexadecimal SHA-256 of the raw public key, by which gateways list the device."""
        return sha256(self.public).hexdigest()

    def sign(self, text: str) -> str:
        """The signature of the text, as unpadded base64url."""
        return encode(self._key().sign(text.encode()))

    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a device vouches for with its signature: the very fields of its connect request."""

    client: str
    mode: str
    role: str
    scopes: Sequence[str]
    signed_at: int
    token: str
    nonce: str

    def build_payload(self, device_id: str) -> str:
        """The text of version 2 that is signed (clawdbot, dist/gateway/device-auth.js)."""
        scopes = ",".join(self.scopes)
        head = f"v2|{device_id}|{self.client}|{self.mode}|{self.role}|{scopes}"
        return f"{head}|{self.signed_at}|{self.token}|{self.nonce}"

    def __repr__(self) -> str:
        return f"Claim({self.client}, {self.mode}, {self.role})"


def build_device(device: Device, claim: Claim) -> dict[str, object]:
    """The `device` of a connect request; `signed_at` (ms) and `nonce` are the challenge's."""
    return {
        "id": device.id,
        "publicKey": encode(device.public),
        "signature": device.sign(claim.build_payload(device.id)),
        "signedAt": claim.signed_at,
        "nonce": claim.nonce,
    }


def encode(raw: bytes) -> str:
    """Bytes as base64url without padding."""
    return urlsafe_b64encode(raw).decode().rstrip("=")
