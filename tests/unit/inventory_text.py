"""Inventories as texts, and the files that they name."""

from __future__ import annotations

from pathlib import Path

import pytest

from provision.errors import InventoryError
from provision.inventory import parse_inventory
from provision.model.spec import Host

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "inventories/example.yml").read_text()
ARMOR = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ==\n-----END PGP PUBLIC KEY BLOCK-----"
FILES = {
    "dir/good.asc": ARMOR,
    "dir/keys/mirror.asc": ARMOR,
    "/etc/good.asc": ARMOR,
    "~/good.asc": ARMOR,
    "dir/private.asc": "-----BEGIN PGP PRIVATE KEY BLOCK-----\n",
    "dir/other.asc": "hunter2\n",
}


def read(path: str) -> str:
    if path == "dir/binary.asc":
        return b"\x99\x01".decode()
    if path not in FILES:
        raise FileNotFoundError(2, "No such file or directory", path)
    return FILES[path]


def parse(text: str) -> dict[str, Host]:
    return dict(parse_inventory(text, "dir/hosts.yml", read).hosts)


def mistakes_of(text: str) -> InventoryError:
    with pytest.raises(InventoryError) as caught:
        parse(text)
    return caught.value


def one_host(body: str) -> Host:
    return parse(f"hosts:\n  vps1: {{{body}}}\n")["vps1"]
