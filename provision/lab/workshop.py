"""Locks and half-made things: whoever is interrupted leaves only a part that is thrown away."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

from provision.errors import ApplyError, LockedError
from provision.lab import process
from provision.lab.host import call
from provision.lab.site import Folder

Say: TypeAlias = Callable[[str], None]

PATIENCE = 900.0  # seconds; building an image on a slow line takes minutes


@contextmanager
def lock(folder: Folder, name: str, say: Say | None = None) -> Iterator[int]:
    """Only one process at a time is in here; raises LockedError after 15 minutes.

    Whoever is in here may remove the file: those who wait notice, and take the new one. The
    handle is for commands: one that gets it along keeps the lock to its end if its caller dies.
    """
    folder.locks.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = _acquire(folder.locks / name, say)
    try:
        yield handle
    finally:
        os.close(handle)


@contextmanager
def making(folder: Folder, name: str) -> Iterator[Path]:
    """An empty folder to make something in, under its lock; it is gone afterwards."""
    with lock(folder, name):
        clear_part(folder, name)
        part = folder.parts / name
        part.mkdir(parents=True)
        try:
            yield part
        finally:
            clear_part(folder, name)


def clear_part(folder: Folder, name: str) -> None:
    """Nothing is left of an interrupted making: no process, no folder."""
    process.end(folder, name)
    remove(folder.parts / name)


def environment(folder: Folder, name: str) -> dict[str, str]:
    """The caller's environment, marked: what it starts can be found after a crash."""
    return {**os.environ, **process.mark(folder, name)}


@contextmanager
def told(say: Say, what: str) -> Iterator[None]:
    """A long step that says what it does, and how many seconds it took."""
    say(f"{what} ...")
    start = time.monotonic()
    yield
    say(f"{what}: {time.monotonic() - start:.1f} s")


def remove(path: Path) -> None:
    """The folder is gone; what is mounted in it is left alone.

    Tried again for what somebody's last command still writes there.
    """
    for last in (False, False, True):
        if not path.exists() and not path.is_symlink():
            return
        try:
            call("rm", "-rf", "--one-file-system", "--", str(path))
        except ApplyError:
            if last:
                raise
            time.sleep(0.2)


def _acquire(path: Path, say: Say | None) -> int:
    deadline = time.monotonic() + PATIENCE
    waiting = False
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with suppress(BlockingIOError, FileNotFoundError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(handle), path.stat()):
                return handle
        os.close(handle)
        if time.monotonic() > deadline:
            raise LockedError(
                f"another command of the lab has held {path.name} for {PATIENCE:.0f} s",
                where="this machine",
                hint="look for it with: ps aux | grep 'lab up'",
            )
        if say and not waiting:
            say(f"waiting for another command of the lab ({path.name})")
        waiting = True
        time.sleep(0.01)
