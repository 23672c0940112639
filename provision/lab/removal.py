"""How boxes and the lab go, whole or half-made, without leaving anything on the machine."""

from __future__ import annotations

import json
import subprocess
from contextlib import suppress
from pathlib import Path

from provision.lab import cgroup, process
from provision.lab.authority import MIRROR
from provision.lab.network import INTERFACES, close_network, has_network
from provision.lab.record import disk_image
from provision.lab.roster import write_roster
from provision.lab.site import Folder, Site
from provision.lab.workshop import Say, clear_part, lock, remove

SERVER = "server-"  # begins the mark of whatever else answers on the bridge's address


def unplug(folder: Folder, site: Site, name: str) -> None:
    """Nothing of the box is left, however far it had come; call it under the box's lock."""
    process.end(folder, f"wire:{name}", gently=1)
    process.end(folder, f"box:{name}")
    for group in _groups(folder, site, name):
        cgroup.kill(group)
        cgroup.remove_group(group)
    for interface in (site.port(name), site.splice(name), *site.taps(name)):
        if (INTERFACES / interface).exists():  # dead namespaces free their cables late
            subprocess.run(["ip", "link", "delete", interface], capture_output=True)
    disk_image(folder, name).unlink(missing_ok=True)
    remove(folder.box(name))


def take_down(folder: Folder, site: Site, name: str, say: Say | None = None) -> None:
    """The box is gone; its name is free for the next one."""
    with lock(folder, f"box-{name}", say):
        unplug(folder, site, name)
        (folder.locks / f"box-{name}").unlink()


def settle(folder: Folder, site: Site, say: Say | None = None) -> bool:
    """The network has gone if the last box has, and the inventory says what runs."""
    with lock(folder, "lab", say):
        closed = _close_if_empty(folder, site)
        write_roster(folder, site)
    return closed


def clear_parts(folder: Folder, say: Say) -> None:
    """Nothing is left of makings that were interrupted; one that still runs is waited for."""
    if folder.parts.is_dir():
        for part in sorted(folder.parts.iterdir()):
            with lock(folder, part.name, say):
                clear_part(folder, part.name)
        remove(folder.parts)


def _close_if_empty(folder: Folder, site: Site) -> bool:
    if folder.names():
        return False
    for part in set(process.find(folder).values()):
        if part == MIRROR or part.startswith(SERVER):
            process.end(folder, part)
    if has_network(folder, site):
        for group in {cgroup.box_group(site, "x").parent, cgroup.memory_group(site, "x").parent}:
            cgroup.remove_group(group)
        close_network(folder, site)
    remove(folder.run)
    return True


def _groups(folder: Folder, site: Site, name: str) -> list[Path]:
    """As the supervisor wrote them down, and where they would be if it did not come so far."""
    groups = [cgroup.box_group(site, name), cgroup.memory_group(site, name)]
    written = folder.box(name) / "groups.json"
    if written.exists():
        with suppress(ValueError):  # the supervisor died while it wrote
            groups += [Path(group) for group in json.loads(written.read_text())]
    return list(dict.fromkeys(groups))
