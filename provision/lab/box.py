"""A disposable server: real Debian, real systemd as PID 1, real sshd, an address of its own."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from provision.errors import ApplyError
from provision.lab import cgroup, process
from provision.lab.record import Record
from provision.lab.removal import settle, take_down
from provision.lab.site import Folder, Site

PORT = 22
INSIDE = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
}


@dataclass(frozen=True, slots=True)
class Box:
    """A box that has its place in the lab; `user` is whom to log in as."""

    folder: Folder
    site: Site
    record: Record

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def address(self) -> str:
        return self.record.address(self.site)

    @property
    def port(self) -> int:
        return PORT

    @property
    def user(self) -> str:
        return self.record.user or "root"

    @property
    def identity(self) -> Path:
        return self.folder.identity

    @property
    def host_key(self) -> str:
        return self.record.host_key

    @property
    def known_hosts(self) -> Path:
        return self.folder.box(self.name) / "known_hosts"

    @property
    def running(self) -> bool:
        """The supervisor lives; between two boots, too."""
        return bool(process.pids(self.folder, f"box:{self.name}"))

    @property
    def boots(self) -> int:
        """How often the box has been started."""
        with suppress(FileNotFoundError):
            return len((self.folder.box(self.name) / "boots").read_text().splitlines())
        return 0

    @property
    def init(self) -> int:
        """The pid, on this machine, of the box's PID 1; raises ApplyError without one."""
        scope = cgroup.box_group(self.site, self.name) / "payload/init.scope/cgroup.procs"
        with suppress(OSError):
            for pid in scope.read_text().split():  # beside it, for a moment, what it has forked
                with suppress(OSError):
                    if _pid_inside(pid) == "1":
                        return int(pid)
        raise ApplyError(f"box {self.name} has no PID 1", where=self.name, log=self.console())

    def console(self) -> list[str]:
        """The last lines of the box's console and of its supervisor."""
        log = self.folder.box(self.name) / "console.log"
        return log.read_text(errors="replace").splitlines()[-10:] if log.exists() else []

    def ssh(self, *command: str, user: str = "") -> list[str]:
        """The argv that logs in, checking the box's identity."""
        return [
            *("ssh", "-i", str(self.identity), "-o", "IdentitiesOnly=yes"),
            *("-o", f"UserKnownHostsFile={self.known_hosts}", "-o", "StrictHostKeyChecking=yes"),
            *("-o", "BatchMode=yes", "-o", "LogLevel=ERROR"),
            f"{user or self.user}@{self.address}",
            *command,
        ]

    def run(self, command: str, *, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """A root shell's answer, by way of the kernel: sshd and the network are not needed."""
        assignments = [f"{name}={value}" for name, value in INSIDE.items()]
        door = ("nsenter", "-t", str(self.init), "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w")
        return subprocess.run(
            [*door, "env", "-i", *assignments, "bash", "-c", command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
        )

    def crash(self) -> None:
        """A power cut, then a boot: everything is killed at once, the disk stays."""
        with self.rebooting():
            process.send(self.folder, f"box:{self.name}", signal.SIGUSR1)

    @contextmanager
    def rebooting(self, *, seconds: float = 60) -> Iterator[None]:
        """Around whatever makes the box reboot; afterwards it has booted and sshd answers."""
        before = self.boots
        yield
        deadline = time.monotonic() + seconds
        while self.boots == before:
            if time.monotonic() > deadline or not self.running:
                raise ApplyError(f"box {self.name} did not boot again", log=self.console())
            time.sleep(0.02)
        self.wait(seconds=deadline - time.monotonic())

    def wait(self, *, seconds: float = 30) -> None:
        """sshd greets and lets users in; raises ApplyError after so many seconds."""
        deadline = time.monotonic() + seconds
        ended = self.folder.box(self.name) / "ended"
        while not (self.boots and self._greets() and self._lets_in()):
            if ended.exists() or time.monotonic() > deadline:
                why = "ended" if ended.exists() else f"did not answer within {seconds:.0f} s"
                raise ApplyError(f"box {self.name} {why}", where="this machine", log=self.console())
            time.sleep(0.01)

    def down(self) -> None:
        """The box is gone, and with the last one the lab's network."""
        take_down(self.folder, self.site, self.name)
        settle(self.folder, self.site)

    def _greets(self) -> bool:
        with suppress(OSError), socket.create_connection((self.address, PORT), 0.5) as stream:
            return stream.recv(4) == b"SSH-"
        return False

    def _lets_in(self) -> bool:
        """While /run/nologin exists, only root may log in."""
        with suppress(ApplyError):
            return not Path(f"/proc/{self.init}/root/run/nologin").exists()
        return False


def _pid_inside(pid: str) -> str:
    """What a process is called in its own, innermost namespace (proc_pid_status(5), NSpid)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line for line in lines if line.startswith("NSpid:")).split()[-1]
