"""What is known of each gateway product and version, as data; a lock file per known version."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from importlib.resources import files

from provision.errors import UnsupportedError
from provision.model.product import Product
from provision.products import clawdbot, openclaw
from provision.products.engines import choose_node, order
from provision.products.published import LATEST, Published, Registry

_PRODUCTS: dict[str, tuple[Callable[[str], Product], tuple[str, ...], dict[str, str]]] = {
    "clawdbot": (clawdbot.clawdbot, clawdbot.VERSIONS, clawdbot.KNOWN_BAD),
    "openclaw": (openclaw.openclaw, openclaw.VERSIONS, openclaw.KNOWN_BAD),
}


def find_product(name: str, version: str = "") -> Product:
    """The product of that name and version, "" being the newest that is known.

    Raises UnsupportedError for a version that is known to be broken or is not known.
    """
    make, versions, _ = _PRODUCTS[name]
    refuse_broken(name, version)
    if version and version not in versions:
        raise UnsupportedError(
            f"{name} {version} is not a version that clawprov knows", hint=f"use {versions[0]}"
        )
    return make(version or versions[0])


def find_others(product: Product) -> list[Product]:
    """The products that this one is not."""
    return [find_product(name) for name in _PRODUCTS if name != product.name]


def refuse_broken(name: str, version: str) -> None:
    """Raise UnsupportedError, with the good version, for one that is known to be broken."""
    _, versions, known_bad = _PRODUCTS[name]
    if version in known_bad:
        raise UnsupportedError(
            f"{name} {version} does not work: {known_bad[version]}", hint=f"use {versions[0]}"
        )


def find_broken(name: str) -> Mapping[str, str]:
    """Why versions of a product do not work, by versions."""
    return _PRODUCTS[name][2]


def working(name: str, versions: Iterable[str]) -> list[str]:
    """Those versions that are not known to be broken."""
    return [version for version in versions if version not in _PRODUCTS[name][2]]


def choose_product(name: str, version: str, registry: Registry) -> Product:
    """The product that is wished, of an exact version in any case.

    The registry is asked, at most once, about what no data here tells: what is `latest`, and what
    there is to know of an unknown version. One that is known to be broken is never taken.
    """
    make, versions, known_bad = _PRODUCTS[name]
    told = registry(name, LATEST) if version == LATEST else None
    version = told.version if told else version
    if told and version in known_bad:
        why = f"{name}'s latest, {version}, does not work ({known_bad[version]})"
        return replace(make(versions[0]), remark=f"{why}: {versions[0]} is taken")
    refuse_broken(name, version)
    if version in ("", *versions):
        return find_product(name, version)
    return _adopt(name, told or registry(name, version))


def _adopt(name: str, told: Published) -> Product:
    """A version without data: as its neighbour is, and as the registry tells."""
    near = find_product(name, _neighbour(name, told.version))
    ran = json.loads(read_lock(near, full=False)[1])["packages"][f"node_modules/{name}"]
    new_script = told.scripts and not ran.get("hasInstallScript")
    node = choose_node(told.engines, near.node_version)
    remark = f"clawprov does not know {name} {told.version}: npm resolves what it needs"
    return replace(
        _PRODUCTS[name][0](told.version),
        engines=told.engines,
        node_major=int(node.partition(".")[0] or 0),
        node_version=node,
        scripts=(*near.scripts, *((name,) if new_script else ())),
        integrity=told.integrity,
        remark=remark + (f"; deprecated: {told.deprecated}" if told.deprecated else ""),
    )


def _neighbour(name: str, version: str) -> str:
    """The newest known version at or below that one, else the oldest there is."""
    known = sorted(_PRODUCTS[name][1], key=order)
    return ([v for v in known if order(v) <= order(version)] or known[:1])[-1]


def read_lock(product: Product, *, full: bool) -> tuple[str, str]:
    """package.json and package-lock.json of a release; `full` keeps the optional embeddings.

    Of a version without data the lock is "", and package.json its neighbour's. Raises
    UnsupportedError where the product has no full release.
    """
    known = _neighbour(product.name, product.version) if product.integrity else product.version
    folder = files(__name__) / product.name / known
    if full:
        folder = folder / "full"
        if not folder.is_dir():
            raise UnsupportedError(
                f"{product.title} comes without local embeddings, so there is no full one",
                hint="remove `full: true`",
            )
    package = (folder / "package.json").read_text()
    if product.integrity:
        wish = json.loads(package)
        wish["dependencies"][product.name] = product.version
        return json.dumps(wish, indent=2) + "\n", ""
    return package, (folder / "package-lock.json").read_text()


def count_packages(lock: str) -> int:
    """How many packages npm fetches for a 64-bit Linux with glibc; 0 where npm has yet to say."""
    if not lock:
        return 0
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
