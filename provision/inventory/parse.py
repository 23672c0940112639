"""YAML text to an inventory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from yaml import Node

from provision.inventory.keys import INVENTORY
from provision.inventory.mistakes import Mistakes
from provision.inventory.syntax import compose
from provision.inventory.tree import check_tree, kind, pairs
from provision.inventory.walk import Walk
from provision.model.access import AuthKey, TailscaleSpec
from provision.model.spec import (
    ChannelSpec,
    Entrusted,
    Host,
    Inventory,
    ModelSpec,
    NodeSpec,
    TunnelSpec,
)
from provision.products.channels import CHANNELS
from provision.products.exposure import Risk, find_risk


def parse_inventory(text: str, file: str, read: Callable[[str], str]) -> Inventory:
    """The inventory that a YAML text describes; InventoryError holds all its mistakes.

    `file` is its path as the person typed it, `read` gives the text of a file that a value names
    (its OSError and ValueError become mistakes). A relative path starts at the folder of `file`,
    one with `~` in front is kept. What a host says wins over `defaults:`, where `config:` and
    `basics:` are merged key by key; `node:`, `models:`, `tailscale:`, `tunnel:`, channels and lists
    count as a whole.
    """
    mistakes = Mistakes(file)
    root = compose(text, mistakes)
    if root is None:
        mistakes.raise_all()
        return Inventory()
    check_tree(root, mistakes)
    given = Walk(PurePath(file).parent, read, mistakes).table(root, INVENTORY, "the inventory")
    if kind(root) == "map" and "hosts" not in (key.value for key, _ in pairs(root)):
        mistakes.add(None, "`hosts:` is missing", "write it, and below it a name for each host")
    defaults = _build_host(Host(name="", address=""), given.get("defaults", {}))
    hosts = {
        name: _build_host(replace(defaults, name=name, address=name), own)
        for name, own in given.get("hosts", {}).items()
    }
    for host in hosts.values():
        if risk := find_risk(host):
            place = _find(root, ("hosts", host.name), risk) or _find(root, ("defaults",), risk)
            mistakes.add(place, f"{'.'.join(risk.path)}: {risk.what}", risk.hint)
    mistakes.raise_all()
    return Inventory(hosts)


def _find(root: Node, above: tuple[str, ...], risk: Risk) -> Node | None:
    """The key of a setting, in a host or in `defaults:`."""
    key: Node | None = None
    node = root
    for name in (*above, *risk.path):
        key, node = next((pair for pair in pairs(node) if pair[0].value == name), (None, root))
        if key is None:
            return None
    return key


def _build_host(defaults: Host, given: Mapping[str, Any]) -> Host:
    """`defaults`, changed by what is given; the keys are those of `keys.HOST`."""
    made = dict(given)
    if "auth" in given:
        made["auth"] = replace(defaults.auth, **given["auth"])
    if "basics" in given:
        made["basics"] = replace(defaults.basics, **given["basics"])
    if "node" in given:
        made["node"] = NodeSpec(**given["node"])
    if "models" in given:
        made["models"] = ModelSpec(**given["models"])
    if "tailscale" in given:
        made["tailscale"] = _build_tailscale(given["tailscale"])
    if "tunnel" in given:
        made["tunnel"] = TunnelSpec(**given["tunnel"])
    if "keys" in given:
        made["keys"] = tuple(map(Entrusted, given["keys"]))
    for name in CHANNELS.keys() & given.keys():
        made[name] = _build_channel(name, given[name])
    if "config" in given:
        made["config"] = _merged(defaults.config, given["config"])
    return replace(defaults, **made)


def _build_tailscale(given: Mapping[str, Any]) -> TailscaleSpec:
    names = {"auth_key": "variable", "auth_key_file": "file", "auth_key_command": "command"}
    key = AuthKey(**{field: given[name] for name, field in names.items() if name in given})
    others = {name: value for name, value in given.items() if name not in names}
    return TailscaleSpec(key, **others)


def _build_channel(name: str, given: Mapping[str, Any]) -> ChannelSpec:
    """A channel; a token whose variable is not said has the gateway's own name for it."""
    tokens = CHANNELS[name].tokens
    named = {key: Entrusted(given.get(key, variable)) for key, variable in tokens.items()}
    others = {key: value for key, value in given.items() if key not in tokens}
    return ChannelSpec(named, **others)


def _merged(under: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    """Both mappings as one; where both say something, `over` wins, and mappings are merged."""
    answer = dict(under)
    for key, value in over.items():
        before = answer.get(key)
        both = isinstance(before, dict) and isinstance(value, dict)
        answer[key] = _merged(before, value) if both else value  # type: ignore[arg-type]
    return answer
