"""New keys for ssh."""

from __future__ import annotations

from typing import Literal

from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from provision.model.secret import Secret

Kind = Literal["ed25519", "rsa"]
RSA_BITS = 4096


def make_keypair(kind: Kind) -> tuple[str, Secret]:
    """A new key: its public half as "TYPE BASE64", its private half as a file's text."""
    key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
    if kind == "rsa":
        key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    else:
        key = ed25519.Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return public.decode(), Secret(private.decode())
