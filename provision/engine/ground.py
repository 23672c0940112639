"""Where scripts run: a server, as root, or the laptop, as its user."""

from __future__ import annotations

from dataclasses import dataclass

from provision.engine.prelude import TOOLS
from provision.model.shell import Sh, sh


@dataclass(frozen=True, slots=True)
class Ground:
    """What a script finds: its environment, and the functions that it is written with.

    A `supervised` machine carries out a plan as a job of its own, which outlives the connection;
    elsewhere it is done while we watch.
    """

    environment: Sh
    tools: Sh
    supervised: bool


SERVER = Ground(
    sh(r"""
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/root
export PATH LC_ALL HOME
umask 022"""),
    TOOLS,
    supervised=True,
)
