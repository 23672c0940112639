"""Tailscale's apt repository as pkgs.tailscale.com has it, with packages of what was built here.

Unit, maintainer scripts and defaults are Tailscale's own, from its source. To the defaults is
added what keeps a node of the lab from talking to the world.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

from provision.lab.host import architecture, call
from provision.lab.image import SUITES
from provision.lab.mirror import repository_key
from provision.lab.repository import MAINTAINER, build_package, index, make_signing_key
from provision.lab.site import Folder
from provision.lab.workshop import Say, environment, lock, making
from tests.tailnet.binaries import OLDER, VERSION, make_binaries, sources_of_tailscale

HOST = "pkgs.tailscale.com/stable/debian"
KEYRING = "usr/share/keyrings/tailscale-archive-keyring.gpg"
UNITS = ("tailscaled.service", "tailscale-online.target", "tailscale-wait-online.service")
QUIET = """
# Of the lab, which nothing leaves.
TS_NO_LOGS_NO_SUPPORT=true
TS_DISABLE_PORTMAPPER=1
TS_PANIC_IF_HIT_MAIN_CONTROL=1
"""
CONTROL = """\
Package: {name}
Version: {version}
Architecture: {arch}
Maintainer: {maintainer}
Section: net
Priority: extra
{relations}Description: {name}, built for the lab
"""
RELATIONS = """\
Depends: iptables
Recommends: tailscale-archive-keyring (>= 1.35.181)
Conflicts: tailscale-relay
Replaces: tailscale-relay
"""
LIST = """\
# Tailscale packages for debian {suite}
deb [signed-by=/{keyring}] https://{host} {suite} main
"""


def repository_files(folder: Folder) -> Path:
    """What the mirror serves as https://pkgs.tailscale.com/stable/debian."""
    return folder.mirror / HOST


def make_packages(folder: Folder, say: Say) -> Path:
    """Tailscale can be installed with apt in every box; returns the folder of binaries."""
    binaries = make_binaries(folder, say)
    digest = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
    done = folder.mirror / f".tailscale-{binaries.name}-{digest}"
    if done.exists():
        return binaries
    name = "tailscale-packages"
    with making(folder, name) as part:
        if done.exists():
            return binaries
        marked = environment(folder, name)
        with lock(folder, "mirror"):  # Node's repositories share the signing key
            make_signing_key(folder, repository_key(folder), marked)
            repository = part / "debian"
            _fill(folder, repository, binaries, marked)
            place = repository_files(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.exists():
                place.rename(part / "before")
            repository.rename(place)
            done.touch()
    return binaries


def _fill(folder: Folder, repository: Path, binaries: Path, marked: Mapping[str, str]) -> None:
    repository.mkdir()
    key = repository / "key.gpg"
    home = str(folder.keys / "gnupg")
    dearmor = ("--dearmor", "-o", str(key), str(repository_key(folder)))
    call("gpg", "--homedir", home, "--batch", *dearmor, env=marked)
    pool = repository / "pool"
    _build_keyring(repository / "tree", pool, key, marked)
    for version in (OLDER, VERSION):
        _build_tailscale(repository / "tree", pool, binaries / version, marked)
    for suite in SUITES:
        index(folder, repository, suite, marked)
        shutil.copyfile(key, repository / f"{suite}.noarmor.gpg")
        shutil.copyfile(repository_key(folder), repository / f"{suite}.asc")
        text = LIST.format(suite=suite, keyring=KEYRING, host=HOST)
        (repository / f"{suite}.tailscale-keyring.list").write_text(text)
    key.unlink()


def _build_keyring(tree: Path, pool: Path, key: Path, marked: Mapping[str, str]) -> None:
    place = tree / KEYRING
    place.parent.mkdir(parents=True)
    shutil.copyfile(key, place)
    _build(tree, pool, "tailscale-archive-keyring", "1.35.181", "", marked)


def _build_tailscale(tree: Path, pool: Path, built: Path, marked: Mapping[str, str]) -> None:
    source = sources_of_tailscale()
    programs, units = source / "cmd/tailscaled", tree / "lib/systemd/system"
    for folder in (tree / "usr/bin", tree / "usr/sbin", tree / "etc/default", units):
        folder.mkdir(parents=True)
    shutil.copy(built / "tailscale", tree / "usr/bin")
    shutil.copy(built / "tailscaled", tree / "usr/sbin")
    for unit in UNITS:
        shutil.copyfile(programs / unit, units / unit)
    defaults = (programs / "tailscaled.defaults").read_text()
    (tree / "etc/default/tailscaled").write_text(defaults + QUIET)
    (tree / "DEBIAN").mkdir()
    (tree / "DEBIAN/conffiles").write_text("/etc/default/tailscaled\n")
    for script in ("postinst", "prerm", "postrm"):
        target = tree / "DEBIAN" / script
        shutil.copyfile(source / f"release/deb/debian.{script}.sh", target)
        target.chmod(0o755)
    _build(tree, pool, "tailscale", built.name, RELATIONS, marked)


def _build(
    tree: Path, pool: Path, name: str, version: str, relations: str, marked: Mapping[str, str]
) -> None:
    """The tree is used up."""
    arch = "all" if name.endswith("keyring") else architecture()[1]
    text = CONTROL.format(
        name=name, version=version, arch=arch, maintainer=MAINTAINER, relations=relations
    )
    (tree / "DEBIAN").mkdir(exist_ok=True)
    (tree / "DEBIAN/control").write_text(text)
    call("chmod", "-R", "go-w,a+rX", str(tree))
    build_package(tree, pool, marked)
    shutil.rmtree(tree)
