"""Shell text that is always quoted and that hides its secrets."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from provision.model.secret import Secret, reveal

_FIELD = re.compile(r"\{\}")


@dataclass(frozen=True, slots=True, repr=False)
class Sh:
    """POSIX shell source; `text` is what runs, `str()` is what a person may see."""

    text: str
    shown: str

    def __str__(self) -> str:
        return self.shown

    def __repr__(self) -> str:
        return f"Sh({self.shown!r})"


Argument: TypeAlias = str | int | Sh | Secret


def sh(template: str, *arguments: Argument) -> Sh:
    """Shell source in which every `{}` is replaced by one argument, quoted.

    An `Sh` goes in as it is, since it was quoted when it was made. A lone `{` or `}` is shell.
    Raises ValueError when fields and arguments do not match in number.
    """
    pieces = _FIELD.split(template)
    if len(pieces) != len(arguments) + 1:
        raise ValueError(f"{len(pieces) - 1} fields, {len(arguments)} arguments: {template!r}")
    text, shown = [pieces[0]], [pieces[0]]
    for argument, piece in zip(arguments, pieces[1:], strict=True):
        real, masked = _quoted(argument)
        text += [real, piece]
        shown += [masked, piece]
    return Sh("".join(text), "".join(shown))


def _quoted(argument: Argument) -> tuple[str, str]:
    if isinstance(argument, Sh):
        return argument.text, argument.shown
    if isinstance(argument, Secret):
        return shlex.quote(argument.value), shlex.quote(argument.shown)
    return (quoted := shlex.quote(str(argument))), quoted


def joined(parts: Iterable[Sh], separator: str = "\n") -> Sh:
    """Several pieces of shell as one."""
    parts = tuple(parts)
    return Sh(separator.join(p.text for p in parts), separator.join(p.shown for p in parts))


def heredoc(command: Sh, content: str | Secret) -> Sh:
    """`command` with `content` on its standard input, byte for byte and readable.

    The text is passed as a quoted here-document, so nothing in it is expanded. A last line
    without newline cannot be said that way: such content, and one with NUL, is a ValueError.
    """
    real, masked = reveal(content), str(content)
    if real and not real.endswith("\n"):
        raise ValueError("a here-document ends with a newline")
    if "\0" in real:
        raise ValueError("shell text cannot hold NUL")
    mark = "EOF"
    while mark in real or mark in masked:
        mark += "_"
    return Sh(
        f"{command.text} <<'{mark}'\n{real}{mark}",
        f"{command.shown} <<'{mark}'\n{masked}{mark}",
    )
