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


_SOUNDS = r"\w*(?:token|passw\w*|secret|credential|authorization|_pat|key)s?"
_NAME = re.compile(_SOUNDS, re.IGNORECASE)
_PRIVATE = ("channels", "env", "headers")
"""Parts of a configuration of whose values none is shown."""
_MEMBER = re.compile(
    rf"""(\b{_SOUNDS}["']?\s*[:=]\s*)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"',}}#]+)""",
    re.IGNORECASE,
)


def hide(text: str) -> str:
    """A JSON, environment or unit file with the values masked whose names sound like secrets."""
    try:
        value = json.loads(text)
    except ValueError:
        return _MEMBER.sub(rf"\1{MASK}", text)
    return json.dumps(_masked(value), indent=2, ensure_ascii=False) + "\n"


def _masked(value: object, *, private: bool = False) -> object:
    if isinstance(value, dict):
        return {
            key: _masked(item, private=private or key in _PRIVATE or bool(_NAME.fullmatch(key)))
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_masked(item, private=private) for item in value]
    return MASK if private and not isinstance(value, bool) else value


def reveal(text: str | Secret) -> str:
    """The real value of a text that may be secret."""
    return text.value if isinstance(text, Secret) else text
