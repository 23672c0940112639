"""This laptop: who works on it, what it remembers, and that only one does."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provision.app.operator import Operator, config_folder, nonces
from provision.engine.gather import Session
from provision.errors import LockedError, UsageError
from provision.model.spec import Host
from provision.model.tunnel import Tunnel, parse_tunnels
from provision.stacks.naming import name_host
from provision.transport.local import Local


def memory_path() -> Path:
    """The file that remembers the tunnels of this laptop."""
    return config_folder() / "tunnels.json"


def read_tunnels() -> tuple[Tunnel, ...]:
    """Every tunnel that this laptop remembers; raises UsageError when the file is spoilt."""
    path = memory_path()
    try:
        return tuple(parse_tunnels(path.read_text()).values())
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise UsageError(
            f"cannot read which tunnels there are: {error}",
            where=str(path),
            hint=f"mv {path} {path}.broken, then clawprov tunnel up HOST for each",
        ) from error


def recall_tunnel(host: Host) -> Tunnel | None:
    """What this laptop remembers of a tunnel to `host`; raises as `read_tunnels` does."""
    return next((tunnel for tunnel in read_tunnels() if tunnel.host == name_host(host)), None)


@contextmanager
def at_laptop(operator: Operator, verb: str) -> Iterator[Session]:
    """A session on this laptop as its user; raises LockedError when somebody else has one."""
    folder = config_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(folder, os.O_RDONLY)
    try:
        _take(lock, folder)
        yield Session(Local(own=True), operator.who, verb, nonces(), operator.progress)
    finally:
        os.close(lock)


def _take(lock: int, folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise LockedError(
            "another clawprov is changing this laptop",
            where=str(folder),
            hint="run the same command again when it is done",
        ) from error


def build_id(who: str) -> str:
    """A new name for this laptop among those that have a key on a server: one word."""
    return f"{re.sub(r'[^A-Za-z0-9@._-]', '-', who)}:{secrets.token_hex(4)}"
