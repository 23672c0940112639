"""A resource on a laptop, made by the real shell, with tools like those of Linux or of macOS."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from place import Place

from provision.engine.frames import equipped, pack_changes, pack_probes, unpack, whole
from provision.engine.laptop import LAPTOP
from provision.model.facts import Facts, Reading
from provision.model.plan import Change, Resource
from provision.model.shell import Sh

NONCE = "5ca1ab1e5ca1ab1e"
EVERYWHERE = "PATH=$PATH:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
COMMON = "sh id uname cat rm mkdir rmdir chmod wc tr awk tail ls ps sleep cut ssh-keygen touch"
COMMON += " base64"

# Tools that refuse what BSD's lack, and take what theirs have instead of GNU's.
BSD = {
    "stat": '[ "$1 $2" = "-f %Lp" ] || exit 1; exec REAL -c %a "$3"',
    "shasum": '[ "$1 $2" = "-a 256" ] || exit 1; exec /usr/bin/sha256sum',
    "readlink": 'case $1 in -*) exit 1 ;; esac; exec REAL "$1"',
    "head": 'case "$*" in "-n 0"*) exit 1 ;; esac; exec REAL "$@"',
    "cp": 'case $1 in --*|-a|-T) exit 64 ;; esac; exec REAL "$@"',
    "mv": 'case $1 in --*|-T|-fT) exit 64 ;; esac; exec REAL "$@"',
    "sed": 'case $1 in -i|--*) exit 64 ;; esac; exec REAL "$@"',
    "grep": 'case $1 in -P|--*) exit 64 ;; esac; exec REAL "$@"',
}


@dataclass(frozen=True)
class Kept:
    """A resource of a laptop in a place; without `gnu`, its tools are as those of macOS."""

    place: Place
    resource: Resource
    gnu: bool = True

    def look(self) -> Facts:
        script = pack_probes([self.resource.probe()], NONCE, LAPTOP)
        return Facts(unpack(self.run(script), NONCE))

    def diff(self) -> Change | None:
        found = self.resource.diff(self.look())
        assert found is None or isinstance(found, Change)
        return found

    def make(self) -> Reading:
        """Make the change that is due; there must be one."""
        change = self.diff()
        assert change
        body = pack_changes([Change("step:one", "create", change.commands)])
        return unpack(self.run(whole(equipped(body, LAPTOP), NONCE, LAPTOP)), NONCE)["step:one"]

    def settle(self) -> None:
        """Make the change that is due, after which there must be none."""
        made = self.make()
        assert made.exit == 0, made.out
        assert self.diff() is None

    def run(self, script: Sh) -> str:
        if self.gnu:
            return self.place.run(script)
        assert EVERYWHERE in script.text
        return self.place.run(script.text.replace(EVERYWHERE, f"PATH={self._bsd()}", 1))

    def _bsd(self) -> Path:
        folder = self.place.root / "bsd"
        if not folder.exists():
            folder.mkdir()
            for name in COMMON.split():
                (folder / name).symlink_to(shutil.which(name) or "/nowhere")
            for name, body in BSD.items():
                self.place.fake(name, body.replace("REAL", f"/usr/bin/{name}"))
        return folder
