"""Whoever keeps the server's clock right."""

from __future__ import annotations

from dataclasses import dataclass

from provision.model.facts import Facts, Probe
from provision.model.plan import Change
from provision.model.shell import sh
from provision.resources.package import Package

KEEPERS = ("chrony", "ntpsec", "ntp", "openntpd", "systemd-timesyncd")
OURS = KEEPERS[-1]


@dataclass(frozen=True, slots=True)
class ClockKeeper:
    """One of the services that keep time, enabled; systemd's own where there is none.

    One that was stopped runs again, but for one that has a condition which does not hold here.
    """

    @property
    def id(self) -> str:
        return "clock:sync"

    def probe(self) -> Probe:
        # One by one: older systemds end at the first name that they do not know.
        look = sh(
            'echo "container=$(systemd-detect-virt --container)"\n'
            "for keeper in {}; do\n"
            "systemctl is-enabled --quiet $keeper 2>/dev/null && echo keeper=$keeper || continue\n"
            "systemctl is-active --quiet $keeper && echo active=yes ||\n"
            "  systemctl show $keeper -p ConditionResult | sed -n 's/.*=yes/stopped='$keeper/p\n"
            "done",
            sh(" ".join(KEEPERS)),
        )
        return Probe(self.id, look)

    def left_out(self, facts: Facts) -> str:
        """Why nothing is done here where nobody keeps the clock, or ""."""
        container = facts[self.id].pairs().get("container", "none")
        return f"a container ({container}) has its host's clock" if container != "none" else ""

    def diff(self, facts: Facts) -> Change | None:
        seen = facts[self.id].pairs()
        if self.left_out(facts):
            return None
        if seen.get("stopped") and "active" not in seen:
            start = sh("systemctl restart {}", seen["stopped"])
            return Change(self.id, "start", (start,), f"{seen['stopped']} does not run")
        if seen.get("keeper"):
            return None
        enable = sh("systemctl enable --now --quiet {}", OURS)
        return Change(self.id, "install", (Package(OURS).install, enable), "nobody keeps the clock")
