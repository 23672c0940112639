"""The inventory's file, and what is said where it cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

from provision.errors import InventoryError, ProvisionError
from provision.inventory import parse_inventory
from provision.model.spec import Inventory

USUAL = "clawprov.yml"


def read_inventory(given: str | None) -> tuple[Inventory | None, str]:
    """The inventory of -I, of $CLAWPROV_INVENTORY, or the one that lies here; else none."""
    path = given or os.environ.get("CLAWPROV_INVENTORY")
    if not path and not Path(USUAL).is_file():
        return None, ""
    path = path or USUAL
    return parse_inventory(_read_whole(path), path, _read), path


def _read(path: str) -> str:
    return Path(path).expanduser().read_text(encoding="utf-8")


def _read_whole(path: str) -> str:
    """The inventory's text; raises InventoryError that says why it cannot be read."""
    try:
        return _read(path)
    except UnicodeDecodeError as error:
        raise _unreadable(path, f"is not UTF-8 at byte {error.start}") from error
    except OSError as error:
        raise _unreadable(path, (error.strerror or str(error)).lower()) from error


def _unreadable(path: str, why: str) -> InventoryError:
    problem = ProvisionError(
        f"cannot read it: {why}", where=path, hint="name the file with -I PATH"
    )
    return InventoryError([problem])
