"""What a lab takes on a machine: a folder on disk, names and addresses in the network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Site:
    """The names and addresses of one lab; two labs on one machine need two sites.

    `letter` begins the name of every interface but the bridge. Interface names have at most
    15 characters, so a box's name has at most 12.
    """

    letter: str = "l"
    bridge: str = "labbr0"
    table: str = "labbox"
    group: str = "clawprov-lab"
    prefix: str = "10.77.0"

    @property
    def network(self) -> str:
        return f"{self.prefix}.0/24"

    @property
    def gateway(self) -> str:
        return f"{self.prefix}.1"

    def hardware(self, number: int) -> str:
        """The MAC address that belongs to an address, for ever.

        Otherwise whoever knew the address before talks to a MAC that is gone, for seconds: a
        bridge changes its own as ports come and go, and a new box may have an old address.
        """
        address = f"{self.prefix}.{number}"
        return "02:00:" + ":".join(f"{int(part):02x}" for part in address.split("."))

    def port(self, name: str) -> str:
        """The host's end of a box's cable."""
        return f"{self.letter}b-{name}"

    def splice(self, name: str) -> str:
        """The small bridge between a wire and the box's port."""
        return f"{self.letter}s-{name}"

    def taps(self, name: str) -> tuple[str, str]:
        """The two ends of a wire: towards the bridge, towards the box."""
        return f"{self.letter}x-{name}", f"{self.letter}y-{name}"


@dataclass(frozen=True, slots=True)
class Folder:
    """Where everything of one lab lies; `run` and `parts` are empty when no box is up."""

    root: Path

    @property
    def images(self) -> Path:
        return self.root / "images"

    @property
    def layers(self) -> Path:
        return self.root / "layers"

    @property
    def mirror(self) -> Path:
        return self.root / "mirror"

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def parts(self) -> Path:
        """Half-made things: each is moved to its place when whole, or thrown away."""
        return self.root / "parts"

    @property
    def locks(self) -> Path:
        return self.root / "locks"

    @property
    def identity(self) -> Path:
        return self.keys / "id_ed25519"

    @property
    def inventory(self) -> Path:
        return self.root / "inventory.yml"

    @property
    def undo(self) -> Path:
        """What the lab changed on the machine, and how it was before."""
        return self.root / "undo.json"

    def box(self, name: str) -> Path:
        return self.run / name

    def names(self) -> list[str]:
        """Every box that has a place here, running or not."""
        if not self.run.is_dir():
            return []
        return sorted(entry.name for entry in self.run.iterdir() if entry.is_dir())
