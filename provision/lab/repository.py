"""apt repositories signed by a lab key, such as NodeSource's: one suite per Node major."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Mapping
from pathlib import Path

from provision.lab.host import architecture, call
from provision.lab.site import Folder
from provision.lab.workshop import remove

SIGNER = "lab-mirror@localhost"
MAINTAINER = f"Lab mirror (not NodeSource) <{SIGNER}>"

CONTROL = """\
Package: nodejs
Version: {version}
Architecture: {arch}
Maintainer: {maintainer}
Section: web
Priority: optional
Depends: libc6 (>= 2.28), libgcc1 (>= 1:3.4), libstdc++6 (>= 4.1.1), python3-minimal,
 ca-certificates
Conflicts: nodejs-dev, nodejs-legacy, npm
Replaces: nodejs-dev (<= 0.8.22), nodejs-legacy, npm (<= 1.2.14)
Provides: nodejs-dev, nodejs-legacy, npm
Description: Node.js, repacked from the npm registry for the lab
"""


def add_package(folder: Folder, release: Path, major: int, marked: Mapping[str, str]) -> None:
    """The release is a `nodejs` package in the repository of its major; the tree is used up."""
    _, arch = architecture()
    version = f"{release.name.split('-')[1].removeprefix('v')}-1nodesource1"
    tree = release.parent / "deb"
    (tree / "DEBIAN").mkdir(parents=True)
    release.rename(tree / "usr")
    for text in ("CHANGELOG.md", "LICENSE", "README.md"):
        (tree / "usr" / text).unlink(missing_ok=True)
    (tree / "usr/bin/nodejs").symlink_to("node")
    control = CONTROL.format(version=version, arch=arch, maintainer=MAINTAINER)
    (tree / "DEBIAN/control").write_text(control)
    repository = folder.mirror / f"deb.nodesource.com/node_{major}.x"
    build_package(tree, repository / "pool/main/n/nodejs", marked)
    shutil.rmtree(tree)
    index(folder, repository, "nodistro", marked)


def build_package(tree: Path, pool: Path, marked: Mapping[str, str]) -> None:
    """The tree is a package in the pool, under the name apt gives it."""
    pool.mkdir(parents=True, exist_ok=True)
    built = ("dpkg-deb", "--root-owner-group", "-Zzstd", "-z3", "--build", str(tree), str(pool))
    call(*built, env=marked)


def index(folder: Folder, repository: Path, suite: str, marked: Mapping[str, str]) -> None:
    """The suite offers every package of the pool, signed."""
    _, arch = architecture()
    place = repository / "dists" / suite
    binary = place / f"main/binary-{arch}"
    binary.mkdir(parents=True, exist_ok=True)
    packages = call("apt-ftparchive", "packages", "pool", cwd=repository, env=marked)
    (binary / "Packages").write_text(packages)
    (binary / "Packages.gz").write_bytes(gzip.compress(packages.encode()))
    facts = {
        "Origin": "Lab mirror",
        "Suite": suite,
        "Codename": suite,
        "Architectures": arch,
        "Components": "main",
    }
    options = [f"--option=APT::FTPArchive::Release::{name}={facts[name]}" for name in facts]
    (place / "Release").unlink(missing_ok=True)
    text = call("apt-ftparchive", *options, "release", str(place), env=marked)
    (place / "Release").write_text(text)
    sign(folder, place / "Release", place / "InRelease", marked)


def sign(folder: Folder, source: Path, target: Path, marked: Mapping[str, str]) -> None:
    """`target` is `source`, clear-signed by the lab's mirror key."""
    _gpg(folder, marked, "--yes", "--clearsign", "--output", str(target), str(source))


def make_signing_key(folder: Folder, public: Path, marked: Mapping[str, str]) -> None:
    """The signing key is there, and its public half lies where apt's users look for it.

    The secret half stays with the other keys: everything below the mirror is served.
    """
    if public.exists():
        return
    home = folder.keys / "gnupg"
    remove(home)
    home.mkdir(mode=0o700, parents=True)
    shape = ("--quick-gen-key", MAINTAINER, "rsa3072", "sign", "10y")
    _gpg(folder, marked, "--passphrase", "", *shape)
    text = _gpg(folder, marked, "--armor", "--export", SIGNER)
    public.parent.mkdir(parents=True, exist_ok=True)
    public.write_text(text)


def _gpg(folder: Folder, marked: Mapping[str, str], *arguments: str) -> str:
    """gpg leaves an agent running; it carries the mark too, so it ends with the making."""
    home = str(folder.keys / "gnupg")
    return call("gpg", "--homedir", home, "--batch", "--quiet", *arguments, env=marked)
