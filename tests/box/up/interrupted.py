"""An `up` that is held at every one of its frames, so that something can go wrong just there.

The box does the holding: a drop-in of its systemd edits the job's script before it runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from machines import JOB, during, out
from persons import Person, Running, Said

from provision.lab import Box, Lab

EDIT = (
    r"s|^begin \(.*\)$|begin \1; echo \1 >/run/frame; "
    r'until [ "$(cat /run/go 2>/dev/null)" = \1 ]; do sleep 0.02; done|'
)
HOLD = f"""
printf '%s\\n' '{EDIT}' >/root/hold
mkdir -p /etc/systemd/system/{JOB}.d
printf '[Service]\\nExecStartPre=/bin/sh -c "sed -i -f /root/hold /run/clawprov/*.sh"\\n' \\
  >/etc/systemd/system/{JOB}.d/hold.conf
echo fetch-retries=0 >/root/.npmrc
systemctl daemon-reload
"""
LET_GO = f"rm -r /etc/systemd/system/{JOB}.d /root/hold /root/.npmrc; systemctl daemon-reload"
FILL = (
    "fallocate -l $(df -Pk / | awk 'NR == 2 { print $4 - 1024 }')K /root/big; "
    "dd if=/dev/zero of=/root/rest bs=1M 2>/dev/null || :"
)
NO_REGISTRY = (
    "mount --bind /dev/null /etc/resolv.conf; nft add table inet cut; "
    "nft 'add chain inet cut out { type filter hook output priority 0; }'; "
    "nft add rule inet cut out tcp dport 443 reject with tcp reset"
)
HOLDER = """
import fcntl, time
files = [open(name, "w") for name in ("/var/lib/dpkg/lock-frontend", "/var/lib/apt/lists/lock")]
for file in files:
    fcntl.lockf(file, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(8)
"""
HOLD_APT = (
    f"printf '%s' '{HOLDER}' >/run/holder.py; systemd-run -q --collect --unit=holder "
    "-p StandardOutput=file:/run/held python3 /run/holder.py; "
    "until grep -q held /run/held; do sleep 0.05; done"
)


@dataclass(slots=True)
class March:
    """A person's way through all frames of an `up`, begun again as often as it has to end."""

    lab: Lab
    box: Box
    person: Person
    met: list[str] = field(default_factory=list)
    ends: list[Said] = field(default_factory=list)
    up: Running = field(init=False)

    def through(self, fault_at: Callable[[int], Fault]) -> Said:
        """Meet a fault at every frame, and come to a good end."""
        out(self.box, HOLD)
        self.begin()
        while frame := self.held():
            if frame not in self.met:
                fault = fault_at(len(self.met))
                self.met.append(frame)
                with fault(self):
                    assert self.held() == frame
                    self.pass_by(frame)
            else:
                self.pass_by(frame)
        out(self.box, LET_GO)
        return self.up.end()

    def begin(self) -> None:
        self.up = self.person.start("up", self.box.name)

    def stop(self) -> None:
        self.up.process.kill()
        self.up.end()

    def held(self) -> str:
        """The frame at which the job is held; "" when `up` has come to a good end.

        A client that had to give up begins again.
        """
        deadline = time.monotonic() + 240
        while True:
            frame, gone = self._marks()
            if frame and frame != gone:  # it is empty while it is written
                return frame
            if self.up.process.poll() is not None:
                self.ends.append(self.up.end())
                if self.ends[-1].exit == 0:
                    return ""
                assert len(self.ends) < 40, self.ends[-3:]
                self.begin()
            assert time.monotonic() < deadline, f"held nowhere after {gone}"
            time.sleep(0.05)

    def pass_by(self, frame: str) -> None:
        """The job goes on, to its next frame or its end, or to the client's."""
        out(self.box, f"echo {frame} >/run/go")
        deadline = time.monotonic() + 240
        while self._marks()[0] == frame and self.up.process.poll() is None:
            assert time.monotonic() < deadline, f"{frame} does not end"
            time.sleep(0.05)

    def _marks(self) -> tuple[str, str]:
        """The frame that the job has reached, and the one that may go on."""
        read = 'echo "$(cat /run/frame 2>/dev/null) $(cat /run/go 2>/dev/null)."'
        frame, _, gone = self.box.run(read).stdout.strip().removesuffix(".").partition(" ")
        return frame, gone


Fault: TypeAlias = Callable[[March], AbstractContextManager[None]]


@contextmanager
def killed_client(march: March) -> Iterator[None]:
    march.stop()
    march.begin()
    yield


@contextmanager
def cut_link(march: March) -> Iterator[None]:
    """The job goes on behind a cable that is whole again once the frame is over."""
    link = march.lab.link(march.box.name)
    link.cut()
    try:
        yield
    finally:
        link.restore()


@contextmanager
def power_cut(march: March) -> Iterator[None]:
    march.box.crash()
    march.stop()
    march.begin()
    yield


@contextmanager
def full_disk(march: March) -> Iterator[None]:
    with during(march.box, FILL, "rm -f /root/big /root/rest"):
        yield


@contextmanager
def no_registry(march: March) -> Iterator[None]:
    with during(march.box, NO_REGISTRY, "umount /etc/resolv.conf; nft delete table inet cut"):
        yield


@contextmanager
def apt_at_work(march: March) -> Iterator[None]:
    with during(march.box, HOLD_APT, "systemctl stop holder 2>/dev/null || :"):
        yield


FAULTS = (killed_client, cut_link, power_cut, full_disk, no_registry, apt_at_work)
