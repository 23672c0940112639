"""Stored files, compared byte for byte or written anew."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FILES = Path(__file__).parent / "files"


@dataclass(frozen=True)
class Golden:
    """The stored files; with `update` they are written instead of compared."""

    update: bool

    def compare(self, name: str, text: str) -> None:
        path = FILES / name
        if self.update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        stored = path.read_bytes().decode() if path.exists() else ""
        assert text == stored, f"{name} is not as stored; pytest tests/golden --update-golden"
