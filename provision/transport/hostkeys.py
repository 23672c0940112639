"""Who a server is: host keys that were seen once, and the question when one is new."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import paramiko

from provision.errors import ConnectError

THEIRS = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2", "/etc/ssh/ssh_known_hosts")


def fingerprint(key: paramiko.PKey) -> str:
    """The key's SHA-256 as OpenSSH shows it, `SHA256:` and base64 without padding."""
    digest = hashlib.sha256(key.asbytes()).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


class Pins(paramiko.MissingHostKeyPolicy):
    """Host keys pinned in a known_hosts file of our own, beside the user's.

    A key that neither file knows is accepted when it is the `expected` one ("TYPE BASE64" or
    "SHA256:..."), or when `ask(address, kind, fingerprint)` says so; then it is pinned.
    """

    def __init__(self, path: Path, expected: str, ask: Callable[[str, str, str], bool]) -> None:
        self._path, self._ask = path, ask
        self._expected = " ".join(expected.split()[:2])
        self._revoked: set[bytes] = set()
        self._hint, self._hop = "", False

    @property
    def kind(self) -> str:
        """The type of the expected key, which the server is asked for; "" when it is not known."""
        return self._expected.partition(" ")[0] if " " in self._expected else ""

    def for_hop(self) -> Pins:
        """The same pins for a server on the way: what is expected of the last one is not of it."""
        pins = Pins(self._path, "", self._ask)
        pins._hop = True
        return pins

    def prepare(self, client: paramiko.SSHClient, name: str, alias: str = "") -> None:
        """Let `client` know this server's keys; where one is expected, it alone counts.

        `name` is how Paramiko calls the server, `alias` how the user's known_hosts does.
        """
        client.set_missing_host_key_policy(self)
        theirs = [line for path in THEIRS for line in _lines(Path(path).expanduser())]
        names = alias or name
        self._revoked = {key.asbytes() for key in _keys(_marked(theirs, "@revoked"), names)}
        if any(_names(line, names) for line in _marked(theirs, "@cert-authority")):
            self._hint = "clawprov cannot check the certificate that your known_hosts asks for; "
        if self._expected:
            return
        known = list(_keys(_lines(self._path), name)) or list(_keys(theirs, names))
        for key in known:
            if key.asbytes() not in self._revoked:
                client.get_host_keys().add(name, key.get_name(), key)

    def missing_host_key(
        self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey
    ) -> None:
        """Pin a key that is the expected one or that is said to be right; else ConnectError."""
        kind, shown = key.get_name(), fingerprint(key)
        if key.asbytes() in self._revoked:
            raise ConnectError(
                f"the server's {kind} key {shown} is revoked in your known_hosts",
                where=hostname,
                hint="do not go on: whoever answers may be somebody else",
            )
        if self._expected:
            if self._expected not in (shown, shown.removeprefix("SHA256:"), _plain(key)):
                raise ConnectError(
                    f"the server's {kind} key is {shown}, not the one that was given",
                    where=hostname,
                    hint=self._doubt(kind),
                )
        elif not self._ask(hostname, kind, shown):
            raise ConnectError(
                f"the server's {kind} key {shown} is not known yet",
                where=hostname,
                hint=self._hint + self._remedy(hostname, shown),
            )
        self._pin(hostname, key)

    def _doubt(self, kind: str) -> str:
        """What to think of a server that shows another key than the expected one, of this kind."""
        danger = "do not go on: this is another machine, or somebody is in between"
        if self.kind:
            lacks = "" if self.kind == kind else f"it has no {self.kind} key; "
            compare = "compare this one with your provider's console, and unless it is there, "
            return lacks + compare + danger
        return (
            f"a server may have keys of several types, and this is its {kind} key: if you gave "
            f'one of another type, give the {kind} one, or yours whole, as "TYPE BASE64"; '
            f"if not, {danger}"
        )

    def _remedy(self, name: str, shown: str) -> str:
        if self._hop:
            return f"log in to {name} with ssh once, and accept its key there"
        return f"compare it with your provider's console, then add --host-key {shown}"

    def _pin(self, name: str, key: paramiko.PKey) -> None:
        line = f"{name} {_plain(key)}"
        old = _lines(self._path)
        if line in old:
            return
        kept = [other for other in old if not _names(other, name)]
        new = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new.write_text("\n".join([*kept, line]) + "\n", errors="surrogateescape")
            new.chmod(0o600)
            new.replace(self._path)
        except OSError as error:
            raise ConnectError(
                f"cannot keep the server's key: {(error.strerror or str(error)).lower()}",
                where=str(self._path),
                hint="make the folder writable, or set XDG_CONFIG_HOME to one that is",
            ) from error


def _plain(key: paramiko.PKey) -> str:
    return f"{key.get_name()} {key.get_base64()}"


def _marked(lines: list[str], mark: str) -> list[str]:
    """The lines with this mark, without it."""
    return [line.strip()[len(mark) :] for line in lines if line.split(maxsplit=1)[:1] == [mark]]


def _keys(lines: list[str], name: str) -> Iterator[paramiko.PKey]:
    """The keys that lines of known_hosts have for `name`; what Paramiko cannot read is passed."""
    for line in lines:
        if _names(line, name):
            kind, encoded = line.split()[1:3]
            with suppress(Exception):  # whatever is wrong with a line, the others count
                yield paramiko.PKey.from_type_string(kind, base64.b64decode(encoded))


def _names(line: str, name: str) -> bool:
    """Whether a line of known_hosts is about `name`: in clear, hashed, or by a pattern."""
    fields = line.split()
    if len(fields) < 3 or fields[0].startswith(("#", "@")):
        return False
    patterns = fields[0].split(",")
    if any(p.startswith("!") and _fits(p[1:], name) for p in patterns):
        return False
    return any(_fits(pattern, name) for pattern in patterns)


def _fits(pattern: str, name: str) -> bool:
    if pattern.startswith("|1|"):
        try:
            return paramiko.HostKeys.hash_host(name, pattern) == pattern
        except (ValueError, AssertionError, IndexError):
            return False
    regex = re.escape(pattern.lower()).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(regex, name.lower()) is not None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return []
