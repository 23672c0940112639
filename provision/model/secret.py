"""Values that cannot print themselves."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

MASK = "***"


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A text that must reach its place and no other; `repr` and `str` give its `shown` form."""

    value: str
    shown: str = MASK

    def __repr__(self) -> str:
        return f"Secret({self.shown!r})"

    def __str__(self) -> str:
        return self.shown

    def __bool__(self) -> bool:
        return bool(self.value)


_SOUNDS = r"[\w-]*(?:token|passw\w*|secret|credential|authorization|[_-]pat|key)s?"
_NAME = re.compile(_SOUNDS, re.IGNORECASE)
_PRIVATE = ("channels", "env", "headers")
"""Parts of a configuration of whose values none is shown."""
_REFERENCES = ({"source", "provider", "id"}, {"source", "path", "mode"})
"""The keys of mappings that say where a secret is, and not what."""
_MEMBER = re.compile(
    rf"""(\b{_SOUNDS}["']?\s*[:=]\s*)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"',}}#]+)""",
    re.IGNORECASE,
)

_FLAG = re.compile(
    rf"""(?<![\w-])(--?{_SOUNDS}[ \t]+)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"'-]\S*)""",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(bearer[ \t]+)[\w.~+/=-]{8,}", re.IGNORECASE)
_LOGIN = re.compile(r"(://[^/\s:@]*:)[^/\s@]+(?=@)")


def sounds_secret(name: str) -> bool:
    """Whether what has this name is likely to be a secret."""
    return bool(_NAME.fullmatch(name))


def hide(text: str) -> str:
    """A JSON, environment or unit file with the values masked whose names sound like secrets."""
    try:
        value = json.loads(text)
    except ValueError:
        return _hidden(text)
    return json.dumps(_masked(value), indent=2, ensure_ascii=False) + "\n"


def _masked(value: object, *, private: bool = False) -> object:
    if isinstance(value, dict):
        if value.keys() in _REFERENCES:
            return value
        return {
            key: _masked(item, private=private or key in _PRIVATE or sounds_secret(key))
            for key, item in value.items()
        }
    if isinstance(value, list):
        announced = [False, *map(_announces, value)]
        pairs = zip(announced, value, strict=False)
        return [_masked(item, private=private or before) for before, item in pairs]
    if private and not isinstance(value, bool):
        return MASK
    return _hidden(value) if isinstance(value, str) else value


def _announces(word: object) -> bool:
    """Whether a word of a command says that the next one is a secret."""
    return isinstance(word, str) and word[:1] == "-" and sounds_secret(word.lstrip("-"))


def _hidden(text: str) -> str:
    """A text without what names, arguments and URLs say that sounds like a secret."""
    for pattern in (_BEARER, _MEMBER, _FLAG, _LOGIN):
        text = pattern.sub(rf"\1{MASK}", text)
    return text


def reveal(text: str | Secret) -> str:
    """The real value of a text that may be secret."""
    return text.value if isinstance(text, Secret) else text
