"""Who a server is: host keys that were seen once, and the question when one is new."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import paramiko

from provision.errors import ConnectError


def fingerprint(key: paramiko.PKey) -> str:
    """The key's SHA-256 as OpenSSH shows it, `SHA256:` and base64 without padding."""
    digest = hashlib.sha256(key.asbytes()).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


class Pins(paramiko.MissingHostKeyPolicy):
    """Host keys pinned in a known_hosts file of our own, beside the user's.

    A key that neither file knows is accepted when it is the `expected` one ("TYPE BASE64" or
    "SHA256:..."), or when `ask(kind, fingerprint)` says so; then it is pinned.
    """

    def __init__(self, path: Path, expected: str, ask: Callable[[str, str], bool]) -> None:
        self._path, self._expected, self._ask = path, expected, ask

    def prepare(self, client: paramiko.SSHClient, name: str) -> None:
        """Let `client` know this server's keys; where one is expected, it alone counts."""
        client.set_missing_host_key_policy(self)
        if self._expected:
            return
        theirs = Path("~/.ssh/known_hosts").expanduser()
        for key in list(_keys(self._path, name)) or _keys(theirs, name):
            client.get_host_keys().add(name, key.get_name(), key)

    def missing_host_key(
        self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey
    ) -> None:
        shown = fingerprint(key)
        if self._expected:
            if self._expected not in (shown, f"{key.get_name()} {key.get_base64()}"):
                raise ConnectError(
                    f"the server's {key.get_name()} key is {shown}, not the one that was given",
                    where=hostname,
                    hint="compare it with your provider's console; this is another machine, "
                    "or somebody is in between",
                )
        elif not self._ask(key.get_name(), shown):
            raise ConnectError(
                f"the server's {key.get_name()} key {shown} is not known yet",
                where=hostname,
                hint=f"compare it with your provider's console, then add --host-key {shown}",
            )
        self._pin(hostname, key)

    def _pin(self, name: str, key: paramiko.PKey) -> None:
        line = f"{name} {key.get_name()} {key.get_base64()}"
        old = _lines(self._path)
        if line in old:
            return
        kept = [other for other in old if not _names(other, name)]
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        new.write_text("\n".join([*kept, line]) + "\n")
        new.chmod(0o600)
        new.replace(self._path)


def _keys(path: Path, name: str) -> Iterator[paramiko.PKey]:
    """The keys that a known_hosts file has for `name`; lines paramiko cannot read are passed."""
    for number, line in enumerate(_lines(path), 1):
        if not _names(line, name):
            continue
        try:
            entry = paramiko.hostkeys.HostKeyEntry.from_line(line, number)
        except (paramiko.SSHException, ValueError):
            continue
        if entry and entry.key:
            yield entry.key


def _names(line: str, name: str) -> bool:
    """Whether a line of known_hosts is about `name`, in clear or hashed."""
    fields = line.split()
    if len(fields) < 3 or fields[0].startswith(("#", "@")):
        return False
    return any(
        pattern == name
        or (pattern.startswith("|1|") and paramiko.HostKeys.hash_host(name, pattern) == pattern)
        for pattern in fields[0].split(",")
    )


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(errors="replace").splitlines()
    except OSError:
        return []
