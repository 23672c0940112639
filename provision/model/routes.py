"""The routes of a node, asked for and taken away."""

from __future__ import annotations

import hashlib

from provision.model.facts import Reading
from provision.model.serve import Route, without
from provision.model.shell import Sh, heredoc, sh

STATUS = sh("timeout 10 tailscale serve status --json 2>/dev/null")
LIMIT_S = 20
"""For so long we wait for an answer of `tailscale serve`, which asks people and waits for ever."""


def read_config(reading: Reading) -> str:
    """What STATUS said below a line `content=`, "" where Tailscale did not answer."""
    return f"\n{reading.out}".partition("\ncontent=\n")[2].strip()


def ask_ports(unit: str) -> Sh:
    """Shell that names the TCP ports on which a unit's processes listen, for a shell's words.

    A gateway that publishes itself listens on one more than its own, another one at each start.
    """
    return sh(
        "for pid in $(cat /sys/fs/cgroup/system.slice/{}/cgroup.procs "
        "/sys/fs/cgroup/systemd/system.slice/{}/cgroup.procs 2>/dev/null); do\n"
        "  ss -Hltnp | grep \",pid=$pid,\" | awk '{ print $4 }' | grep -oE '[0-9]+$'; done",
        *(unit, unit),
    )


def forget(routes: tuple[Route, ...], text: str) -> tuple[Sh, ...]:
    """Routes away, under an old name of the node too, which `serve off` does not know.

    `text` is the configuration in which they were seen, and from which nothing else goes.
    """
    if not routes:
        return ()
    same = sh(
        "seen=$({} | tr -d '[:space:]' | sha256sum)\n"
        '[ "${seen%% *}" = {} ] || { echo its routes have changed meanwhile; exit 1; }',
        STATUS,
        hashlib.sha256("".join(text.split()).encode()).hexdigest(),
    )
    rest = f"{without(text, routes)}\n"
    return same, heredoc(sh("timeout {} tailscale serve set-raw", LIMIT_S), rest)
