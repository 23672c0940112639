"""A service of a user's own launchd, on macOS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from provision.model.facts import Facts, Probe
from provision.model.plan import Change
from provision.model.shell import Sh, sh
from provision.resources.service import Input
from provision.resources.user_unit import await_port, stale


@dataclass(frozen=True, slots=True)
class LaunchAgent:
    """The agent `label` in `file`, loaded, and running with `inputs` as they are wished.

    Its command line ends with the digest of the inputs. It must listen on `port` soon after its
    start; what it says meanwhile is in the file `log`. Not `wished`, it is not loaded.
    """

    label: str
    file: Input
    inputs: Sequence[Input]
    port: int
    log: str
    wished: bool = True

    @property
    def id(self) -> str:
        return f"launch-agent:{self.label}"

    def probe(self) -> Probe:
        return Probe(
            self.id,
            sh(
                "said=$(launchctl print gui/$(id -u)/{} 2>/dev/null) && echo loaded=yes\n"
                "pid=$(printf '%s\\n' \"$said\" | "
                'awk \'$1 == "pid" && $2 == "=" { print $3; exit }\')\n'
                '[ -z "$pid" ] || echo "runs=$(ps -o args= -p "$pid")"\n'
                "listening {} || echo deaf=yes",
                self.label,
                self.port,
            ),
        )

    def diff(self, facts: Facts) -> Change | None:
        seen = facts[self.id].pairs()
        if not self.wished:
            if "loaded" not in seen:
                return None
            return Change(self.id, "stop", (unload(self.label),), "no longer needed")
        if "loaded" not in seen:
            return Change(self.id, "start", self._start(), "for the first time")
        if "runs" not in seen:
            return Change(self.id, "start", self._start(), "does not run")
        changed = stale(self.file, self.inputs, seen["runs"], facts)
        if "deaf" in seen:
            changed = changed or f"does not listen on port {self.port}"
        return Change(self.id, "restart", self._start(), changed) if changed else None

    def _start(self) -> tuple[Sh, ...]:
        alive = sh("launchctl print gui/$(id -u)/{} | grep -q 'pid = '", self.label)
        return (
            unload(self.label),
            load(self.label, self.file.path),
            await_port(self.port, alive, self.log),
        )


def load(label: str, path: str) -> Sh:
    """Known to the user's launchd from now on, also after the next login."""
    return sh("launchctl enable gui/$(id -u)/{}\nlaunchctl bootstrap gui/$(id -u) {}", label, path)


def unload(label: str) -> Sh:
    """Gone, and awaited: a label that is still on its way out cannot be loaded again."""
    return sh(
        "launchctl bootout gui/$(id -u)/{} 2>/dev/null || :\n"
        "waited=0; while launchctl print gui/$(id -u)/{} >/dev/null 2>&1; do\n"
        "  [ $waited -lt 50 ] || exit 1; sleep 0.2; waited=$((waited + 1))\n"
        "done",
        label,
        label,
    )
