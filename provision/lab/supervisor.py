"""The process that is a box's mains plug: it mounts, cables, boots and, on reboot, boots again.

Started as `python -m provision.lab.supervisor ROOT SITE NAME NETNS_FD` in mount and network
namespaces of its own, so all mounts and the cable go when it goes. SIGUSR1 pulls the plug and
boots again; a SIGKILL of this process takes the box along.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from provision.errors import ApplyError, ProvisionError
from provision.lab import cgroup
from provision.lab.host import call
from provision.lab.record import Record, disk_image, read_record
from provision.lab.seed import tell_memory
from provision.lab.site import Folder, Site

REBOOT = 133  # what systemd-nspawn ends with when the box asks for a reboot
PR_SET_PDEATHSIG = 1

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "SYSTEMD_NSPAWN_TMPFS_TMP": "0",  # /tmp as the distribution has it
    "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",  # sysctl net.*, but not the host's kernel.*
}


class Supervisor:
    """One box from its first boot to its end."""

    def __init__(self, folder: Folder, site: Site, record: Record) -> None:
        self.folder, self.site, self.record = folder, site, record
        self.place = folder.box(record.name)
        self.group = cgroup.box_group(site, record.name)
        self.again = False

    def run(self, host_network: int) -> None:
        """Boots until the box powers off; raises ApplyError when it cannot be set up."""
        doors = self._open_groups()
        self._mount()
        self._plug_in(host_network)
        signal.signal(signal.SIGUSR1, self._pull_the_plug)
        while True:
            with (self.place / "boots").open("a") as boots:
                boots.write(f"{time.time():.3f}\n")
            ended = self._boot(doors)
            print(f"box {self.record.name} ended with {ended}", flush=True)
            cgroup.kill(self.group)
            if ended != REBOOT and not self.again:
                return
            self.again = False

    def _pull_the_plug(self, number: int, frame: FrameType | None) -> None:
        self.again = True
        cgroup.kill(self.group)

    def _open_groups(self) -> list[int]:
        """Opened now: the mounts that follow hide them. Written down first, for `down`."""
        groups = [self.group]
        if self.record.memory:
            groups.insert(0, cgroup.memory_group(self.site, self.record.name))
        (self.place / "groups.json").write_text(json.dumps([str(group) for group in groups]))
        for group in groups:
            group.mkdir(parents=True, exist_ok=True)
        if self.record.memory:
            cgroup.limit_memory(groups[0], self.record.memory)
        return [os.open(group / "cgroup.procs", os.O_WRONLY) for group in groups]

    def _mount(self) -> None:
        name, disk, root = self.record.name, self.place / "disk", self.place / "root"
        disk.mkdir()
        root.mkdir()
        if self.record.disk.startswith("ram:"):
            size = self.record.disk.removeprefix("ram:")
            call("mount", "-t", "tmpfs", "-o", f"size={size},mode=755", f"lab-{name}", str(disk))
        else:
            self._mount_loop(disk)
        (disk / "work").mkdir()
        call("cp", "-a", str(self.place / "seed"), str(disk / "up"))
        if self.record.memory:
            tell_memory(disk / "up", self.record.memory)
        image = self.folder.images / self.record.image
        layers = f"lowerdir={self.record.layer}:{image},upperdir={disk}/up,workdir={disk}/work"
        call("mount", "-t", "overlay", f"lab-{name}", "-o", layers, str(root))
        Path("/run/systemd/nspawn").mkdir(parents=True, exist_ok=True)
        call("mount", "-t", "tmpfs", "lab-nspawn", "/run/systemd/nspawn")  # its locks stay here
        call("mount", "-t", "cgroup2", "lab-cgroup", "/sys/fs/cgroup")  # as if there were no v1
        self.group = Path("/sys/fs/cgroup") / self.site.group / name

    def _mount_loop(self, disk: Path) -> None:
        image = disk_image(self.folder, self.record.name)
        call("truncate", "-s", self.record.disk, str(image))
        call("mkfs.ext4", "-q", "-m0", "-E", "lazy_itable_init=1,lazy_journal_init=1", str(image))
        call("mount", "-o", "loop", str(image), str(disk))
        (disk / "lost+found").rmdir()

    def _plug_in(self, host_network: int) -> None:
        """A cable from the box's own network to the bridge, ready before the box boots."""
        port, own = self.site.port(self.record.name), os.getpid()
        hardware = self.site.hardware(self.record.number)
        outside = f"link add {port} type veth peer name eth0 address {hardware} netns {own}\n"
        outside += f"link set {port} master {self.site.bridge} up\n"
        door = f"--net=/proc/{own}/fd/{host_network}"
        call("nsenter", door, "ip", "-batch", "-", stdin=outside)
        inside = f"address add {self.record.address(self.site)}/24 dev eth0\n"
        inside += "link set lo up\nlink set eth0 up\n"
        inside += f"route add default via {self.site.gateway}\n"
        call("ip", "-batch", "-", stdin=inside)

    def _boot(self, doors: list[int]) -> int:
        """What systemd-nspawn ended with.

        It is PID 1 of a namespace: when it dies, the kernel ends the whole box with it.
        """

        def enter() -> None:
            """In the child: into the box's groups, and never outliving the supervisor."""
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            for door in doors:
                os.write(door, b"0")

        name = self.record.name
        return subprocess.Popen(
            [
                *("unshare", "--pid", "--fork", "--kill-child", "--mount-proc"),
                *("systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit"),
                f"--directory={self.place / 'root'}",
                *(f"--machine={name}", f"--hostname={name}"),
                "--network-namespace-path=/proc/self/ns/net",
                "--capability=CAP_NET_ADMIN,CAP_BPF,CAP_PERFMON",
                "--system-call-filter=bpf @keyring",
                *("--bind=/dev/net/tun", "--resolv-conf=off", "--timezone=off"),
                *("--link-journal=no", "--console=read-only"),
            ],
            env=ENVIRONMENT,
            preexec_fn=enter,
        ).wait()


def main(arguments: list[str]) -> int:
    """The box's whole life; its `ended` file says that it is over."""
    folder = Folder(Path(arguments[0]))
    site = Site(**json.loads(arguments[1]))
    os.umask(0o022)
    record = read_record(folder, arguments[2])
    try:
        if record is None:
            raise ApplyError(f"box {arguments[2]} has no record", where="this machine")
        Supervisor(folder, site, record).run(int(arguments[3]))
    except ProvisionError as error:
        print(error.what, *error.log, sep="\n", flush=True)
        return 1
    finally:
        (folder.box(arguments[2]) / "ended").touch()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
