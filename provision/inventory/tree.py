"""What can be said of a YAML tree before its keys mean anything."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from provision.inventory.form import shown
from provision.inventory.mistakes import Mistakes

_TAG = "tag:yaml.org,2002:"
_MERGE = f"{_TAG}merge"
_SCALARS = {"bool", "float", "int", "merge", "null", "str", "timestamp", "value"}
_MAPPING = "a mapping of `key: value`"


def kind(node: yaml.Node) -> str:
    """The YAML type of a node: map, seq, str, int, float, bool, null, timestamp."""
    name = node.tag.removeprefix(_TAG)
    return "str" if name in ("merge", "value") else name


def found(node: yaml.Node) -> str:
    """A node in the words of a person."""
    if not isinstance(node, yaml.ScalarNode):
        return "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"
    words = {
        "null": "nothing",
        "bool": f"{node.value} (yes or no)",
        "int": f"the number {node.value:.40}",
        "float": f"the number {node.value:.40}",
        "timestamp": f"the date {node.value:.40}",
    }
    return words.get(kind(node)) or shown(node.value)


def pairs(node: yaml.Node) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
    """Keys and values of a mapping, merge keys (`<<`) resolved; the mapping's own keys win.

    What `check_tree` finds fault with is left out, and of a key that is given twice the first.
    """
    if not isinstance(node, yaml.MappingNode):
        return []
    own: dict[str, tuple[yaml.ScalarNode, yaml.Node]] = {}
    merged: dict[str, tuple[yaml.ScalarNode, yaml.Node]] = {}
    for key, value in node.value:
        if key.tag == _MERGE:
            for source in _merge_sources(value):
                merged = {pair[0].value: pair for pair in pairs(source)} | merged
        elif isinstance(key, yaml.ScalarNode):
            own.setdefault(key.value, (key, value))
    return [*own.values(), *(pair for name, pair in merged.items() if name not in own)]


def _merge_sources(value: yaml.Node) -> list[yaml.Node]:
    return value.value if isinstance(value, yaml.SequenceNode) else [value]


def check_tree(root: yaml.Node, mistakes: Mistakes) -> None:
    """Adds what is wrong with the tree as a tree: tags, keys given twice, merges of no mapping."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        _check_node(node, mistakes)
        if isinstance(node, yaml.MappingNode):
            _check_keys(node, mistakes)
        waiting += _children(node)


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        yield from node.value
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from (key, value)


def _check_node(node: yaml.Node, mistakes: Mistakes) -> None:
    fitting = {"map"} if isinstance(node, yaml.MappingNode) else {"seq"}
    fitting = _SCALARS if isinstance(node, yaml.ScalarNode) else fitting
    name = node.tag.removeprefix(_TAG)
    if name not in fitting:
        tag = f"!!{name}" if node.tag.startswith(_TAG) else node.tag
        what = f"the tag {shown(tag)} means nothing here"
        mistakes.add(node, what, "remove it and write the value as plain YAML")
    elif name in _SCALARS and any("\ud800" <= char <= "\udfff" for char in node.value):
        what = "this text holds half of a character (U+D800 to U+DFFF)"
        mistakes.add(node, what, "write the character itself, or \\U and its eight digits")


def _check_keys(node: yaml.MappingNode, mistakes: Mistakes) -> None:
    first: dict[str, yaml.Node] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            mistakes.add(key, f"a key is a text, found {found(key)}", "put it in quotes")
            continue
        if key.tag == _MERGE:
            for source in _merge_sources(value):
                if not isinstance(source, yaml.MappingNode):
                    what = f"`<<` merges {_MAPPING}, found {found(source)}"
                    mistakes.add(source, what, "name an anchor with an alias: <<: *NAME")
        if before := first.get(key.value):
            mark = before.start_mark
            line = mark.line + 1 if mark else 1
            what = f"{shown(key.value)} is given twice, first in line {line}"
            mistakes.add(key, what, "remove one of the two")
        first.setdefault(key.value, key)
