"""A service of a user's own systemd that runs, with what it should run with."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from provision.model.facts import Facts, Probe
from provision.model.plan import Change
from provision.model.shell import Sh, sh
from provision.resources.service import Input

LIMIT_S = 30


def digest_inputs(inputs: Sequence[Input]) -> str:
    """Twelve hex digits that are the same for the same wished inputs."""
    nothing = Facts({})
    texts = "\n".join(f"{item.path} {item.digest(nothing)}" for item in inputs)
    return hashlib.sha256(texts.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class UserUnit:
    """The unit `name` in `file`, enabled, and active with `inputs` as they are wished.

    Its command line ends with the digest of the inputs, so the running process itself tells what
    it was started with. It must listen on `port` within LIMIT_S seconds; what it says meanwhile is
    in the file `log`. Not `wished`, neither is there.
    """

    name: str
    file: Input
    inputs: Sequence[Input]
    port: int
    log: str
    wished: bool = True

    @property
    def id(self) -> str:
        return f"user-unit:{self.name.removesuffix('.service')}"

    def probe(self) -> Probe:
        return Probe(
            self.id,
            sh(
                "systemctl --user show {} -p ActiveState -p UnitFileState -p MainPID "
                "-p NeedDaemonReload\n"
                "pid=$(systemctl --user show {} -p MainPID); pid=${pid#*=}\n"
                '[ "${pid:-0}" = 0 ] || echo "runs=$(ps -o args= -p "$pid")"\n'
                "listening {} || echo deaf=yes",
                self.name,
                self.name,
                self.port,
            ),
        )

    def diff(self, facts: Facts) -> Change | None:
        seen = facts[self.id].pairs()
        if not self.wished:
            return self._stop() if seen.get("UnitFileState") or "runs" in seen else None
        reasons = []
        if not seen.get("UnitFileState"):
            return Change(self.id, "start", self._start(), "for the first time")
        if seen["UnitFileState"] != "enabled":
            reasons.append("not enabled")
        if seen.get("ActiveState") != "active":
            reasons.append(f"is {seen.get('ActiveState') or 'not there'}")
        elif changed := stale(self.file, self.inputs, seen.get("runs", ""), facts):
            reasons.append(changed)
        elif "deaf" in seen:
            reasons.append(f"does not listen on port {self.port}")
        elif seen.get("NeedDaemonReload") == "yes":
            reasons.append("systemd has not read its unit again")
        if not reasons:
            return None
        verb = "restart" if seen.get("ActiveState") == "active" else "start"
        return Change(self.id, verb, self._start(), ", ".join(reasons))

    def _start(self) -> tuple[Sh, ...]:
        alive = sh(
            "systemctl --user show {} -p NRestarts -p ActiveState | sort | tr '\\n' ' ' | "
            'grep -qx "ActiveState=active NRestarts=0 "',
            self.name,
        )
        return (
            sh("systemctl --user daemon-reload"),
            sh("systemctl --user enable --quiet {}", self.name),
            sh("systemctl --user reset-failed {} 2>/dev/null || :", self.name),
            sh("systemctl --user restart {}", self.name),
            await_port(self.port, alive, self.log),
        )

    def _stop(self) -> Change:
        commands = (
            sh("systemctl --user disable --quiet --now {} || :", self.name),
            sh("rm -f {}", self.file.path),
            sh("systemctl --user daemon-reload"),
            sh("systemctl --user reset-failed {} 2>/dev/null || :", self.name),
        )
        return Change(self.id, "stop", commands, "no longer needed")


def stale(file: Input, inputs: Sequence[Input], runs: str, facts: Facts) -> str:
    """Why a process with the command line `runs` is not as wished, or ""."""
    changed = [
        item.path.rpartition("/")[2]
        for item in (file, *inputs)
        if (reading := facts.readings.get(item.id))
        and "sha256" in (seen := reading.pairs())
        and seen["sha256"] != item.digest(facts)
    ]
    if changed:
        return f"{', '.join(changed)} changed"
    return "" if runs.endswith(f" {digest_inputs(inputs)}") else "runs with something else"


def await_port(port: int, alive: Sh, log: str) -> Sh:
    """Until something listens on `port` and `alive` still holds; else what `log` says, and 1."""
    return sh(
        "waited=0\n"
        "until listening {} && {}; do\n"
        "  if [ $waited -ge {} ] || ! {}; then cat {} 2>/dev/null; exit 1; fi\n"
        "  sleep 0.2; waited=$((waited + 1))\n"
        "done",
        port,
        alive,
        LIMIT_S * 5,
        alive,
        log,
    )
