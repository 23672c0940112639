"""A JSON5 text and where everything in it stands, by the whole grammar (json5.org).

It is for changing a text at exact places. json-five keeps comments, order and spaces, too; it has
the module name of json5, which reads other people's files here, and takes 30 times as long.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

DEPTH = 200
SPACE = re.compile(r"(?:[\s\ufeff]|//[^\n\r\u2028\u2029]*|/\*.*?\*/)*", re.S)
_STRING = r'"(?:[^"\\\n\r]|\\(?:\r\n|.))*"' + r"|'(?:[^'\\\n\r]|\\(?:\r\n|.))*'"
_WORD = r"(?:[^\W\d]|[$]|\\u[0-9a-fA-F]{4})(?:\w|[$\u200c\u200d]|\\u[0-9a-fA-F]{4})*"
_DIGITS = r"(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_NUMBER = rf"[+-]?(?:Infinity\b|NaN\b|0[xX][0-9a-fA-F]+|{_DIGITS})"
_KEY = re.compile(rf"{_STRING}|{_WORD}", re.S)
_SCALAR = re.compile(rf"{_STRING}|(?:true|false|null)\b|{_NUMBER}", re.S)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|\r\n|.)", re.S)
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0"}


class Json5Error(ValueError):
    """A text is no JSON5, or has something else where an object should be."""

    def __init__(self, what: str, text: str, at: int) -> None:
        lines = text[:at].split("\n")
        self.what, self.line, self.column = what, len(lines), len(lines[-1]) + 1
        super().__init__(f"{what} at {self.line}:{self.column}")


@dataclass(frozen=True, slots=True)
class Member:
    """One `key: value` of an object; `start` is where the key stands."""

    key: str
    start: int
    value: Value


@dataclass(frozen=True, slots=True)
class Value:
    """Where a value stands; `members` are those of an object, else None."""

    start: int
    end: int
    members: tuple[Member, ...] | None = None

    def find(self, key: str) -> Member | None:
        """The member of that key that counts: the last one."""
        return next((m for m in reversed(self.members or ()) if m.key == key), None)


class Json5:
    """A JSON5 text and where everything in it stands; raises Json5Error when it is none."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.root, end = self._value(self._skip(0), 0)
        if (end := self._skip(end)) < len(text):
            self._fail("something follows the end", end)
        if self.root.members is None:
            self._fail("this is no object", self.root.start)

    def read(self, *path: str) -> str | None:
        """The text under a path of keys, None when there is no text."""
        value: Value = self.root
        for key in path:
            member = value.find(key)
            if member is None:
                return None
            value = member.value
        return self.text_at(value)

    def text_at(self, value: Value) -> str | None:
        """The text that a value is, None when it is something else."""
        raw = self.text[value.start : value.end]
        return decode(raw) if raw[:1] in ("'", '"') else None

    def _fail(self, what: str, at: int) -> NoReturn:
        raise Json5Error(what, self.text, at)

    def _skip(self, at: int) -> int:
        found = SPACE.match(self.text, at)
        return found.end() if found else at

    def _value(self, at: int, depth: int) -> tuple[Value, int]:
        if depth > DEPTH:
            self._fail("this is nested too deep", at)
        if self.text[at : at + 1] == "{":
            members, end = self._object(at, depth)
            return Value(at, end, members), end
        if self.text[at : at + 1] == "[":
            return Value(at, end := self._array(at, depth)), end
        found = _SCALAR.match(self.text, at)
        if not found:
            self._fail("a value is missing" if at >= len(self.text) else "this is no value", at)
        return Value(at, found.end()), found.end()

    def _array(self, at: int, depth: int) -> int:
        at = self._skip(at + 1)
        while self.text[at : at + 1] != "]":
            _, at = self._value(at, depth + 1)
            at = self._separator(at, "]")
        return at + 1

    def _object(self, at: int, depth: int) -> tuple[tuple[Member, ...], int]:
        members, at = [], self._skip(at + 1)
        while self.text[at : at + 1] != "}":
            found = _KEY.match(self.text, at)
            if not found:
                self._fail("a key or } is missing", at)
            colon = self._skip(found.end())
            if self.text[colon : colon + 1] != ":":
                self._fail("a colon is missing", colon)
            value, end = self._value(self._skip(colon + 1), depth + 1)
            members.append(Member(decode(found[0]), at, value))
            at = self._separator(end, "}")
        return tuple(members), at + 1

    def _separator(self, at: int, end: str) -> int:
        at = self._skip(at)
        if self.text[at : at + 1] == ",":
            return self._skip(at + 1)
        if self.text[at : at + 1] != end:
            self._fail(f"a comma or {end} is missing", at)
        return at


def decode(raw: str) -> str:
    """The text that a string or an unquoted key stands for."""
    inner = raw[1:-1] if raw[:1] in ("'", '"') else raw

    def unescape(found: re.Match[str]) -> str:
        said = found[1]
        if len(said) > 2:  # of \u and \x
            return chr(int(said[1:], 16))
        return "" if said in ("\n", "\r\n", "\r", "\u2028", "\u2029") else _ESCAPED.get(said, said)

    return _ESCAPE.sub(unescape, inner)
