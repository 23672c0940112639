"""The machine under the lab: what it must have, and the one way to call its commands."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from provision.errors import ApplyError, UnsupportedError

PACKAGES = {
    "apt-config": "apt",
    "apt-ftparchive": "apt-utils",
    "dpkg-deb": "dpkg",
    "gpg": "gnupg",
    "ip": "iproute2",
    "mkfs.ext4": "e2fsprogs",
    "mmdebstrap": "mmdebstrap",
    "mount": "mount",
    "nft": "nftables",
    "npm": "npm",
    "nsenter": "util-linux",
    "openssl": "openssl",
    "setpriv": "util-linux",
    "setsid": "util-linux",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "systemd-nspawn": "systemd-container",
    "tar": "tar",
    "unshare": "util-linux",
    "xz": "xz-utils",
}

ARCHITECTURES = {"x86_64": ("x64", "amd64"), "aarch64": ("arm64", "arm64")}
OLDEST_KERNEL = (5, 14)  # the first with cgroup.kill


def missing() -> list[str]:
    """Everything this machine lacks for a lab; empty when boxes can run here."""
    if not sys.platform.startswith("linux"):
        return ["Linux"]
    lacks = [command for command in PACKAGES if shutil.which(command) is None]
    if os.geteuid() != 0:
        lacks.append("root")
    if platform.machine() not in ARCHITECTURES:
        lacks.append("a processor Node is built for (x86_64 or aarch64)")
    if _kernel() < OLDEST_KERNEL:
        lacks.append("Linux 5.14")
    if not Path("/proc/self/ns/net").exists():
        lacks.append("network namespaces")
    if not Path("/dev/net/tun").exists():
        lacks.append("/dev/net/tun")
    if unified_cgroup() is None:
        lacks.append("a mounted cgroup v2")
    if not _has_overlay():
        lacks.append("overlayfs")
    return lacks


def require() -> None:
    """Boxes can run here; raises UnsupportedError with everything that is missing at once."""
    lacks = missing()
    if not lacks:
        return
    packages = sorted({PACKAGES[lack] for lack in lacks if lack in PACKAGES})
    hints = [f"apt-get install {' '.join(packages)}"] if packages else []
    if "root" in lacks:
        hints.append("run it as root")
    if lacks == ["Linux"]:
        hints.append("use a Linux machine or virtual machine, such as the Vagrantfile's")
    raise UnsupportedError(
        f"this machine cannot run lab boxes, it lacks: {', '.join(lacks)}",
        where="this machine",
        hint="; ".join(hints),
    )


def call(
    *argv: str,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    door: int | None = None,
    seconds: float = 900,
) -> str:
    """What a command of this machine prints; raises ApplyError with its last lines.

    `door` is a file descriptor the command gets along.
    """
    try:
        done = subprocess.run(
            argv,
            input=stdin or "",
            capture_output=True,
            text=True,
            env=env,
            cwd=cwd,
            timeout=seconds,
            errors="replace",
            pass_fds=() if door is None else (door,),
        )
    except subprocess.TimeoutExpired:
        raise ApplyError(
            f"{argv[0]} did not end within {seconds:.0f} s", where="this machine"
        ) from None
    if done.returncode:
        lines = (done.stderr + done.stdout).strip().splitlines()[-10:]
        told = f"{' '.join(argv[:4])} ended with exit code {done.returncode}"
        raise ApplyError(told, where="this machine", log=lines)
    return done.stdout


def architecture() -> tuple[str, str]:
    """This processor as Node names it and as Debian names it."""
    return ARCHITECTURES[platform.machine()]


def unified_cgroup() -> Path | None:
    """Where cgroup v2 is mounted, on its own or beside version 1."""
    for line in Path("/proc/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(place)
    return None


def _kernel() -> tuple[int, int]:
    major, minor = platform.release().split("-")[0].split(".")[:2]
    return int(major), int(minor)


def _has_overlay() -> bool:
    if "\toverlay\n" in Path("/proc/filesystems").read_text():
        return True
    if shutil.which("modprobe") is None:
        return False
    probe = subprocess.run(["modprobe", "--dry-run", "overlay"], capture_output=True)
    return probe.returncode == 0
