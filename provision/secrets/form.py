"""What a text must look like to be a secret."""

from __future__ import annotations

from provision.errors import UsageError


def check_secret(value: str, name: str) -> None:
    """Raise UsageError when `value`, called `name`, cannot be a secret; it is not told."""
    if not value:
        raise UsageError(f"{name} is empty", hint="type or pipe one line")
    if value != value.strip() or not value.isprintable():
        raise UsageError(
            f"{name} has a control character, or a space at one of its ends",
            hint="give it again without; `openssl rand -hex 32` makes a good one",
        )
