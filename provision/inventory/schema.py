"""The inventory as a JSON Schema, for editors; made of the table of keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from provision.errors import UsageError
from provision.inventory.form import Form
from provision.inventory.keys import (
    INVENTORY,
    Command,
    Each,
    Entry,
    Free,
    Path,
    Several,
    Table,
)
from provision.inventory.notes import Note, read_notes
from provision.inventory.values import COMMAND, PATH, WORD

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_CASELESS = re.compile(r"\(\?i:([^()]*)\)")
_SPELT = {r"\Z": "$", r"\"": '"'}
_DIGITS = ("1", "1024", "1234567890")


def build_schema() -> dict[str, Any]:
    """A JSON Schema (draft 2020-12) that takes every right inventory.

    What keys must not be together, and what files must hold, only parsing finds.
    """
    top = _table(INVENTORY, "", read_notes())
    return {"$schema": DRAFT, "title": "An inventory of clawprov", **top, "required": ["hosts"]}


def _schema(entry: Entry, path: str, notes: Mapping[str, Note]) -> dict[str, Any]:
    match entry:
        case Table():
            return _table(entry, path, notes)
        case Each():
            below = _schema(entry.of, "", notes)
            names = {"pattern": _ecma(entry.names.pattern)}
            return {**_mapping(), "propertyNames": names, "additionalProperties": below}
        case Free():
            return {**_mapping(), **_without(entry.without)}
        case Several():
            several = {"type": "array", "items": _form(entry.of), "uniqueItems": True}
            return {"anyOf": [_form(entry.of), several]} if entry.or_one else several
        case Command():
            words = {"type": ["string", "array"], "items": _form(WORD), "minItems": 1}
            return {**_form(COMMAND), **words}
        case Path():
            return _form(PATH)
        case Form():
            return _form(entry)


def _mapping() -> dict[str, Any]:
    return {"type": ["object", "null"]}  # an empty place is an empty mapping


def _table(table: Table, path: str, notes: Mapping[str, Note]) -> dict[str, Any]:
    """An object with the table's keys alone; of `defaults` the notes are those of hosts."""
    properties = {}
    for name, entry in table.keys.items():
        below = f"{path}.{name}" if path else name
        schema = _schema(entry, "" if table is INVENTORY else below, notes)
        properties[name] = {**_description(entry, notes.get(below, Note())), **schema}
    return {**_mapping(), "properties": properties, "additionalProperties": False}


def _description(entry: Entry, note: Note) -> dict[str, str]:
    form = PATH if isinstance(entry, Path) else entry.of if isinstance(entry, Several) else entry
    told = note.text
    if isinstance(form, Form) and not ("enum" in form.schema and told):
        told = f"{told} ({form.expects})" if told else form.expects
    return {"description": told} if told else {}


def _without(paths: frozenset[str]) -> dict[str, Any]:
    """Nothing at these dotted places."""
    properties: dict[str, Any] = {}
    for path in sorted(paths):
        *above, last = path.split(".")
        place = properties
        for name in above:
            place = place.setdefault(name, {"properties": {}})["properties"]
        place[last] = False
    return {"properties": properties} if properties else {}


def _form(form: Form[Any]) -> dict[str, Any]:
    if "enum" in form.schema:
        return dict(form.schema)
    types = ["string"]
    if not form.text_only and any(_taken(form, digits) is not None for digits in _DIGITS):
        types.insert(0, "integer")
    if isinstance(_taken(form, "true"), bool):
        types.insert(0, "boolean")
    kind = types if len(types) > 1 else types[0]
    return {"type": kind, "pattern": _ecma(form.pattern), **form.schema}


def _taken(form: Form[object], text: str) -> object | None:
    """What a form makes of a text, None when it refuses."""
    try:
        return form.parse(text)
    except UsageError:
        return None


def _ecma(pattern: str) -> str:
    """A pattern of Python's for the whole text, as editors (JavaScript, unicode mode) read it."""
    pattern = _CASELESS.sub(lambda found: f"(?:{_any_case(found[1])})", pattern)
    for python, javascript in _SPELT.items():
        pattern = pattern.replace(python, javascript)
    return f"^(?:{pattern})$"


def _any_case(words: str) -> str:
    return re.sub("[a-z]", lambda letter: f"[{letter[0].upper()}{letter[0]}]", words)
