"""What is known of each gateway product and version, as data; a lock file per known version."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files

from provision.errors import UnsupportedError
from provision.model.product import Product
from provision.products import clawdbot, openclaw

_PRODUCTS: dict[str, tuple[Callable[[str], Product], tuple[str, ...], dict[str, str]]] = {
    "clawdbot": (clawdbot.clawdbot, clawdbot.VERSIONS, clawdbot.KNOWN_BAD),
    "openclaw": (openclaw.openclaw, openclaw.VERSIONS, openclaw.KNOWN_BAD),
}


def find_product(name: str, version: str = "") -> Product:
    """The product of that name and version, "" and "latest" being the newest that is known.

    Raises UnsupportedError for a version that is known to be broken or is not known.
    """
    make, versions, known_bad = _PRODUCTS[name]
    if version in ("", "latest"):
        return make(versions[0])
    hint = f"use version {versions[0]}"
    if version in known_bad:
        raise UnsupportedError(f"{name} {version} does not work: {known_bad[version]}", hint=hint)
    if version not in versions:
        raise UnsupportedError(f"{name} {version} is not a version that clawprov knows", hint=hint)
    return make(version)


def read_lock(product: Product, *, full: bool) -> tuple[str, str]:
    """package.json and package-lock.json of a release; `full` keeps the optional embeddings."""
    folder = files(__name__) / product.name / product.version
    if full and (folder / "full").is_dir():
        folder = folder / "full"
    return (folder / "package.json").read_text(), (folder / "package-lock.json").read_text()


def count_packages(lock: str) -> int:
    """How many packages npm fetches for a 64-bit Linux with glibc."""
    entries = json.loads(lock)["packages"]
    return sum(
        bool(path)
        and not entry.get("inBundle")
        and "linux" in entry.get("os", ["linux"])
        and "x64" in entry.get("cpu", ["x64"])
        for path, entry in entries.items()
    )


def read_key(name: str) -> str:
    """An OpenPGP public key that ships with clawprov, armored."""
    return (files(__name__) / "keys" / f"{name}.asc").read_text()
