"""Colours, where they are wanted."""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass
from typing import TextIO

_ESCAPE = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|.)")
_CODES = {"green": "32", "red": "31", "yellow": "33", "dim": "2", "bold": "1", "code": "97;40"}


@dataclass(frozen=True, slots=True)
class Style:
    """Paints texts, or leaves them as they are when `on` is False."""

    on: bool

    def __call__(self, colour: str, text: str) -> str:
        return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if self.on and text else text


def clean(text: str) -> str:
    """A server's text without what would move the cursor or change colours."""
    text = _ESCAPE.sub("", text)
    return "".join(c for c in text if not unicodedata.category(c).startswith("C"))


def choose_style(stream: TextIO) -> Style:
    """Colours only on a terminal that knows them and whose owner wants them (no-color.org)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return Style(stream.isatty() and not plain)
