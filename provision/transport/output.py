"""What a script says, while it says it."""

from __future__ import annotations

import codecs

from provision.model.transport import OnLine


class Output:
    """The text of a script, and its lines as they come; before the line `after` others speak."""

    def __init__(self, on_line: OnLine | None, after: str = "") -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._on_line, self._after = on_line, after
        self._pieces: list[str] = []
        self._rest = ""
        self.begun = not after

    @property
    def text(self) -> str:
        """Everything the script said."""
        return "".join(self._pieces)

    @property
    def before(self) -> list[str]:
        """The lines that were said by others, while the script has not begun."""
        return [] if self.begun else self._rest.splitlines()

    def take(self, data: bytes) -> None:
        """The next bytes; none are the end."""
        text = self._decode(data, final=not data)
        if not self.begun:
            head, mark, text = (self._rest + text).partition(f"{self._after}\n")
            self._rest, self.begun = ("" if mark else head), bool(mark)
            if not mark:
                return
        self._pieces.append(text)
        if self._on_line:
            *lines, self._rest = (self._rest + text).split("\n")
            if not data and self._rest:
                lines.append(self._rest)
            for line in lines:
                self._on_line(line)
