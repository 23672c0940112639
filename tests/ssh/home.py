"""A person at home: keys, ssh config, known hosts, and the way from there to a server."""

from __future__ import annotations

import base64
import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import paramiko
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from server import Fault, Server

from provision.errors import ConnectError
from provision.model.secret import Secret
from provision.model.spec import Host
from provision.transport.hostkeys import Pins, fingerprint
from provision.transport.session import Ssh
from provision.transport.ssh import open_ssh


def new_key(path: Path, passphrase: bytes = b"") -> paramiko.PKey:
    """A new Ed25519 key, written to `path` as ssh-keygen does."""
    private = Ed25519PrivateKey.generate()
    locked = serialization.BestAvailableEncryption(passphrase) if passphrase else None
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(0o600)
    path.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            locked or serialization.NoEncryption(),
        )
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    Path(f"{path}.pub").write_bytes(public + b" tester\n")
    return paramiko.PKey.from_type_string("ssh-ed25519", base64.b64decode(public.split()[1]))


def new_hardware_key(path: Path) -> None:
    """What ssh-keygen writes for a key that is in a security key, of which there is none here."""

    def framed(data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + data

    kind = "sk-ssh-ed25519@openssh.com"
    public = framed(kind.encode()) + framed(bytes(32)) + framed(b"ssh:")
    private = bytes(8) + public + b"\1" + framed(b"handle") + framed(b"") + framed(b"tester")
    private += bytes(range(1, -len(private) % 8 + 1))
    head = b"openssh-key-v1\0" + framed(b"none") * 2 + framed(b"") + (1).to_bytes(4, "big")
    text = base64.encodebytes(head + framed(public) + framed(private)).decode()
    path.touch(0o600)
    path.write_text(
        f"-----BEGIN OPENSSH PRIVATE KEY-----\n{text}-----END OPENSSH PRIVATE KEY-----\n"
    )
    Path(f"{path}.pub").write_text(f"{kind} {base64.b64encode(public).decode()} tester\n")


@dataclass
class Home:
    """A person's home, with a key in the usual place, and their answers about new host keys."""

    path: Path
    key: paramiko.PKey
    trusts: bool = True
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def pinned(self) -> Path:
        return self.path / "xdg" / "clawprov" / "known_hosts"

    @property
    def known_hosts(self) -> Path:
        return self.path / ".ssh" / "known_hosts"

    def write_config(self, text: str) -> None:
        (self.path / ".ssh" / "config").write_text(text)

    def server(self, fault: Fault = "none", at: int = 0, name: str = "host") -> Server:
        key = paramiko.ECDSAKey.generate()
        return Server(key, accepted=[self.key.asbytes()], fault=fault, at=at)

    def pins(self, expected: str = "") -> Pins:
        def ask(*question: str) -> bool:
            self.asked.append(question)  # type: ignore[arg-type]
            return self.trusts

        return Pins(self.pinned, expected, ask)

    @contextlib.contextmanager
    def logged_in(
        self,
        server: Server | str,
        *,
        user: str = "root",
        identity: str = "",
        host_key: str = "",
        patience: float = 5,
        ask: Callable[[], Secret | None] = lambda: None,
    ) -> Iterator[Ssh]:
        address, port = (server, None) if isinstance(server, str) else (server.address, server.port)
        host = Host("box", address, port, user=user, identity=identity)
        ssh = open_ssh(host, self.pins(host_key), patience=patience, ask=ask)
        try:
            yield ssh
        finally:
            ssh.close()

    def refused(self, server: Server | str, within: float = 5, **options: object) -> ConnectError:
        """The error that the way to the server ends with, in time and with a next step."""
        started = time.monotonic()
        with pytest.raises(ConnectError) as caught, self.logged_in(server, **options):  # type: ignore[arg-type]
            pass
        assert time.monotonic() - started < within
        assert caught.value.hint
        assert caught.value.where
        return caught.value


def shown(server: Server) -> str:
    """The fingerprint of a server's host key."""
    return fingerprint(server.host_key)


def sudo(home: Home, body: str, path: str) -> str:
    """The PATH of a server whose sudo does this."""
    script = home.path / "bin" / "sudo"
    script.parent.mkdir(exist_ok=True)
    script.write_text(f"#!/bin/sh\n{body}\n")
    script.chmod(0o755)
    return f"{script.parent}:{path}"
