"""A walk over the tree of an inventory, led by the table of keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import PurePath
from typing import Any

import yaml

from provision.errors import ProvisionError, UsageError
from provision.inventory.address import ADDRESS
from provision.inventory.form import Form, listed, shown
from provision.inventory.keys import Command, Each, Entry, Free, Path, Several, Table
from provision.inventory.mistakes import Mistakes
from provision.inventory.plain import parse_plain
from provision.inventory.tree import found, kind, pairs
from provision.inventory.values import COMMAND, PATH, WORD

_SECRETS = ("token", "password", "secret")
_WHERE_SECRETS_GO = (
    "remove it (and change it, if others could read it); set the environment variable "
    "CLAWDBOT_GATEWAY_TOKEN or CLAWDBOT_GATEWAY_PASSWORD instead, or name a command: "
    "`auth: {command: pass show NAME}`"
)


@dataclass(frozen=True, slots=True)
class Walk:
    """What values need beside themselves; whatever does not fit becomes a mistake and is left out.

    `path` in its methods is the dotted name of a value within its host, for the sentences.
    """

    folder: PurePath
    read: Callable[[str], str]
    mistakes: Mistakes

    def table(self, node: yaml.Node, table: Table, title: str, path: str = "") -> dict[str, Any]:
        """The values of a mapping that people call `title`; an empty place is an empty mapping."""
        given: dict[str, Any] = {}
        places: dict[str, yaml.Node] = {}
        for key, value in self._pairs(node, title):
            name: str = key.value
            below = f"{path}.{name}" if path else name
            if entry := table.keys.get(name):
                places[name] = key
                if (one := self._value(value, entry, below)) is not None:
                    given[name] = one
            else:
                self.mistakes.add(key, *_unknown(name, below, table))
        if len(given) == len(places):  # else the message would be about what is not known
            for name, what in table.misfits(given):
                self.mistakes.add(places[name], f"{path}.{name} {what}".removeprefix("."))
        return given

    def _pairs(self, node: yaml.Node, title: str) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode) and kind(node) != "null":
            what = "a text" if kind(node) == "str" else found(node)  # it may be a secret
            hint = "write `key: value` lines below it, without dashes in front"
            self.mistakes.add(node, f"{title}: expected a mapping of keys, found {what}", hint)
        return pairs(node)

    def _value(self, node: yaml.Node, entry: Entry, path: str) -> object | None:
        match entry:
            case Table():
                return self.table(node, entry, path, path)
            case Each():
                return self._hosts(node, entry, path)
            case Several():
                return self._several(node, entry, path)
            case Command():
                return self._command(node, path)
            case Free():
                return self._free(node, entry, path)
            case Path():
                return self._path(node, entry, path)
            case Form():
                return self._form(node, entry, path)

    def _form(self, node: yaml.Node, form: Form[object], path: str) -> object | None:
        scalar = isinstance(node, yaml.ScalarNode) and kind(node) != "null"
        if not scalar or (form.text_only and kind(node) != "str"):
            what = f"{path}: expected {form.expects}, found {found(node)}"
            self.mistakes.add(node, what, form.hint)
            return None
        try:
            return form.parse(node.value, found(node))
        except UsageError as error:
            self.mistakes.add(node, f"{path}: {error.what}", error.hint)
            return None

    def _several(self, node: yaml.Node, entry: Several, path: str) -> tuple[object, ...] | None:
        if entry.or_one and isinstance(node, yaml.ScalarNode):
            one = self._form(node, entry.of, path)
            return None if one is None else (one,)
        if not isinstance(node, yaml.SequenceNode):
            what = "a text" if kind(node) == "str" else found(node)  # it may be a secret
            hint = f"write it as a list: {path.rpartition('.')[2]}: [ONE, TWO]"
            self.mistakes.add(node, f"{path}: expected a list, found {what}", hint)
            return None
        values: list[object] = []
        for item in node.value:
            one = self._form(item, entry.of, path)
            if one is not None and one in values:
                what = f"{path}: {shown(item.value)} is given twice"
                self.mistakes.add(item, what, "remove one of the two")
            values.append(one)
        return tuple(values)

    def _command(self, node: yaml.Node, path: str) -> object | None:
        if not isinstance(node, yaml.SequenceNode):
            return self._form(node, COMMAND, path)
        words = tuple(self._form(word, WORD, path) for word in node.value)
        if not words:
            self.mistakes.add(node, f"{path}: expected {COMMAND.expects}, found an empty list")
        return words if words and None not in words else None

    def _path(self, node: yaml.Node, entry: Path, path: str) -> str | None:
        text = self._form(node, PATH, path)
        if not isinstance(text, str):
            return None
        place = text if text.startswith("~") else str(self.folder / text)
        if not entry.contents:
            return place
        seen = shown(place, limit=200)
        try:
            return entry.contents(self.read(place))
        except ProvisionError as error:
            self.mistakes.add(node, f"{path}: {seen} {error.what}", error.hint)
        except UnicodeError:
            self.mistakes.add(node, f"{path}: {seen} holds no text", "name an armored key file")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            hint = "a relative path starts at the inventory's folder"
            self.mistakes.add(node, f"{path}: cannot read {seen}: {reason}", hint)
        return None

    def _free(self, node: yaml.Node, entry: Free, path: str) -> dict[str, object]:
        def forbidden(below: str, key: yaml.Node) -> bool:
            if below in entry.without:
                self.mistakes.add(key, _secret(f"{path}.{below}"), _WHERE_SECRETS_GO)
            return below in entry.without

        self._pairs(node, path)
        values = parse_plain(node, "", forbidden, self.mistakes)
        return values if isinstance(values, dict) else {}

    def _hosts(self, node: yaml.Node, entry: Each, path: str) -> dict[str, dict[str, Any]]:
        answer: dict[str, dict[str, Any]] = {}
        for key, value in self._pairs(node, path):
            try:
                entry.names.parse(key.value)
            except UsageError as error:
                self.mistakes.add(key, error.what, error.hint)
            else:
                self._check_address(key, value)
            answer[key.value] = self.table(value, entry.of, shown(key.value))
        return answer

    def _check_address(self, key: yaml.ScalarNode, value: yaml.Node) -> None:
        if "address" in (own.value for own, _ in pairs(value)):
            return
        try:
            ADDRESS.parse(key.value)
        except UsageError:
            what = f"{key.value} has no address, and its name cannot serve as one"
            self.mistakes.add(key, what, "add `address:`")


def _secret(path: str) -> str:
    return f"{path}: an inventory holds no secrets"


def _unknown(name: str, path: str, table: Table) -> tuple[str, str]:
    """What to say, and what to do, about a key that the table does not have."""
    if name.lower() in _SECRETS:
        return _secret(path), _WHERE_SECRETS_GO
    if place := table.elsewhere.get(name):
        return f"{shown(name)} does not belong here", f"write it {place}"
    known = tuple(table.keys)
    if near := get_close_matches(name.lower().replace("-", "_"), known, n=1):
        return f"unknown key {shown(name)}; did you mean {near[0]}?", ""
    return f"unknown key {shown(name)}", f"known here: {listed(known, 'and')}"
