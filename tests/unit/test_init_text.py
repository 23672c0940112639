"""What `clawprov init` writes: every key is there, explained, and works once it counts."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import yaml

from provision.app.init import build_inventory, choose_name
from provision.inventory import parse_inventory
from provision.inventory.keys import HOST, Table
from provision.model.spec import Host
from provision.products import find_product

ARMOR = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ==\n-----END PGP PUBLIC KEY BLOCK-----\n"
TEXT = build_inventory("vps1", "clawprov.yml", {"address": "vps1", "auth.mode": "token"})


def paths_of(table: Table, above: str = "") -> Iterator[str]:
    for name, entry in table.keys.items():
        yield above + name
        if isinstance(entry, Table):
            yield from paths_of(entry, f"{above}{name}.")


def uncommented(text: str, key: str) -> str:
    """The text with one key, and what is below it, made to count as a person would do it."""
    lines, inside = text.splitlines(), False
    for at, line in enumerate(lines):
        if found := re.match(r"    #?(\w+):", line):
            inside = found[1] == key
        if inside and re.match(r"    #(\w+:|  )", line):
            lines[at] = "    " + line.removeprefix("    #")
    return "\n".join(lines)


def paths_in(value: object, above: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, below in value.items():
            yield above + name
            yield from paths_in(below, f"{above}{name}.")


@pytest.mark.parametrize("key", HOST.keys)
def test_every_other_key_stands_there_and_works_without_its_mark(key: str) -> None:
    text = uncommented(TEXT, key)
    told = set(paths_in(yaml.safe_load(text)["hosts"]["vps1"]))
    assert {path for path in paths_of(HOST) if path.split(".")[0] == key} <= told
    if key == "node":  # whose parts do not all go together
        text = re.sub("(?m)^ +sha256:.*$", "", text)
    if key == "tailscale":
        text = re.sub("(?m)^ +auth_key_.*$", "", text)
    parse_inventory(text, "clawprov.yml", lambda _: ARMOR)


def test_keys_that_are_not_set_show_what_counts_then() -> None:
    shown = dict(re.findall(r"^    #(\w+): (\S+)", TEXT, re.M))
    usual = Host("", "")
    for name in ("gateway_port", "full", "journal_max"):
        assert shown[name] == str(getattr(usual, name)).lower().replace("200m", "200M")


def test_no_line_is_wider_than_a_screen_without_need() -> None:
    lines = TEXT.splitlines()
    assert [line for line in lines if len(line) > 100] == []
    assert not any(line != line.rstrip() for line in lines)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("vps1", "vps1"),
        ("vps1.example.org", "vps1"),
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8::1", "2001-db8--1"),
        ("fe80::1", "fe80--1"),
        ("_dmarc.example.org", "gateway"),
        ("1.example.org", "1.example.org"),
    ],
)
def test_a_host_is_called_as_its_address_begins(address: str, name: str) -> None:
    assert choose_name(address) == name


@pytest.mark.parametrize("product", ["clawdbot", "openclaw"])
def test_the_version_that_is_shown_is_one_of_the_product(product: str) -> None:
    text = build_inventory("x", "x.yml", {"address": "x", "product": product})
    hosts = parse_inventory(uncommented(text, "version"), "x.yml", lambda _: ARMOR).hosts
    assert hosts["x"].version == find_product(product).version
