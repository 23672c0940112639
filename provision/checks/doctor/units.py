"""Every unit of systemd that is to run a gateway here, whoever has made it, and all about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import PurePosixPath

from provision.checks.doctor.script import SCRIPT
from provision.model.facts import Facts, Probe
from provision.model.product import Product
from provision.model.shell import Sh, sh

STEADY_S = 60
"""A gateway that has run for so long has got over what was before."""
ID = "doctor:units"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that is to run a gateway; `owner` is "" for the system's, else whose user unit it is.

    `seen` is what systemd and the file system say of it, `words` the files that its command names,
    with whether they are there; `text` is the unit with its drop-ins, `config` the configuration
    of its gateway, both with secrets; `log` is what it said in the life that counts.
    """

    path: str
    owner: str
    seen: Mapping[str, str]
    words: Mapping[str, bool]
    text: tuple[str, ...] = ()
    config: str = field(default="", repr=False)
    log: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name

    @property
    def ours(self) -> bool:
        return any(line.startswith("# Made by clawprov") for line in self.text)

    @property
    def active(self) -> bool:
        """Whether it runs, or is about to, or to run again."""
        return self.seen.get("ActiveState") in ("active", "activating", "reloading")

    @property
    def enabled(self) -> bool:
        return self.seen.get("UnitFileState", "").startswith("enabled") or "wanted" in self.seen

    @property
    def unsteady(self) -> bool:
        """Whether it falls and is started again, over and over."""
        again = self.seen.get("NRestarts", "0") not in ("", "0")
        return self.seen.get("SubState") == "auto-restart" or (again and self.age < STEADY_S)

    @property
    def down(self) -> bool:
        return not self.active or self.unsteady

    @property
    def age(self) -> int:
        """For how many seconds it has run."""
        age = self.seen.get("age", "")
        return int(age) if age.isdecimal() else 0

    @property
    def command(self) -> str:
        """The last ExecStart= of the unit, which may hold a secret."""
        lines = [line[10:] for line in self.text if re.match(r"ExecStart=.*\S", line)]
        return lines[-1] if lines else ""

    @property
    def manage(self) -> str:
        """How a person who is root there speaks to what manages it."""
        return f"systemctl --user -M {self.owner}@" if self.owner else "systemctl"

    @property
    def restart(self) -> Sh:
        """Started anew, and what it fell of before is forgotten: it counts as steady at once."""
        return sh(
            "systemctl reset-failed {} 2>/dev/null || :\nsystemctl restart {}", self.name, self.name
        )

    @property
    def journal(self) -> str:
        """The command that shows its log."""
        return (
            f"journalctl {f'_SYSTEMD_USER_UNIT={self.name}' if self.owner else f'-u {self.name}'}"
        )

    @property
    def title(self) -> str:
        return f"{self.owner}'s user unit {self.name}" if self.owner else self.name

    def runs(self, product: Product) -> bool:
        """Whether it is one of this product's."""
        return product.name in self.name or product.name in self.command


def probe_units(product: Product) -> Probe:
    """Reads every unit; that of `product` as clawprov calls it even where it is masked."""
    return Probe(ID, sh(SCRIPT, STEADY_S, product.service))


def find_units(facts: Facts) -> tuple[Unit, ...]:
    """The units as they were read, those of the system first; none where they were not."""
    reading = facts.readings.get(ID)
    return _parsed(reading.out) if reading else ()


def were_read(facts: Facts) -> bool:
    """Whether the units were read to the end."""
    reading = facts.readings.get(ID)
    return reading is not None and reading.out.rstrip().endswith("end")


@lru_cache(maxsize=4)
def _parsed(text: str) -> tuple[Unit, ...]:
    blocks = re.split(r"^unit ", text, flags=re.MULTILINE)[1:]
    return tuple(_unit(block) for block in blocks)


def _unit(block: str) -> Unit:
    # Not splitlines(): what a log or a unit says could then pass for what we were told of it.
    path, *lines = (line.rstrip("\r") for line in block.split("\n"))
    marked = {
        mark: tuple(line[2:] for line in lines if line.startswith(f"{mark} ")) for mark in "|=>"
    }
    own = [line.partition("=") for line in lines if line[:2] not in ("| ", "= ", "> ")]
    seen = {key: value for key, mark, value in own if mark}
    words = {value: key == "there" for key, _, value in own if key in ("there", "gone")}
    return Unit(
        path,
        seen.get("owner", ""),
        seen,
        words,
        marked["|"],
        "\n".join(marked["="]),
        marked[">"],
    )
