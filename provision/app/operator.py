"""The person or pipeline that gives the command, and what belongs to them."""

from __future__ import annotations

import getpass
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from provision.engine.gather import Seen
from provision.engine.watch import Progress
from provision.model.plan import Plan
from provision.model.secret import Secret
from provision.products.published import Registry
from provision.transport.registry import ask_registry


@dataclass(frozen=True, slots=True)
class Operator:
    """Whoever works: how to ask them, and how to tell them how far it is.

    `trust(host, kind, fingerprint)` decides about a host key that nobody has seen before;
    `confirm` sees the first plan and raises when it is not wanted; `password(host)` gives the
    password that sudo wants there, or None where nobody can be asked; `registry` is their npm's.
    An address may be silent for `connect_s` seconds, 0 is what the ssh config says.
    """

    trust: Callable[[str, str, str], bool]
    confirm: Callable[[Seen], None]
    progress: Progress
    password: Callable[[str], Secret | None] = lambda host: None
    registry: Registry = ask_registry
    connect_s: float = 0.0

    @property
    def who(self) -> str:
        """user@machine, as it stands in locks and audit files."""
        try:
            user = getpass.getuser()
        except (KeyError, OSError):
            user = str(os.getuid())
        return f"{user}@{socket.gethostname()}"


def config_folder() -> Path:
    """Where clawprov keeps its own things on this machine (XDG base directories)."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser() / "clawprov"


def nonces() -> Iterator[str]:
    """Endless texts of 128 random bits."""
    while True:
        yield secrets.token_hex(16)


class Silence:
    """A progress that nobody watches."""

    def step(self, name: str, why: str = "") -> None: ...

    def detail(self, line: str) -> None: ...

    def ask(self, words: str, url: str) -> None: ...

    def done(self, exit: int) -> None: ...

    def plan(self, plan: Plan) -> None: ...
