"""What a hoster writes into a server before handing it over: its name, keys, hosts and users."""

from __future__ import annotations

from pathlib import Path

from provision.lab.authority import HOSTS
from provision.lab.host import call
from provision.lab.site import Folder, Site
from provision.lab.workshop import lock, remove

STUB = "127.0.0.53"
REAL_RESOLVER = Path("/run/systemd/resolve/resolv.conf")
FIRST_USER = 1000


def make_identity(folder: Folder) -> None:
    """The key every box of the lab lets in."""
    if folder.identity.exists():
        return
    with lock(folder, "identity"):
        if not folder.identity.exists():
            folder.keys.mkdir(mode=0o700, exist_ok=True)
            part = folder.keys / "id_ed25519.part"
            remove(part)
            _make_key(part, "clawprov-lab")
            part.with_suffix(".part.pub").rename(folder.identity.with_suffix(".pub"))
            part.rename(folder.identity)


def write_seed(folder: Folder, site: Site, name: str, image: Path, user: str) -> str:
    """The box's own files, laid over the image at its first start; returns its host key."""
    seed = folder.box(name) / "seed"
    (seed / "etc/ssh").mkdir(parents=True)
    (seed / "etc/hostname").write_text(f"{name}\n")
    (seed / "etc/hosts").write_text(
        f"127.0.0.1 localhost\n127.0.1.1 {name}\n::1 localhost ip6-localhost\n"
        f"{site.gateway} {' '.join(HOSTS)}\n"
    )
    (seed / "etc/resolv.conf").write_text(_resolver())
    host_key = seed / "etc/ssh/ssh_host_ed25519_key"
    _make_key(host_key, f"root@{name}")
    key = folder.identity.with_suffix(".pub").read_text()
    _authorize(seed / "root", key)
    (seed / "root").chmod(0o700)
    if user:
        _add_user(seed, image, user, key)
    return " ".join(host_key.with_suffix(".pub").read_text().split()[:2])


def _add_user(seed: Path, image: Path, user: str, key: str) -> None:
    """A user as cloud images have one: sudo without a password, login by key only."""
    lines = {
        "passwd": f"{user}:x:{FIRST_USER}:{FIRST_USER}::/home/{user}:/bin/bash",
        "shadow": f"{user}:*:19000:0:99999:7:::",
        "group": f"{user}:x:{FIRST_USER}:",
        "gshadow": f"{user}:*::",
    }
    for name, line in lines.items():
        original = image / "etc" / name
        copy = seed / "etc" / name
        copy.write_text(f"{original.read_text()}{line}\n")
        call("chown", f"--reference={original}", str(copy))
        call("chmod", f"--reference={original}", str(copy))
    sudoers = seed / "etc/sudoers.d" / f"90-{user}"
    sudoers.parent.mkdir()
    sudoers.parent.chmod(0o750)
    sudoers.write_text(f"{user} ALL=(ALL) NOPASSWD:ALL\n")
    sudoers.chmod(0o440)
    home = seed / "home" / user
    _authorize(home, key)
    for skeleton in (image / "etc/skel").iterdir():
        (home / skeleton.name).write_bytes(skeleton.read_bytes())
    call("chown", "-R", f"{FIRST_USER}:{FIRST_USER}", str(home))
    home.chmod(0o755)


def _authorize(home: Path, key: str) -> None:
    place = home / ".ssh"
    place.mkdir(parents=True)
    place.chmod(0o700)
    (place / "authorized_keys").write_text(key)
    (place / "authorized_keys").chmod(0o600)


def _make_key(path: Path, comment: str) -> None:
    call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path))


def _resolver() -> str:
    """The name servers of this machine; behind systemd's local stub, the real ones."""
    text = Path("/etc/resolv.conf").read_text()
    return REAL_RESOLVER.read_text() if STUB in text and REAL_RESOLVER.exists() else text


def tell_memory(root: Path, amount: str) -> None:
    """The box below `root` sees its own limit (such as 512M) as its memory, not the host's."""
    have = int(amount[:-1]) * {"M": 1024, "G": 1024**2}[amount[-1]]
    lines = {"MemTotal": have, "MemFree": have // 2, "MemAvailable": have * 3 // 4}
    lines |= {"Buffers": 0, "Cached": have // 4, "SwapTotal": 0, "SwapFree": 0}
    units = root / "etc/systemd/system"
    wants = units / "sysinit.target.wants"
    wants.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{name + ':':<15} {kb:>8} kB\n" for name, kb in lines.items())
    (root / "etc/lab-meminfo").write_text(text)
    (units / "lab-meminfo.service").write_text(
        "[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nRemainAfterExit=yes\n"
        "ExecStart=/bin/mount --bind /etc/lab-meminfo /proc/meminfo\n"
    )
    (wants / "lab-meminfo.service").symlink_to("../lab-meminfo.service")
