"""What the example inventory says of each key: the one place where keys are explained."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import yaml

from provision.inventory.keys import INVENTORY, Each, Entry, Table
from provision.inventory.tree import pairs

_PACKAGE = Path(__file__).parents[1]
_PLACES = (_PACKAGE / "_templates/inventory", _PACKAGE.parent / "inventories")  # wheel, checkout
_COMMENT = re.compile(r"(?:^|\s)#\s*(.*)")


@dataclass(frozen=True, slots=True)
class Note:
    """A key explained: `text` is about the key, `heading` about it and those that follow.

    `example` is a value as YAML, in lines without indentation of their own.
    """

    text: str = ""
    heading: str = ""
    example: str = ""


def read_notes() -> dict[str, Note]:
    """The notes of the example that is shipped."""
    path = next(place / "example.yml" for place in _PLACES if place.is_dir())
    return parse_notes(path.read_text(encoding="utf-8"))


def parse_notes(text: str) -> dict[str, Note]:
    """A note for each key of an inventory, by its dotted name within its host (`node.url`).

    Of a key that stands there more than once, the first explanation counts.
    """
    notes: dict[str, Note] = {}
    if root := yaml.compose(text, Loader=yaml.SafeLoader):
        _collect(root, INVENTORY, "", text, notes)
    return notes


def _collect(node: yaml.Node, entry: Entry, path: str, text: str, notes: dict[str, Note]) -> None:
    for key, value in pairs(node):
        if isinstance(entry, Each):
            _collect(value, entry.of, "", text, notes)
        elif isinstance(entry, Table) and key.value in entry.keys:
            below = f"{path}.{key.value}" if path else key.value
            if below not in notes or not notes[below].text:
                notes[below] = _note(node, key, value, text)
            if below != "defaults":  # its keys are those of hosts, which explain them
                _collect(value, entry.keys[key.value], below, text, notes)


def _note(parent: yaml.Node, key: yaml.Node, value: yaml.Node, text: str) -> Note:
    example = _source(value, text)
    if isinstance(parent, yaml.CollectionNode) and parent.flow_style:
        return Note(example=example)  # a comment on its line may be about anything
    lines = text.splitlines()
    line = key.start_mark.line
    same = value.end_mark.line == line
    beside = _COMMENT.search(lines[line][(value if same else key).end_mark.column :])
    first = line
    while first and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    above = " ".join(one.lstrip(" #") for one in lines[first:line]).strip()
    return Note(beside[1], above, example) if beside else Note(above, "", example)


def _source(value: yaml.Node, text: str) -> str:
    """A value as it is written, with its comments."""
    if value.start_mark.line == value.end_mark.line:
        return text[value.start_mark.index : value.end_mark.index]
    return dedent("\n".join(text.splitlines()[value.start_mark.line : _last_line(value) + 1]))


def _last_line(node: yaml.Node) -> int:
    """Where a node ends; to YAML, a block reaches to whatever comes next."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.line)
