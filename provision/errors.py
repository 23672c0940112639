"""Every way clawprov can fail, and the exit code of each."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of the command; scripts and CI may rely on them."""

    OK = 0
    USAGE = 2
    INVENTORY = 3
    CONNECTION = 4
    UNSUPPORTED = 5
    APPLY = 6
    VERIFY = 7
    LOCKED = 8
    CHANGES = 10
    INTERRUPTED = 130


class ProvisionError(Exception):
    """A failure told as: what went wrong, where, and what to type next.

    `where` is `file:line:column` or a host; `hint` is the next command or deed; `log` holds
    the last lines of whatever failed, shown below the sentence.
    """

    exit = Exit.USAGE

    def __init__(
        self, what: str, *, where: str = "", hint: str = "", log: Iterable[str] = ()
    ) -> None:
        super().__init__(what)
        self.what, self.where, self.hint, self.log = what, where, hint, tuple(log)


class UsageError(ProvisionError):
    """The command line asks for something that does not exist or does not fit together."""


class InventoryError(ProvisionError):
    """One or more mistakes in an inventory; `mistakes` holds all of them, in file order."""

    exit = Exit.INVENTORY

    def __init__(self, mistakes: Iterable[ProvisionError], *, hint: str = "") -> None:
        self.mistakes = tuple(mistakes)
        count = len(self.mistakes)
        super().__init__(f"{count} mistake{'s' if count > 1 else ''} in the inventory", hint=hint)


class SecretError(ProvisionError):
    """The gateway's secret cannot be had, or kept, on this machine."""


class ConnectError(ProvisionError):
    """The host cannot be reached, or its identity or ours was not accepted."""

    exit = Exit.CONNECTION


class RegistryError(ConnectError):
    """The npm registry cannot be asked from here, or what it says makes no sense."""


class UnsupportedError(ProvisionError):
    """The machine, as it is, is no place for the gateway; nothing was changed."""

    exit = Exit.UNSUPPORTED


class ApplyError(ProvisionError):
    """A step of the plan failed on the machine; the steps before it stand."""

    exit = Exit.APPLY


class LockedError(ProvisionError):
    """Somebody else is changing this machine right now."""

    exit = Exit.LOCKED
