"""The user's ssh config, as far as Paramiko understands it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import paramiko

from provision.errors import ConnectError

SYSTEM = Path("/etc/ssh/ssh_config")
DEPTH = 16
_LINE = re.compile(r"\s*(\w+)(?:\s*=\s*|\s+)(.+)")
_NEVER = "Host !*"
_KNOWN = {"all", "canonical", "final", "host", "originalhost", "user", "localuser", "exec"}


class Rules(paramiko.SSHConfig):
    """Rules of ssh config; each host is looked up once, as a `Match exec` runs a command."""

    def __init__(self) -> None:
        super().__init__()
        self._found: dict[str, paramiko.SSHConfigDict] = {}

    def lookup(self, hostname: str) -> paramiko.SSHConfigDict:
        if hostname not in self._found:
            self._found[hostname] = super().lookup(hostname)
        return self._found[hostname]


def read_ssh_config(user: Path, system: Path = SYSTEM) -> Rules:
    """The rules of both files and of all they include; a file that is not there has none.

    A block under a `Match` that Paramiko cannot decide never applies. Raises ConnectError for a
    line that is no rule.
    """
    config = Rules()
    for path in (user.expanduser(), system):
        try:
            config.parse(StringIO("\n".join(_lines(path, path.parent, DEPTH))))
        except (paramiko.ConfigParseError, ValueError) as error:
            raise ConnectError(
                f"cannot understand it: {error}", where=str(path), hint="ssh -G HOST says more"
            ) from error
    return config


def _lines(path: Path, folder: Path, depth: int) -> Iterator[str]:
    """The lines of a config file, every Include replaced by what it names."""
    block = "Host *"
    for line in _read(path):
        found = _LINE.match(line)
        word = found[1].lower() if found else ""
        if found and word == "include":
            for included in _included(found[2], folder) if depth else ():
                yield from _lines(included, folder, depth - 1)
            yield block
            continue
        if found and word in ("host", "match"):
            block = line if word == "host" or _decidable(found[2]) else _NEVER
            line = block
        yield line


def _decidable(criteria: str) -> bool:
    """Whether Paramiko knows every keyword of a `Match` line."""
    bare = re.sub(r'"[^"]*"', "x", criteria).lower().replace("=", " ")
    words = iter(bare.split())
    for word in words:
        if (name := word.removeprefix("!")) not in _KNOWN:
            return False
        if name not in ("all", "canonical", "final"):
            next(words, None)
    return True


def _included(patterns: str, folder: Path) -> Iterator[Path]:
    for pattern in re.findall(r'"[^"]+"|\S+', patterns):
        path = folder / Path(pattern.strip('"')).expanduser()
        yield from sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))


def _read(path: Path) -> list[str]:
    try:
        return path.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConnectError(
            f"cannot read it: {error.strerror}", where=str(path), hint=f"ls -l {path}"
        ) from error
