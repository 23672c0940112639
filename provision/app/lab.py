"""The use cases of `clawprov lab`: disposable boxes on this machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from provision.errors import UsageError
from provision.lab import Box, Lab, require

FOLDER = Path("/var/tmp/clawprov-lab")
FOLDER_VARIABLE = "CLAWPROV_LAB"
RAM_DISK, FILE_DISK = "ram:4G", "4G"

Say = Callable[[str], None]


def open_lab() -> Lab:
    """The lab of this machine, in CLAWPROV_LAB or its usual folder."""
    return Lab(Path(os.environ.get(FOLDER_VARIABLE) or FOLDER))


def up(
    name: str,
    *,
    image: str,
    disk: str,
    memory: str,
    user: str,
    majors: Sequence[int],
    say: Say,
) -> dict[str, object]:
    """A running box, described for `--json`.

    With a limit of memory the disk is a file unless asked otherwise: a disk in RAM would count.
    """
    disk = disk or (FILE_DISK if memory else RAM_DISK)
    lab = open_lab()
    box = lab.up(
        name, image=image, disk=disk, memory=memory, user=user, majors=majors or (22,), say=say
    )
    return describe(lab, box)


def describe(lab: Lab, box: Box) -> dict[str, object]:
    """How to reach a box."""
    return {
        "name": box.name,
        "address": box.address,
        "port": box.port,
        "user": box.user,
        "identity": str(box.identity),
        "host_key": box.host_key,
        "inventory": str(lab.folder.inventory),
    }


def show_up(answer: dict[str, object]) -> str:
    """The answer for a person, with the commands to type next."""
    name, inventory = answer["name"], answer["inventory"]
    return (
        f"{name} is up: {answer['user']}@{answer['address']}\n"
        f"  log in     clawprov lab ssh {name}\n"
        f"  provision  clawprov up {name} --inventory {inventory}\n"
        f"  remove     clawprov lab down {name}"
    )


def list_boxes() -> list[dict[str, object]]:
    """Every running box, as described by `up`, with what it was asked for."""
    lab = open_lab()
    return [
        {
            **describe(lab, box),
            "image": box.record.image,
            "disk": box.record.disk,
            "memory": box.record.memory,
            "boots": box.boots,
        }
        for box in lab.boxes()
    ]


def show_list(boxes: list[dict[str, object]]) -> str:
    """One line for each box."""
    if not boxes:
        return "no box is running; start one with: clawprov lab up vps1"
    return "\n".join(
        f"{box['name']:<12}  {box['address']:<13}  {box['image']:<9}  disk {box['disk']}"
        + (f"  memory {box['memory']}" if box["memory"] else "")
        for box in boxes
    )


def ssh(name: str, command: Sequence[str]) -> list[str]:
    """The argv that logs in to a box, or runs a command there."""
    return open_lab().get(name).ssh(*command)


def down(names: Sequence[str], *, all_boxes: bool, purge: bool, say: Say) -> None:
    """The boxes are gone; with `all_boxes` all of them, and every trace but the cache."""
    if all_boxes == bool(names) or (purge and not all_boxes):
        raise UsageError(
            "say which boxes to take down",
            hint="type: clawprov lab down NAME, or clawprov lab down --all [--purge]",
        )
    require()
    lab = open_lab()
    if all_boxes:
        lab.down_all(purge=purge, say=say)
    else:
        lab.down(*names, say=say)


def slow(name: str, *, delay_ms: float, jitter_ms: float, loss_percent: float, kbit: float) -> None:
    """The box's cable is slow and lossy until it is restored."""
    open_lab().link(name).slow(
        delay_ms=delay_ms, jitter_ms=jitter_ms, loss_percent=loss_percent, kbit=kbit
    )


def cut(name: str) -> None:
    """Nothing passes the box's cable until it is restored."""
    open_lab().link(name).cut()


def restore(name: str) -> None:
    """The box's cable is whole, direct and fast."""
    open_lab().link(name).restore()


def crash(name: str) -> None:
    """The box has lost its power and booted again."""
    open_lab().get(name).crash()
