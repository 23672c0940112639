"""What a machine does again and again: a timer of systemd's or of launchd's."""

from __future__ import annotations

from dataclasses import dataclass

from provision.model.facts import Facts, Probe
from provision.model.plan import Change
from provision.model.shell import Sh, sh
from provision.resources.launch_agent import load, unload


@dataclass(frozen=True, slots=True)
class Timer:
    """The timer unit `name`, enabled and waiting, as its files are now; or not `wished`.

    An `own` one is of the user's systemd, not of the machine's.
    """

    name: str
    own: bool = False
    wished: bool = True

    @property
    def id(self) -> str:
        return f"timer:{self.name.removesuffix('.timer')}"

    @property
    def _systemctl(self) -> Sh:
        return sh("systemctl --user" if self.own else "systemctl")

    def probe(self) -> Probe:
        service = self.name.removesuffix(".timer") + ".service"
        return Probe(
            self.id,
            sh(
                "{} show {} -p ActiveState -p UnitFileState\n"
                "{} show {} {} -p NeedDaemonReload | sort -u",
                *(self._systemctl, self.name, self._systemctl, self.name, service),
            ),
        )

    def diff(self, facts: Facts) -> Change | None:
        seen = facts[self.id].pairs()
        runs = seen.get("ActiveState") == "active" and seen.get("UnitFileState") == "enabled"
        if not self.wished:
            known = runs or seen.get("UnitFileState") or seen.get("ActiveState") == "active"
            stop = sh("{} disable --quiet --now {}", self._systemctl, self.name)
            return Change(self.id, "stop", (stop,), "no longer needed") if known else None
        if not seen.get("UnitFileState"):
            return Change(self.id, "start", self._start(), "for the first time")
        if not runs:
            return Change(self.id, "start", self._start(), "does not wait")
        if seen.get("NeedDaemonReload") == "yes":
            return Change(self.id, "restart", self._start(), "its files have changed")
        return None

    def _start(self) -> tuple[Sh, ...]:
        return (
            sh("{} daemon-reload", self._systemctl),
            sh("{} enable --quiet {}", self._systemctl, self.name),
            sh("{} restart {}", self._systemctl, self.name),
        )


@dataclass(frozen=True, slots=True)
class TimedAgent:
    """The agent `label` in the file `path`, known to the user's launchd, or not `wished`.

    `digest` stands in its command line, by which an agent that was loaded from an older file shows.
    """

    label: str
    path: str
    digest: str = ""
    wished: bool = True

    @property
    def id(self) -> str:
        return f"launch-agent:{self.label}"

    def probe(self) -> Probe:
        return Probe(
            self.id,
            sh(
                "said=$(launchctl print gui/$(id -u)/{} 2>/dev/null) || exit 0\necho loaded=yes\n"
                "case $said in *{}*) echo current=yes ;; esac",
                self.label,
                self.digest or "-",
            ),
        )

    def diff(self, facts: Facts) -> Change | None:
        seen = facts[self.id].pairs()
        out = unload(self.label)
        if not self.wished:
            loaded = "loaded" in seen
            return Change(self.id, "stop", (out,), "no longer needed") if loaded else None
        if "current" in seen:
            return None
        why = "its file has changed" if "loaded" in seen else "for the first time"
        return Change(self.id, "start", (out, load(self.label, self.path)), why)
