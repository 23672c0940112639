"""The copy of a gateway's secret on the operator's machine."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from provision.model.secret import Secret
from provision.model.spec import AuthSpec
from provision.secrets.file import KeptFile
from provision.secrets.keyring import KeptInKeyring


class Keep(Protocol):
    """A place for one secret; both raise SecretError where it cannot be used."""

    def read(self) -> Secret | None:
        """The copy, None where there is none."""

    def write(self, secret: Secret) -> None:
        """The copy is `secret` now; one that was so already is left as it is."""


class Nowhere:
    """Where nothing is kept: a command has it, or nobody wants it."""

    def read(self) -> None:
        return None

    def write(self, secret: Secret) -> None:
        pass


def open_keep(auth: AuthSpec, name: str, folder: Path) -> Keep:
    """The place for the secret of the host of that name; files are in `folder`."""
    if auth.command or auth.keep == "none":
        return Nowhere()
    if auth.keep == "keyring":
        return KeptInKeyring(name)
    return KeptFile(folder / name)
