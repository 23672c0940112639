"""The cable between a box and the bridge: it can be cut, slowed down and restored."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from provision.errors import ApplyError
from provision.lab import process
from provision.lab.host import call
from provision.lab.network import INTERFACES
from provision.lab.site import Folder, Site


@dataclass(frozen=True, slots=True)
class Link:
    """The cable of one box."""

    folder: Folder
    site: Site
    name: str

    @property
    def part(self) -> str:
        return f"wire:{self.name}"

    def cut(self) -> None:
        """Nothing passes any more; both ends find out only by their own time-outs."""
        call("ip", "link", "set", self.site.port(self.name), "down")

    def restore(self) -> None:
        """The cable is whole, direct and fast."""
        process.end(self.folder, self.part, gently=2)
        port, splice = self.site.port(self.name), self.site.splice(self.name)
        call("ip", "link", "set", port, "master", self.site.bridge, "up")
        if (INTERFACES / splice).exists():
            call("ip", "link", "delete", splice)

    def slow(self, *, delay_ms: float, jitter_ms: float, loss_percent: float, kbit: float) -> None:
        """Until `restore`, every frame waits and may get lost, each way."""
        self.restore()
        log = self.folder.box(self.name) / "wire.log"
        log.unlink(missing_ok=True)
        numbers = [str(number) for number in (delay_ms, jitter_ms, loss_percent, kbit)]
        names = (self.site.bridge, self.site.port(self.name), self.site.splice(self.name))
        process.start(
            self.folder,
            self.part,
            "provision.lab.wire",
            *(*names, *self.site.taps(self.name), *numbers),
            log=log,
        )
        self._await_wire()

    @contextmanager
    def wire(
        self,
        *,
        delay_ms: float = 0,
        jitter_ms: float = 0,
        loss_percent: float = 0,
        kbit: float = 0,
    ) -> Iterator[None]:
        """A slow cable for as long as the block lasts."""
        self.slow(delay_ms=delay_ms, jitter_ms=jitter_ms, loss_percent=loss_percent, kbit=kbit)
        try:
            yield
        finally:
            self.restore()

    def _await_wire(self) -> None:
        log = self.folder.box(self.name) / "wire.log"
        deadline = time.monotonic() + 5
        while "wire up" not in (text := log.read_text() if log.exists() else ""):
            if time.monotonic() > deadline:
                self.restore()
                raise ApplyError(
                    f"the wire of {self.name} did not come up",
                    where="this machine",
                    log=text.splitlines()[-5:],
                )
            time.sleep(0.01)
