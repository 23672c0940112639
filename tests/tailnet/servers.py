"""Servers on the lab's bridge, found again by their mark, whoever started them."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from provision.errors import ApplyError
from provision.lab import process
from provision.lab.network import open_network
from provision.lab.site import Folder, Site
from provision.lab.workshop import environment, lock


@dataclass(frozen=True, slots=True)
class Server:
    """A program that answers on the bridge's address until it is stopped, or the lab goes.

    `part` is its mark; it begins with `server-`, which is how the lab finds it.
    """

    folder: Folder
    site: Site
    part: str
    argv: tuple[str, ...]
    port: int
    log: Path

    @property
    def running(self) -> bool:
        return bool(process.pids(self.folder, self.part))

    def start(self, *, seconds: float = 20) -> None:
        """It accepts connections; raises ApplyError when it does not within so many seconds."""
        open_bridge(self.folder, self.site)
        if not self.running:
            with self.log.open("ab") as log:
                subprocess.Popen(
                    self.argv,
                    env=environment(self.folder, self.part),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        deadline = time.monotonic() + seconds
        while not self._answers():
            if time.monotonic() > deadline:
                lines = self.log.read_text(errors="replace").splitlines()[-10:]
                raise ApplyError(f"{self.part} does not answer", where="this machine", log=lines)
            time.sleep(0.05)

    def stop(self) -> None:
        """Nobody answers any more; what it has written down stays."""
        process.end(self.folder, self.part, gently=5)

    def reload(self) -> None:
        """It reads its files again."""
        process.send(self.folder, self.part, signal.SIGHUP)

    def _answers(self) -> bool:
        try:
            socket.create_connection((self.site.gateway, self.port), timeout=1).close()
        except OSError:
            return False
        return True


def open_bridge(folder: Folder, site: Site) -> None:
    """The bridge is there, also before the first box."""
    with lock(folder, "lab") as held:
        open_network(folder, site, held)


def ports(place: Path, site: Site, count: int) -> list[int]:
    """As many ports of the bridge's address, the same ones for a place every time."""
    known = place / "ports.json"
    if not known.exists():
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        known.write_text(json.dumps(_free(site, count)))
    return list(json.loads(known.read_text()))


def _free(site: Site, count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for opened in sockets:
            opened.bind((site.gateway, 0))
        return [int(opened.getsockname()[1]) for opened in sockets]
