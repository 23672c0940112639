"""The lab's own processes, known by a mark in their environment, so nothing else is ever ended.

A mark survives every crash: no pid file has to be written, read or trusted. Processes are
signalled through a pidfd opened before the mark is read, so a reused pid is never hit.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import provision
from provision.errors import ApplyError
from provision.lab.host import call
from provision.lab.site import Folder

MARK = "CLAWPROV_LAB_PART"


def mark(folder: Folder, part: str) -> dict[str, str]:
    """The environment variable that says which lab and which part a process belongs to."""
    return {MARK: f"{folder.root}|{part}"}


def find(folder: Folder) -> dict[int, str]:
    """Pid and part of every living process of this lab."""
    start = f"{MARK}={folder.root}|".encode()
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError):
            for item in (entry / "environ").read_bytes().split(b"\0"):
                if item.startswith(start):
                    found[int(entry.name)] = item[len(start) :].decode()
    return found


def pids(folder: Folder, part: str) -> list[int]:
    """The living processes of one part."""
    return [pid for pid, owner in find(folder).items() if owner == part]


def send(folder: Folder, part: str, number: signal.Signals) -> int:
    """How many processes of a part have got this signal."""
    sent = 0
    for pid in pids(folder, part):
        with _held(folder, pid, part) as handle:
            if handle is not None:
                signal.pidfd_send_signal(handle, number)
                sent += 1
    return sent


def end(folder: Folder, part: str, *, gently: float = 0) -> None:
    """No process of this part lives any more; `gently` is the seconds it has after SIGTERM."""
    deadline = time.monotonic() + gently + 10
    patience = time.monotonic() + gently
    while living := pids(folder, part):
        if time.monotonic() > deadline:
            raise ApplyError(f"processes of {part} cannot be ended: {living}", where="this machine")
        number = signal.SIGTERM if time.monotonic() < patience else signal.SIGKILL
        for pid in living:
            with _held(folder, pid, part) as handle:
                if handle is None:
                    continue
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(handle, number)
                left = patience if number == signal.SIGTERM else deadline
                select.select([handle], [], [], max(0.0, left - time.monotonic()))


def start(
    folder: Folder,
    part: str,
    module: str,
    *arguments: str,
    log: Path,
    namespaces: tuple[str, ...] = (),
    door: int | None = None,
) -> None:
    """A module of this package runs in a session of its own and outlives its starter.

    `door` is a file descriptor it gets along under the same number.
    """
    source = Path(provision.__file__).resolve().parent.parent
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(source),
        **mark(folder, part),
    }
    enter = ("unshare", *namespaces, "--propagation", "private") if namespaces else ()
    program = (sys.executable, "-S", "-m", module, *arguments)
    script = 'log=$1; shift; exec setsid --fork "$@" </dev/null >>"$log" 2>&1'
    call("sh", "-c", script, "sh", str(log), *enter, *program, env=environment, door=door)


@contextmanager
def _held(folder: Folder, pid: int, part: str) -> Iterator[int | None]:
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        yield None
        return
    try:
        wanted = f"{MARK}={folder.root}|{part}".encode()
        try:
            ours = wanted in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            ours = False
        yield handle if ours else None
    finally:
        os.close(handle)
