"""Swap space in a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from provision.model.facts import Facts, Probe
from provision.model.plan import Change
from provision.model.shell import Sh, heredoc, sh

PATH = "/var/lib/clawprov/swapfile"
UNIT = "var-lib-clawprov-swapfile.swap"
SPARE_MB = 2000
"""What must be left on the disk, for the gateway's release and its data."""

FITTING = ("ext2/ext3", "xfs")
_MB = {"M": 1, "G": 1024}


@dataclass(frozen=True, slots=True)
class Swap:
    """Swap of at least `size` (a number with M or G), at every boot.

    Other swap space counts; where it is too little, a file of our own is made beside it.
    """

    size: str

    @property
    def id(self) -> str:
        return f"swap:{self.size}"

    @property
    def _size_mb(self) -> int:
        return int(self.size[:-1]) * _MB[self.size[-1]]

    def probe(self) -> Probe:
        return Probe(
            self.id,
            sh(
                'echo "container=$(systemd-detect-virt --container)"\n'
                'awk -v path={} \'NR > 1 { sum[$1 == path ? "own" : "other"] += $3 / 1024 }\n'
                'END { for (whose in sum) printf "%s=%.0f\\n", whose, sum[whose] }\' /proc/swaps\n'
                'echo "unit=$(systemctl is-enabled {} 2>/dev/null)"\n'
                'echo "kind=$(stat -f -c %T /var/lib)"\n'
                "echo \"free=$(df -Pm /var/lib | awk 'NR == 2 { print $4 }')\"\n"
                'echo "file=$(($(stat -c %s {} 2>/dev/null || echo 0) / 1048576))"',
                PATH,
                UNIT,
                PATH,
            ),
        )

    def left_out(self, facts: Facts) -> str:
        """Why nothing is done here where swap is missing, or ""."""
        container = facts[self.id].pairs().get("container", "none")
        return f"a container ({container}) has no swap of its own" if container != "none" else ""

    def obstacle(self, facts: Facts) -> str:
        """Why the swap that is missing cannot be made here, or ""."""
        if not self.diff(facts):
            return ""
        seen = facts[self.id].pairs()
        if seen.get("kind") not in FITTING:
            return f"swap in a file is not for the file system of /var/lib ({seen.get('kind')})"
        free = int(seen.get("free") or 0) + int(seen.get("file") or 0)
        if free < self._size_mb + SPARE_MB:
            return (
                f"swap of {self.size} does not fit: /var/lib has {free} MB free, "
                f"of which {SPARE_MB} must stay"
            )
        return ""

    def diff(self, facts: Facts) -> Change | None:
        seen = facts[self.id].pairs()
        own, other = int(seen.get("own") or 0), int(seen.get("other") or 0)
        lasting = seen.get("unit") == "enabled"
        if (other >= self._size_mb and not own) or (own == self._size_mb and lasting):
            return None
        if self.left_out(facts):
            return None
        why = f"{own + other} MB are there"
        if own == self._size_mb:
            why = "gone after the next boot"
        return Change(self.id, "update" if own else "create", self._commands(), why)

    def coming_mb(self, facts: Facts) -> int:
        """How much more there will be, in MB."""
        own = int(facts[self.id].pairs().get("own") or 0)
        return self._size_mb - own if self.diff(facts) else 0

    def _commands(self) -> tuple[Sh, ...]:
        unit = f"[Swap]\nWhat={PATH}\n\n[Install]\nWantedBy=swap.target\n"
        place = f"/etc/systemd/system/{UNIT}"
        return (
            sh("if grep -q {} /proc/swaps; then swapoff {}; fi", f"^{PATH} ", PATH),
            sh("(umask 077; mkdir -p {}; rm -f {})", str(PurePosixPath(PATH).parent), PATH),
            sh(
                "(umask 077; fallocate -l {} {} && mkswap {} >/dev/null) || { rm -f {}; exit 1; }",
                *(self.size, PATH, PATH, PATH),
            ),
            heredoc(sh("cat >{}", place), unit),
            sh(
                "systemctl daemon-reload; systemctl enable --quiet --now {} || "
                "{ systemctl disable --quiet {}; rm -f {} {}; exit 1; }",
                *(UNIT, UNIT, place, PATH),
            ),
        )
