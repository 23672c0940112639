"""A mirror of Node made from npm packages: nodejs.org/dist and a NodeSource-shaped apt repository.

`node-linux-ARCH@MAJOR` is the release tree without npm, `npm@MAJOR` is npm itself; together they
are what nodejs.org ships. Keys and Release files say that this is a lab's mirror.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from provision.errors import UsageError
from provision.lab.host import architecture, call
from provision.lab.repository import add_package, make_signing_key, sign
from provision.lab.site import Folder
from provision.lab.workshop import Say, environment, lock, making, told

NPM_OF = {22: "10", 24: "11"}  # the npm each Node major comes with


def repository_key(folder: Folder) -> Path:
    """The public key of the apt repository, where NodeSource has its own."""
    return folder.mirror / "deb.nodesource.com/gpgkey/nodesource-repo.gpg.key"


def make_mirror(folder: Folder, majors: Iterable[int], say: Say) -> None:
    """Each of these Node majors is in the mirror; making one takes about 20 s."""
    for major in majors:
        if major not in NPM_OF:
            known = ", ".join(str(known) for known in NPM_OF)
            raise UsageError(f"the lab has no mirror of Node {major}", hint=f"choose from: {known}")
        _make_major(folder, major, say)


def _make_major(folder: Folder, major: int, say: Say) -> None:
    done = folder.mirror / f".node-{major}"
    if done.exists():
        return
    name = f"mirror-{major}"
    with making(folder, name) as part:
        if done.exists():
            return
        with told(say, f"mirror of Node {major}: making, once on this machine"):
            marked = environment(folder, name)
            release = _make_release(part, major, marked)
            with lock(folder, "mirror"):  # both majors share the index and the signing key
                make_signing_key(folder, repository_key(folder), marked)
                _publish(folder, release, marked)
                add_package(folder, release, major, marked)
                done.touch()


def _make_release(part: Path, major: int, marked: Mapping[str, str]) -> Path:
    """The tree of nodejs.org's tarball, named as there."""
    node_arch, _ = architecture()
    node = _unpack(part, f"node-linux-{node_arch}@{major}", marked)
    npm = _unpack(part, f"npm@{NPM_OF[major]}", marked)
    version = call(str(node / "bin/node"), "--version").strip()
    release = part / f"node-{version}-linux-{node_arch}"
    node.rename(release)
    (release / "package.json").unlink()
    modules = release / "lib/node_modules"
    modules.mkdir(parents=True)
    npm.rename(modules / "npm")
    for command in ("npm", "npx"):
        (release / "bin" / command).symlink_to(f"../lib/node_modules/npm/bin/{command}-cli.js")
        (modules / f"npm/bin/{command}-cli.js").chmod(0o755)
    (release / "bin/node").chmod(0o755)
    call("chown", "-R", "0:0", str(release))
    call("chmod", "-R", "go-w,a+rX", str(release))
    return release


def _unpack(part: Path, package: str, marked: Mapping[str, str]) -> Path:
    place = part / package.split("@")[0]
    place.mkdir()
    call("npm", "pack", "--silent", package, cwd=place, env=marked)
    archive = next(place.glob("*.tgz"))
    call("tar", "-xf", str(archive), cwd=place, env=marked)
    archive.unlink()
    return place / "package"


def _publish(folder: Folder, release: Path, marked: Mapping[str, str]) -> None:
    """The tarball, its signed checksums and the index, as under nodejs.org/dist."""
    dist = folder.mirror / "nodejs.org/dist"
    version = release.name.split("-")[1]
    place = dist / version
    place.mkdir(parents=True, exist_ok=True)
    archive = place / f"{release.name}.tar.xz"
    fast = {**marked, "XZ_OPT": "-1 -T0"}  # higher levels take minutes and save little
    call("tar", "--sort=name", "-cJf", str(archive), release.name, cwd=release.parent, env=fast)
    with archive.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    sums = place / "SHASUMS256.txt"
    sums.write_text(f"{digest}  {archive.name}\n")
    sign(folder, sums, place / "SHASUMS256.txt.asc", marked)
    versions = sorted((entry.name for entry in dist.glob("v*")), reverse=True)
    files = [f"linux-{architecture()[0]}"]
    rows = [{"version": version, "files": files, "lts": "lab"} for version in versions]
    (dist / "index.json").write_text(json.dumps(rows) + "\n")
