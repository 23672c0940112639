"""What a service inherits of a gateway that a person has set up."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from provision.model.product import Product
from provision.products.configuration import parse_configuration
from provision.products.installed import Installed
from provision.products.legacy_secrets import build_environment, find_reference, pop_access

_ELSEWHERE = re.compile(r"\$include\b|\$\{[A-Z_][A-Z0-9_]*\}")


@dataclass(frozen=True, slots=True)
class Legacy:
    """What `user` (group id `group`) leaves of a `product` to the service.

    `config` is the configuration with its paths as they are on the service's side and without
    the gateway's secret; `env` the secrets and provider keys, by their variables; `folders` what
    is copied, seen from `home`; `listened` says that it was a gateway which ran. With a `problem`
    it cannot be taken over.
    """

    user: str
    product: str
    group: str = ""
    home: str = ""
    state: str = ""
    units: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict, repr=False)
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    listened: bool = False
    problem: str = ""

    @property
    def of(self) -> tuple[str, str]:
        """Whose, and of which product."""
        return self.user, self.product

    def to_json(self) -> str:
        """The record of it, which holds secrets."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"


def parse_legacy(text: str) -> Legacy:
    """The legacy of which `text` is the record."""
    told = json.loads(text)
    return Legacy(**told | {"units": tuple(told["units"]), "folders": tuple(told["folders"])})


def read_legacy(one: Installed, product: Product) -> Legacy:
    """What there is to inherit of a gateway that was found, with all its secrets."""

    def refused(why: str) -> Legacy:
        return Legacy(one.user, one.product, problem=f"{one.state}/{one.product}.json {why}")

    try:
        config = parse_configuration(one.config)
    except ValueError as error:
        return refused(f"is no JSON5: {str(error).partition(chr(10))[0]}")
    if not isinstance(config, dict):
        return refused("is no mapping of keys")
    if found := _ELSEWHERE.search(json.dumps(config)):
        return refused(f"has {found[0]}, and what that stands for is not in it; write it out")
    if newer := _newer(config, product):
        return refused(f"was written by version {newer}, newer than {product.version}")
    folders = [one.state.removeprefix(f"{one.home}/")]
    folders += [path for path in _below(config, one.home) if not _inside(path, folders)]
    if "" in folders:
        return refused("names the home folder itself as a folder of its own")
    if winding := next((path for path in folders if {".", ".."} & set(path.split("/"))), ""):
        return refused(f"names a folder by way of {winding}; write its path out")
    access = pop_access(config)
    env = build_environment(one, product, access)
    if kind := find_reference(access, product, env):
        return refused(f"says only where gateway.auth.{kind} is; write it out")
    _forget_installer(config)
    return Legacy(
        one.user,
        one.product,
        one.group,
        one.home,
        one.state,
        one.units,
        tuple(dict.fromkeys(folders)),
        _moved(config, one.home, product.home),
        env,
        bool(one.port),
    )


def _forget_installer(config: dict[str, Any]) -> None:
    """What the product's own installer noted about itself; which migrations are done stays."""
    config.pop("wizard", None)
    meta = config.pop("meta", None)
    if isinstance(meta, dict) and "migrations" in meta:
        config["meta"] = {"migrations": meta["migrations"]}


def _newer(config: Mapping[str, Any], product: Product) -> str:
    """The version that wrote the configuration, if it is newer than the product's, or ""."""
    meta = config.get("meta")
    told = str(meta.get("lastTouchedVersion", "")) if isinstance(meta, dict) else ""
    numbers = [[int(n) for n in re.findall(r"\d+", text)] for text in (told, product.version)]
    return told if numbers[0] > numbers[1] else ""


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for item in value.values():
                yield from _texts(item)
        case list():
            for item in value:
                yield from _texts(item)


def _below(config: object, home: str) -> list[str]:
    """Every path in a configuration that lies below `home`, seen from there."""
    paths = []
    for text in _texts(config):
        for root in (home, "~"):
            if text == root or text.startswith(f"{root}/"):
                paths.append(text.removeprefix(root).strip("/"))
    return paths


def _inside(path: str, folders: list[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


def _moved(value: object, home: str, ours: str) -> Any:
    """The value with every path below `home` as one below `ours`."""
    match value:
        case str() if value.startswith((f"{home}/", "~/")):
            return f"{ours}/{value.removeprefix(home).removeprefix('~').strip('/')}"
        case dict():
            return {key: _moved(item, home, ours) for key, item in value.items()}
        case list():
            return [_moved(item, home, ours) for item in value]
    return value
