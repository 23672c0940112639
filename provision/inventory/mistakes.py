"""All mistakes of one inventory, each with its place."""

from __future__ import annotations

from yaml import Mark, Node

from provision.errors import InventoryError, ProvisionError


class Mistakes:
    """A growing list of mistakes; a mistake that an alias shows twice counts once."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._found: dict[tuple[int, int, str], ProvisionError] = {}

    def add(self, place: Node | Mark | None, what: str, hint: str = "") -> None:
        """One more mistake, at a node, at a mark, or (None) at the start of the file."""
        mark = place.start_mark if isinstance(place, Node) else place
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        error = ProvisionError(what, where=f"{self._file}:{line}:{column}", hint=hint)
        self._found.setdefault((line, column, what), error)

    def raise_all(self) -> None:
        """InventoryError with every mistake in file order, unless there is none."""
        if self._found:
            found = sorted(self._found.items(), key=lambda item: item[0])
            raise InventoryError(error for _, error in found)
