"""Values that cannot print themselves."""

from __future__ import annotations

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


_TELLING = re.compile(
    r'((?:"[^"]*(?:token|password|secret|key)"|\b\w*(?:token|password|secret|key))\s*:\s*)'
    r'("(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\')',
    re.IGNORECASE,
)


def hide(text: str) -> str:
    """A JSON or JSON5 text with the values of keys that sound like secrets masked."""
    return _TELLING.sub(rf'\1"{MASK}"', text)


def reveal(text: str | Secret) -> str:
    """The real value of a text that may be secret."""
    return text.value if isinstance(text, Secret) else text
