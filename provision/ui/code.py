"""A URL as a QR code, for a telephone to read off the terminal."""

from __future__ import annotations

import io
from os import terminal_size

from provision.ui.style import Style

_QUIET = 2  # modules of margin; telephones find a code on a dark terminal with that many


def draw_code(url: str, style: Style, room: terminal_size, encoding: str) -> str:
    """The lines of the code, or "" where they do not fit or cannot be written."""
    import segno  # few runs need it

    text = io.StringIO()
    segno.make(url, micro=False, error="l").terminal(text, compact=True, border=_QUIET)
    lines = text.getvalue().splitlines()
    if len(lines[0]) > room.columns or len(lines) + 4 > room.lines:
        return ""
    try:
        lines[0].encode(encoding)
    except UnicodeEncodeError:
        return ""
    return "".join(style("code", line) + "\n" for line in lines)
