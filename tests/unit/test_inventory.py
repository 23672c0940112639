"""Inventories: their mistakes, their keys, and the ones that we ship."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest
import yaml
from inventory_text import ARMOR, EXAMPLE, ROOT, mistakes_of, parse, read

from provision.inventory import parse_inventory
from provision.inventory.keys import DEFAULTS, HOST, INVENTORY, Each, Table
from provision.model.spec import AuthSpec, Host, NodeSpec
from provision.products import find_product


def cases() -> Iterator[Any]:
    for path in sorted((ROOT / "tests/cases/inventory").glob("*.yml")):
        for case in yaml.safe_load(path.read_text()):
            yield pytest.param(case, id=f"{path.stem}: {case['title']}")


@pytest.mark.parametrize("case", list(cases()))
def test_every_mistake_has_its_place_and_its_sentence(case: dict[str, Any]) -> None:
    error = mistakes_of(case["inventory"])
    told = [f"{m.where.removeprefix('dir/hosts.yml:')} {m.what}" for m in error.mistakes]
    assert told == case["mistakes"]
    if "hints" in case:
        assert [m.hint for m in error.mistakes] == case["hints"]
    assert "hunter2" not in repr([(m.what, m.hint) for m in error.mistakes])


def test_ten_mistakes_in_one_inventory_are_told_at_once_in_file_order() -> None:
    error = mistakes_of(
        """\
default: {}
defaults:
  profile: loose
  gateway_port: 443
hosts:
  vps1:
    prot: 22
    port: 99999
    address: "a b"
    auth: {token: hunter2}
    node: {version: 22}
  vps1: {}
  vps 2: {}
"""
    )
    places = [m.where for m in error.mistakes]
    lines = ["1:1", "3:12", "4:17", "7:5", "8:11", "9:14", "10:12", "11:21", "12:3", "13:3"]
    assert places == [f"dir/hosts.yml:{line}" for line in lines]
    assert error.what == "10 mistakes in the inventory"
    assert error.exit == 3


def test_the_example_holds_every_key_and_is_right() -> None:
    hosts = parse(EXAMPLE)
    assert list(hosts) == ["vps1", "vps2", "bastion-lab", "open1", "open2"]
    assert hosts["vps1"].node.key == ARMOR + "\n"
    assert hosts["vps1"].config["agents"] == {
        "defaults": {
            "userTimezone": "Europe/Berlin",
            "thinkingDefault": "low",
        }
    }
    assert hosts["vps2"].user == "root"
    assert hosts["bastion-lab"].address == "bastion-lab"
    assert hosts["open2"].address == "open2.example.org"
    assert hosts["open2"].auth == AuthSpec("password")


def test_every_version_of_the_example_is_one_that_clawprov_knows() -> None:
    for host in parse(EXAMPLE).values():
        assert find_product(host.product, host.version).name == host.product


def paths_of(table: Table, above: str = "") -> Iterator[str]:
    for name, entry in table.keys.items():
        yield above + name
        if isinstance(entry, Table):
            yield from paths_of(entry, f"{above}{name}.")


def paths_in(value: object, above: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, below in value.items():
            yield above + name
            yield from paths_in(below, f"{above}{name}.")


def test_every_key_of_the_table_stands_in_the_example() -> None:
    document = yaml.safe_load(EXAMPLE)
    used = {path for host in document["hosts"].values() for path in paths_in(host)}
    assert set(paths_of(HOST)) <= used
    assert set(document) == set(INVENTORY.keys)


def test_the_table_knows_exactly_the_fields_of_a_host() -> None:
    assert set(HOST.keys) == {field.name for field in fields(Host)} - {"name"}
    assert set(DEFAULTS.keys) == set(HOST.keys) - {"address", "host_key"}
    node, each = HOST.keys["node"], INVENTORY.keys["hosts"]
    assert isinstance(node, Table)
    assert set(node.keys) == {field.name for field in fields(NodeSpec)}
    assert isinstance(each, Each)
    assert each.of is HOST


def test_the_vagrant_inventory_is_right() -> None:
    text = (ROOT / "inventories/vagrant.yml").read_text()
    machines = re.findall(r'^  "(\w+)" =>.* (\d+)\]', (ROOT / "Vagrantfile").read_text(), re.M)
    hosts = parse_inventory(text, "inventories/vagrant.yml", read).hosts
    assert {(name, str(host.port)) for name, host in hosts.items()} == set(machines)
    assert hosts["debian12"].identity.startswith("inventories/../.vagrant/")


def test_a_name_alone_is_a_whole_host() -> None:
    assert parse("hosts: {vps1: }") == {"vps1": Host("vps1", "vps1")}
    assert parse("hosts:") == {}


def test_a_byte_order_mark_moves_nothing() -> None:
    assert parse("\ufeffhosts: {vps1: }") == {"vps1": Host("vps1", "vps1")}
    assert mistakes_of("\ufeffhots: {}").mistakes[-1].where == "dir/hosts.yml:1:1"
