"""The keys of a host as a person finds them in a new inventory: some set, all explained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import indent, wrap

import yaml

from provision.inventory.keys import HOST, Table
from provision.inventory.notes import Note
from provision.model.spec import Host

_MARGIN, _STEP, _BESIDE, _WIDTH = " " * 4, " " * 2, 34, 100
_DEFAULTS = Host(name="", address="")


def propose_keys(given: Mapping[str, object], notes: Mapping[str, Note]) -> str:
    """The YAML lines of a host, four spaces in: `given`, by dotted names, and all other keys.

    A key that is not given has a `#` in front; taking that away makes it count.
    """
    return "\n".join(_table(HOST, "", given, notes)).strip("\n")


def _table(
    table: Table, path: str, given: Mapping[str, object], notes: Mapping[str, Note]
) -> Iterator[str]:
    step = _STEP * path.count(".")
    for name, entry in table.keys.items():
        below = f"{path}{name}"
        note = notes.get(below, Note())
        yield from _heading(note.heading)
        mark = "" if any(f"{key}.".startswith(f"{below}.") for key in given) else "#"
        if isinstance(entry, Table):
            yield from _key(f"{mark}{step}{name}:", note.text)
            yield from _table(entry, f"{below}.", given, notes)
            continue
        value = plain(given[below]) if below in given else _default(below) or note.example
        if "\n" in value:
            yield from _key(f"{mark}{step}{name}:", note.text)
            yield indent(value, f"{_MARGIN}{mark}{step}{_STEP}", lambda line: True)
        else:
            yield from _key(f"{mark}{step}{name}: {value}", note.text)


def _heading(text: str) -> Iterator[str]:
    if text:
        yield ""
        yield from _comment(text)


def _key(line: str, text: str) -> Iterator[str]:
    """A key with its explanation beside it, or above where that is too long."""
    line = f"{_MARGIN}{line}"
    beside = f"{line:<{_BESIDE}}  # {text}"
    if text and len(beside) > _WIDTH:
        yield ""
        yield from _comment(text)
    yield beside if text and len(beside) <= _WIDTH else line


def _comment(text: str) -> list[str]:
    start = f"{_MARGIN}# "
    return wrap(text, _WIDTH, initial_indent=start, subsequent_indent=start)


def _default(path: str) -> str:
    """What counts when nobody says otherwise, "" where that has no words."""
    value: object = _DEFAULTS
    for name in path.split("."):
        value = getattr(value, name, None)
    return plain(value) if isinstance(value, bool | int | str) and value != "" else ""


def plain(value: object) -> str:
    """A single value as YAML, in quotes where YAML would take it for something else."""
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10_000, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")
