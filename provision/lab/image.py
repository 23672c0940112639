"""Golden images: plain Debian trees as a hoster hands them out, made once, never written again."""

from __future__ import annotations

from pathlib import Path

from provision.errors import UsageError
from provision.lab.host import call
from provision.lab.site import Folder
from provision.lab.workshop import Say, environment, making, told

SUITES = ("bookworm", "trixie")

PACKAGES = (
    "apt,systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,openssh-server,sudo,python3,"
    "ca-certificates,iproute2,iputils-ping,netbase,curl,gnupg,xz-utils,procps,nftables,less"
)

HOOKS = (
    'rm -f "$1"/etc/ssh/ssh_host_* "$1"/var/lib/dbus/machine-id; : > "$1"/etc/machine-id',
    'echo LANG=C.UTF-8 > "$1"/etc/default/locale',  # else pam_env complains at each login
    'chroot "$1" systemctl --quiet set-default multi-user.target',
    'chroot "$1" systemctl --quiet mask systemd-networkd-wait-online.service'
    " console-getty.service getty.target",
)


def read_image(folder: Folder, suite: str) -> Path:
    """The tree of an image; raises UsageError for a suite the lab does not know."""
    if suite not in SUITES:
        raise UsageError(f"there is no image {suite!r}", hint=f"choose one of: {', '.join(SUITES)}")
    return folder.images / suite


def make_image(folder: Folder, suite: str, say: Say) -> Path:
    """The image is there; the first time it is built, in half a minute or two."""
    image = read_image(folder, suite)
    if image.is_dir():
        return image
    name = f"image-{suite}"
    with making(folder, name) as part:
        if image.is_dir():  # somebody else made it while this one waited
            return image
        with told(say, f"image {suite}: building, once on this machine"):
            call("mmdebstrap", *_arguments(suite, part / suite), env=environment(folder, name))
            (part / suite).chmod(0o755)
            folder.images.mkdir(exist_ok=True)
            (part / suite).rename(image)
    return image


def _arguments(suite: str, target: Path) -> list[str]:
    """No mirror is named: mmdebstrap's own default has the updates and the security fixes."""
    return [
        "--quiet",
        "--variant=minbase",
        f"--include={PACKAGES}",
        '--aptopt=Acquire::Languages "none"',
        "--dpkgopt=force-unsafe-io",
        *(f"--customize-hook={hook}" for hook in HOOKS),
        suite,
        str(target),
    ]
