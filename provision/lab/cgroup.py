"""The control group of one box: it holds the box and nothing else, so it can be ended whole."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from provision.errors import ApplyError
from provision.lab.host import unified_cgroup
from provision.lab.site import Site

MEMORY_V1 = Path("/sys/fs/cgroup/memory")


def box_group(site: Site, name: str) -> Path:
    """The box's group in cgroup v2."""
    unified = unified_cgroup()
    if unified is None:
        raise ApplyError("cgroup v2 is not mounted", where="this machine")
    return unified / site.group / name


def memory_group(site: Site, name: str) -> Path:
    """Where a memory limit is set: cgroup v2, or on a hybrid machine a child of our own v1 group.

    A child of our own: the limits this process lives under hold for the box as well.
    """
    if not MEMORY_V1.is_dir():
        return box_group(site, name)
    own = next(
        line.split(":", 2)[2]
        for line in Path("/proc/self/cgroup").read_text().splitlines()
        if line.split(":")[1] == "memory"
    )
    return MEMORY_V1 / own.strip("/") / site.group / name


def limit_memory(group: Path, amount: str) -> None:
    """The group may use this much memory (such as 512M) and no swap beyond it."""
    group.mkdir(parents=True, exist_ok=True)
    if (group / "memory.limit_in_bytes").exists():
        (group / "memory.limit_in_bytes").write_text(amount)
        return
    for parent in (group.parent.parent, group.parent):
        (parent / "cgroup.subtree_control").write_text("+memory")
    (group / "memory.max").write_text(amount)
    with suppress(OSError):
        (group / "memory.swap.max").write_text("0")


def kill(group: Path, *, seconds: float = 10) -> None:
    """Nothing runs in the group any more."""
    deadline = time.monotonic() + seconds
    while is_populated(group):
        with suppress(OSError):
            (group / "cgroup.kill").write_text("1")
        if time.monotonic() > deadline:
            raise ApplyError(f"processes in {group} cannot be ended", where="this machine")
        time.sleep(0.01)


def is_populated(group: Path) -> bool:
    """A process lives in the group or below it."""
    try:
        return "populated 1" in (group / "cgroup.events").read_text()
    except OSError:
        return False


def remove_group(group: Path, *, seconds: float = 5) -> None:
    """The group and all below it are gone; a group that was just emptied may take a moment."""
    deadline = time.monotonic() + seconds
    while group.is_dir():
        for place, _, _ in os.walk(group, topdown=False):
            with suppress(OSError):
                Path(place).rmdir()
        if group.is_dir():
            if time.monotonic() > deadline:
                raise ApplyError(f"{group} cannot be removed", where="this machine")
            time.sleep(0.01)
