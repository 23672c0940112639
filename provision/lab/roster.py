"""The inventory of all running boxes, ready for `clawprov up NAME --inventory`."""

from __future__ import annotations

import json

from provision.lab import process
from provision.lab.mirror import repository_key
from provision.lab.record import Record, read_record
from provision.lab.site import Folder, Site

HEAD = "# Written by `clawprov lab`, anew at each up and down.\n"


def running(folder: Folder) -> list[Record]:
    """The boxes whose supervisor lives."""
    parts = set(process.find(folder).values())
    records = [read_record(folder, name) for name in folder.names()]
    return [record for record in records if record and f"box:{record.name}" in parts]


def write_roster(folder: Folder, site: Site) -> None:
    """The inventory says what runs now; call it under the lab's lock."""
    text = HEAD + render_roster(folder, site, running(folder))
    part = folder.root / "inventory.part"
    part.write_text(text)
    part.rename(folder.inventory)


def render_roster(folder: Folder, site: Site, records: list[Record]) -> str:
    """YAML; its strings are quoted as JSON, which YAML contains."""
    if not records:
        return "hosts: {}\n"
    lines = ["hosts:"]
    for record in records:
        lines += [
            f"  {record.name}:",
            f"    address: {record.address(site)}",
            f"    user: {record.user or 'root'}",
            f"    identity: {json.dumps(str(folder.identity))}",
            f"    host_key: {json.dumps(record.host_key)}",
            "    node:",
            "      url: https://deb.nodesource.com  # the box's /etc/hosts names the lab's mirror",
            f"      key: {json.dumps(str(repository_key(folder)))}",
            "    tailscale:",
            f"      key: {json.dumps(str(repository_key(folder)))}  # of the lab's mirror",
        ]
    return "\n".join(lines) + "\n"
