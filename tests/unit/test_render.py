"""Templates: a missing variable is an error with its place, never an empty text."""

from __future__ import annotations

import json

import pytest

from provision.errors import UsageError
from provision.render import render, render_json


def test_a_variable_goes_in_as_it_is() -> None:
    text = render("gateway/journald.conf.j2", {"journal_max": "5<&>G"})
    assert "\nSystemMaxUse=5<&>G\n" in text
    assert text.endswith("\n")


def test_a_missing_variable_is_told_with_template_and_line() -> None:
    with pytest.raises(UsageError, match="'journal_max' is undefined") as caught:
        render("gateway/journald.conf.j2", {})
    assert caught.value.where == "gateway/journald.conf.j2:3"


def test_a_missing_template_is_told_by_its_name() -> None:
    with pytest.raises(UsageError) as caught:
        render("gateway/nothing.j2", {})
    assert caught.value.where == "gateway/nothing.j2"


def test_json_is_readable_keeps_its_order_and_ends_with_a_newline() -> None:
    text = render_json({"b": {"ä": 1}, "a": [True, None]})
    assert text.startswith('{\n  "b": {\n    "ä": 1\n')
    assert text.endswith("}\n")
    assert list(json.loads(text)) == ["b", "a"]
