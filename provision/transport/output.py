"""What a script says, while it says it."""

from __future__ import annotations

import codecs

from provision.model.transport import OnLine

OTHERS = 10_000
"""How many characters of what others say are kept."""


class Output:
    """The text of a script, and its lines as they come; before the line `after` others speak.

    Others are what runs before our shell does: a forced command, a login shell's files, sudo.
    """

    def __init__(self, on_line: OnLine | None, after: str) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._on_line, self._after = on_line, after
        self._pieces: list[str] = []
        self._rest = ""
        self._aside = ""
        self.begun = False

    @property
    def text(self) -> str:
        """Everything the script said."""
        return "".join(self._pieces)

    @property
    def before(self) -> list[str]:
        """The lines that were said by others, while the script has not begun."""
        return [] if self.begun else (self._rest.splitlines() + self._aside.splitlines())

    def overhear(self, data: bytes) -> None:
        """Bytes of the other stream, where others alone speak; the last of them are kept."""
        self._aside = (self._aside + data.decode("utf-8", "replace"))[-OTHERS:]

    def take(self, data: bytes) -> None:
        """The next bytes; none are the end."""
        text = self._decode(data, final=not data)
        if not self.begun:
            head, mark, text = (self._rest + text).partition(f"{self._after}\n")
            self._rest, self.begun = ("" if mark else head[-OTHERS:]), bool(mark)
            if not mark:
                return
        self._pieces.append(text)
        if self._on_line:
            *lines, self._rest = (self._rest + text).split("\n")
            if not data and self._rest:
                lines.append(self._rest)
            for line in lines:
                self._on_line(line)
