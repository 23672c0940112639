"""What is written down about a box when it gets its place, before anything of it exists."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from provision.errors import UsageError
from provision.lab.site import Folder, Site

NAME = re.compile(r"[a-z][a-z0-9-]{0,11}")
USER = re.compile(r"[a-z_][a-z0-9_-]{0,30}")
SIZE = re.compile(r"[1-9][0-9]*[MG]")
ADDRESSES = range(11, 251)


@dataclass(frozen=True, slots=True)
class Record:
    """A box as it was asked for; `disk` is `ram:SIZE` or SIZE, `memory` a SIZE or empty."""

    name: str
    image: str
    disk: str
    memory: str = ""
    user: str = ""
    number: int = 0
    layer: str = ""
    host_key: str = ""

    def address(self, site: Site) -> str:
        return f"{site.prefix}.{self.number}"

    def write(self, folder: Folder) -> None:
        """In one step: a reader sees the old record or this one."""
        part = folder.box(self.name) / "box.json.part"
        part.write_text(json.dumps(asdict(self)))
        part.rename(part.with_suffix(""))


def read_record(folder: Folder, name: str) -> Record | None:
    """The record of a box; None for a box that never got so far."""
    try:
        return Record(**json.loads((folder.box(name) / "box.json").read_text()))
    except FileNotFoundError:
        return None


def check_wish(record: Record) -> None:
    """The box can be asked for like this; raises UsageError."""
    check_name(record.name)
    if not SIZE.fullmatch(record.disk.removeprefix("ram:")):
        raise UsageError(f"{record.disk!r} is no disk", hint="write ram:4G, 2G or 300M")
    if record.memory and not SIZE.fullmatch(record.memory):
        raise UsageError(f"{record.memory!r} is no size of memory", hint="write 512M or 2G")
    if record.user and (not USER.fullmatch(record.user) or record.user == "root"):
        raise UsageError(f"{record.user!r} is no name for a user", hint="write a name like alice")


def check_name(name: str) -> None:
    """The name fits a host and an interface; raises UsageError."""
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name for a box",
            hint="write 1 to 12 of a-z, 0-9 and -, beginning with a letter, such as vps1",
        )


def free_number(folder: Folder) -> int:
    """The lowest last part of an address that no box has; call it under the lab's lock."""
    records = [read_record(folder, name) for name in folder.names()]
    taken = {record.number for record in records if record}
    for number in ADDRESSES:
        if number not in taken:
            return number
    raise UsageError(
        f"the lab is full: {len(ADDRESSES)} boxes",
        hint="take one down: clawprov lab down NAME",
    )


def disk_image(folder: Folder, name: str) -> Path:
    """The file behind a box's disk of fixed size."""
    return folder.box(name) / "disk.img"
