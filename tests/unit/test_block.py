"""A file of the user's that must not, or cannot, be changed."""

from __future__ import annotations

import pytest

from provision.model.facts import Facts, Reading
from provision.resources.block import Block

PATH = "/h/.ssh/config"


@pytest.mark.parametrize(
    ("out", "wished", "problem"),
    [
        ("type=absent", True, ""),
        ("type=file", True, ""),
        ("type=file\nreadonly=yes", True, f"{PATH} is read-only"),
        ("type=file\nline=1\nreadonly=yes", True, ""),
        ("type=unreadable", True, f"{PATH} cannot be read"),
        ("type=file\nours=1\nline=2\nreadonly=yes", False, f"{PATH} is read-only"),
        ("type=file\nreadonly=yes", False, ""),
        ("type=unreadable", False, ""),
    ],
)
def test_only_a_file_that_has_to_be_changed_must_be_open_to_us(
    out: str, wished: bool, problem: str
) -> None:
    block = Block(PATH, "# ours", "Include x/*.conf", ("host",), wished)
    check, facts = block.writable(), Facts({block.id: Reading(0, out)})
    assert check.judge(Reading(0, ""), facts) == problem
    assert ("put this at its top yourself: Include x/*.conf" in check.hint) == wished
