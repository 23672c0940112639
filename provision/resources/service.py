"""A system service that runs, with the files that it should run with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol

from provision.model.facts import Facts, Probe
from provision.model.plan import Change
from provision.model.shell import Sh, sh


class Input(Protocol):
    """A file that a service reads when it starts."""

    @property
    def id(self) -> str: ...

    @property
    def path(self) -> str: ...

    def digest(self, facts: Facts) -> str: ...


@dataclass(frozen=True, slots=True)
class Service:
    """The unit `name`, enabled, active, and started with `inputs` as they are wished.

    The unit itself writes the SHA-256 of its inputs to `stamp` at every start, whoever starts it;
    so a restart is due when stamp and wish differ, and an interrupted run forgets nothing.
    `port` is the TCP port on which it must listen within `limit_s` seconds of its start, and stay
    for `settle_s` seconds without a restart.
    """

    name: str
    stamp: str
    inputs: Sequence[Input]
    port: int
    limit_s: int
    settle_s: int = 2

    @property
    def id(self) -> str:
        return f"service:{self.name.removesuffix('.service')}"

    def probe(self) -> Probe:
        return Probe(
            self.id,
            sh(
                "systemctl show {} -p ActiveState -p SubState -p UnitFileState -p MainPID "
                "-p NRestarts -p ExecMainStatus -p NeedDaemonReload\n"
                "echo stamp=; cat {} 2>/dev/null",
                self.name,
                self.stamp,
            ),
        )

    def diff(self, facts: Facts) -> Change | None:
        reading = facts[self.id]
        seen = reading.pairs()
        reasons = []
        if not seen.get("UnitFileState"):
            return Change(self.id, "start", self._commands(), "for the first time")
        if seen["UnitFileState"] != "enabled":
            reasons.append("not enabled")
        if seen.get("ActiveState") != "active":
            reasons.append(f"is {seen.get('ActiveState') or 'not there'}")
        else:
            reasons += self._stale(facts)
            if seen.get("NeedDaemonReload") == "yes" and not reasons:
                reasons.append("systemd has not read its unit again")
        if not reasons:
            return None
        verb = "restart" if seen.get("ActiveState") == "active" else "start"
        return Change(self.id, verb, self._commands(), ", ".join(reasons))

    def _stale(self, facts: Facts) -> list[str]:
        """Inputs that are not, or at its start were not, as they are wished."""
        text = facts[self.id].out.partition("stamp=\n")[2]
        lines = (line.partition("  ") for line in text.split("\n"))
        started = {path: digest for digest, _, path in lines}
        names = [
            PurePosixPath(item.path).name
            for item in self.inputs
            if {started.get(item.path), self._on_disk(item, facts)} != {item.digest(facts)}
        ]
        return [f"{', '.join(names)} changed"] if names else []

    def _on_disk(self, item: Input, facts: Facts) -> str:
        """The digest of an input as it lies there now; its wished one when nobody looked."""
        reading = facts.readings.get(item.id)
        return reading.pairs().get("sha256", "") if reading else item.digest(facts)

    def _commands(self) -> tuple[Sh, ...]:
        return (
            sh("systemctl daemon-reload"),
            sh("systemctl reenable --quiet {}", self.name),
            sh("systemctl reset-failed {} 2>/dev/null || :", self.name),
            sh("systemctl restart {}", self.name),
            self._await(),
        )

    def _await(self) -> Sh:
        """Until it listens, second by second with its memory and last log line; fails early."""
        return sh(
            "unit={} port={}; since=$(date +%s); calm=\n"
            'show() { systemctl show -p "$1" $unit | cut -d= -f2; }\n'
            "while :; do\n"
            "  now=$(($(date +%s) - since)); pid=$(show MainPID)\n"
            '  if [ "$(show NRestarts)" != 0 ] || [ "$(show ActiveState)" = failed ] || '
            "[ $now -gt {} ]; then\n"
            '    journalctl -q -o cat --since "@$((since - 1))" -u $unit | '
            "grep -E 'code=(killed|dumped)|oom' | tail -n 2 || :\n"
            '    journalctl -q -o cat --since "@$((since - 1))" -n 25 _SYSTEMD_UNIT=$unit\n'
            '    echo "after $now s: $(show ActiveState), $(show NRestarts) restarts"; exit 1\n'
            "  fi\n"
            '  if [ -n "$(ss -Hltnp "sport = :$port" | grep -v tailscaled)" ]; then\n'
            '    [ "$calm" ] && [ "${calm%:*}" = "$pid" ] || calm=$pid:$now\n'
            "    [ $((now - ${calm#*:})) -lt {} ] || break\n"
            "  else calm=; fi\n"
            "  rss=$(awk '/^VmRSS/ { print int($2 / 1024) }' /proc/$pid/status 2>/dev/null || :)\n"
            "  said=$(journalctl -q -o cat -n 1 _SYSTEMD_UNIT=$unit)\n"
            '  tell "$now s, ${rss:-0} MB${said:+, $said}"\n'
            "  sleep 0.5\n"
            "done",
            self.name,
            self.port,
            self.limit_s,
            self.settle_s,
        )
