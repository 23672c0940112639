"""What a text must look like to mean a value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from provision.errors import UsageError

T_co = TypeVar("T_co", covariant=True)

_CREDENTIALS = re.compile(r"//.*@", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Form(Generic[T_co]):
    """A kind of value that a person writes as one piece of text.

    `expects` completes the sentence "expected ..."; `pattern` matches the whole text; `convert`
    makes the value of it and may still refuse: with ValueError, told in the general sentence, or
    with a UsageError that has its own. `text_only` refuses what YAML takes for a number or a date.
    `schema` is what JSON Schema can say beyond type and pattern.
    """

    expects: str
    pattern: str
    convert: Callable[[str], T_co]
    hint: str = ""
    text_only: bool = False
    schema: Mapping[str, object] = field(default_factory=dict, compare=False)

    def parse(self, text: str, found: str = "") -> T_co:
        """The value that `text` means; UsageError, which tells what was `found`, for none."""
        try:
            if re.fullmatch(self.pattern, text):
                return self.convert(text)
        except ValueError:
            pass  # as unfit as a text that does not match
        raise UsageError(f"expected {self.expects}, found {found or shown(text)}", hint=self.hint)


def matching(expects: str, pattern: str, hint: str = "") -> Form[str]:
    """A form whose value is the text itself."""
    return Form(expects, pattern, str, hint)


def choice(*options: str) -> Form[str]:
    """A form that allows a few words."""
    pattern = "|".join(map(re.escape, options))
    return Form(listed(options, "or"), pattern, str, schema={"enum": list(options)})


def listed(words: tuple[str, ...], last: str) -> str:
    """Words as a person lists them: `a, b or c`."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def shown(text: str, limit: int = 40) -> str:
    """The text in quotes, on one line, in plain ASCII, without credentials and not too long."""
    if "PRIVATE KEY" in text:
        return "a private key"
    text = _CREDENTIALS.sub("//***@", text)
    return ascii(text if len(text) <= limit else text[: limit - 3] + "...")
