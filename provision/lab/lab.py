"""The lab: makes what boxes need, once, and boots and removes boxes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from pathlib import Path

from provision.errors import UsageError
from provision.lab import process
from provision.lab.authority import make_authority
from provision.lab.box import Box
from provision.lab.host import require
from provision.lab.image import make_image, read_image
from provision.lab.layers import make_layer
from provision.lab.link import Link
from provision.lab.mirror import make_mirror
from provision.lab.mirror_server import await_server, start_server
from provision.lab.network import check_site, open_network
from provision.lab.record import Record, check_name, check_wish, free_number, read_record
from provision.lab.removal import clear_parts, settle, take_down, unplug
from provision.lab.roster import running, write_roster
from provision.lab.seed import make_identity, write_seed
from provision.lab.site import Folder, Site
from provision.lab.workshop import Say, lock, remove

MAJORS = (22,)


def silent(line: str) -> None:
    """Nobody listens."""


class Lab:
    """All boxes of one folder on this machine; several processes may use it at once."""

    def __init__(self, root: Path, site: Site | None = None) -> None:
        self.folder, self.site = Folder(root.absolute()), site or Site()

    def up(
        self,
        name: str,
        *,
        image: str = "bookworm",
        disk: str = "ram:4G",
        memory: str = "",
        user: str = "",
        majors: Iterable[int] = MAJORS,
        say: Say = silent,
    ) -> Box:
        """A running box of this name; one that runs already is left as it is.

        Raises UsageError, UnsupportedError or ApplyError; a box that fails leaves nothing.
        """
        wish = Record(name=name, image=image, disk=disk, memory=memory, user=user)
        check_wish(wish)
        read_image(self.folder, image)
        require()
        check_site(self.folder, self.site)
        os.umask(0o022)  # a box's files must be readable in the box, whatever the caller's is
        self._prepare(image, majors, say)
        with lock(self.folder, f"box-{name}", say):
            found = self.find(name)
            if found is not None and found.running:
                say(f"box {name} is running already")
                found.wait()
                return found
            unplug(self.folder, self.site, name)
            try:
                return self._boot(wish, say)
            except BaseException:
                unplug(self.folder, self.site, name)
                settle(self.folder, self.site, say)
                raise

    def find(self, name: str) -> Box | None:
        """The box of this name, running or dead; raises UsageError for no name at all."""
        check_name(name)
        record = read_record(self.folder, name)
        return Box(self.folder, self.site, record) if record else None

    def boxes(self) -> list[Box]:
        """Every box that runs."""
        return [Box(self.folder, self.site, record) for record in running(self.folder)]

    def get(self, name: str) -> Box:
        """The running box of this name; raises UsageError when there is none."""
        found = self.find(name)
        if found is None or not found.running:
            raise UsageError(
                f"there is no running box {name}",
                hint=f"start it with: clawprov lab up {name}",
            )
        return found

    def down(self, *names: str, say: Say = silent) -> None:
        """These boxes are gone, and with the last one the lab's network."""
        for name in names:
            check_name(name)
            if not self.folder.box(name).exists():
                raise UsageError(
                    f"there is no box {name}", hint="see what runs with: clawprov lab list"
                )
        for name in names:
            self._remove(name, say)
        settle(self.folder, self.site, say)

    def down_all(self, *, purge: bool = False, say: Say = silent) -> None:
        """Nothing of the lab is left on the machine but its cache; with `purge`, not even that."""
        if not self.folder.root.exists():
            return
        for name in {*self.folder.names(), *self._marked_names()}:
            self._remove(name, say)
        clear_parts(self.folder, say)
        if settle(self.folder, self.site, say) and purge:
            remove(self.folder.root)

    def link(self, name: str) -> Link:
        """The cable of a running box."""
        return Link(self.folder, self.site, self.get(name).name)

    def wire(
        self,
        name: str,
        *,
        delay_ms: float = 0,
        jitter_ms: float = 0,
        loss_percent: float = 0,
        kbit: float = 0,
    ) -> AbstractContextManager[None]:
        """A slow or lossy cable for as long as the `with` block lasts; each way."""
        return self.link(name).wire(
            delay_ms=delay_ms, jitter_ms=jitter_ms, loss_percent=loss_percent, kbit=kbit
        )

    def ensure_image(self, suite: str = "bookworm", *, say: Say = silent) -> Path:
        """The golden image is there."""
        return make_image(self.folder, suite, say)

    def ensure_mirror(self, majors: Iterable[int] = MAJORS, *, say: Say = silent) -> Path:
        """The mirror has these Node majors; returns the folder it is served from."""
        make_mirror(self.folder, majors, say)
        return self.folder.mirror

    def _prepare(self, image: str, majors: Iterable[int], say: Say) -> None:
        self.folder.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.ensure_image(image, say=say)
        self.ensure_mirror(majors, say=say)
        self.folder.mirror.mkdir(exist_ok=True)
        make_authority(self.folder)
        make_identity(self.folder)

    def _boot(self, wish: Record, say: Say) -> Box:
        image = self.folder.images / wish.image
        layer = make_layer(self.folder, image)
        with lock(self.folder, "lab", say) as held:
            self.folder.box(wish.name).mkdir(parents=True)
            record = replace(wish, number=free_number(self.folder), layer=str(layer))
            record.write(self.folder)
            open_network(self.folder, self.site, held)
            start_server(self.folder, self.site)
        key = write_seed(self.folder, self.site, wish.name, image, wish.user)
        record = replace(record, host_key=key)
        record.write(self.folder)
        box = Box(self.folder, self.site, record)
        box.known_hosts.write_text(f"{box.address} {key}\n")
        self._start(box)
        await_server(self.site, self.folder)
        box.wait()
        with lock(self.folder, "lab", say):
            write_roster(self.folder, self.site)
        return box

    def _start(self, box: Box) -> None:
        """The supervisor takes along a door back to this network, to plug the cable in."""
        door = os.open("/proc/self/ns/net", os.O_RDONLY)
        try:
            process.start(
                self.folder,
                f"box:{box.name}",
                "provision.lab.supervisor",
                *(str(self.folder.root), json.dumps(asdict(self.site)), box.name, str(door)),
                log=self.folder.box(box.name) / "console.log",
                namespaces=("--mount", "--net"),
                door=door,
            )
        finally:
            os.close(door)

    def _remove(self, name: str, say: Say) -> None:
        take_down(self.folder, self.site, name, say)
        say(f"box {name} is down")

    def _marked_names(self) -> list[str]:
        parts = [part.split(":") for part in process.find(self.folder).values()]
        return [part[1] for part in parts if len(part) == 2]
