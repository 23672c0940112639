"""Free YAML as the plain values that JSON can say."""

from __future__ import annotations

import re
from collections.abc import Callable

import yaml

from provision.inventory.form import shown
from provision.inventory.mistakes import Mistakes
from provision.inventory.tree import found, kind, pairs

_EXACT = 2**53 - 1  # JavaScript, which reads it in the end, knows no larger whole number
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,30})")
_FLOAT = re.compile(r"[-+]?[0-9]{1,30}(?:\.[0-9]{0,30})?(?:[eE][-+]?[0-9]{1,2})?")

Forbidden = Callable[[str, yaml.Node], bool]


def parse_plain(node: yaml.Node, path: str, forbidden: Forbidden, mistakes: Mistakes) -> object:
    """Dicts, lists, texts, numbers, booleans and None.

    What JSON or a person reads in another way than YAML does is a mistake. Keys are left out at
    whose dotted path `forbidden` says yes.
    """
    if isinstance(node, yaml.MappingNode):
        answer: dict[str, object] = {}
        for key, value in pairs(node):
            below = f"{path}.{key.value}" if path else key.value
            if kind(key) != "str":
                what = f"a key is a text, found {found(key)}"
                mistakes.add(key, what, f'put it in quotes: "{key.value}"')
            elif not forbidden(below, key):
                answer[key.value] = parse_plain(value, below, forbidden, mistakes)
        return answer
    if isinstance(node, yaml.SequenceNode):
        return [
            parse_plain(v, f"{path}.{i}", forbidden, mistakes) for i, v in enumerate(node.value)
        ]
    return _scalar(node, mistakes)


def _scalar(node: yaml.Node, mistakes: Mistakes) -> object:
    text: str = node.value
    match kind(node):
        case "null":
            return None
        case "bool" if text.lower() in ("true", "false"):
            return text.lower() == "true"
        case "int" if _INT.fullmatch(text) and abs(int(text)) <= _EXACT:
            return int(text)
        case "float" if _FLOAT.fullmatch(text):
            return float(text)
        case "bool":
            meant = "true" if text.lower() in ("yes", "on") else "false"
            what = f"YAML takes {text} for {meant}, many people for a text"
            mistakes.add(node, what, f'write {meant}, or "{text}" in quotes')
        case "int" | "float":
            what = f"{shown(text)} is no number that everyone reads in the same way"
            mistakes.add(node, what, "write it in plain digits, or in quotes when it is a text")
        case "timestamp":
            mistakes.add(node, f"JSON knows no date, found {shown(text)}", "put it in quotes")
    return text
