"""Which version of a product a wish means, and which one stays when nobody can tell."""

from __future__ import annotations

import json
from dataclasses import replace

from provision.app.operator import Operator
from provision.engine.frames import pack_probes, unpack
from provision.engine.gather import Session
from provision.errors import RegistryError
from provision.model.facts import Probe
from provision.model.product import Product
from provision.model.shell import Sh, sh
from provision.model.spec import Host
from provision.products import choose_product, find_product
from provision.products.published import LATEST, Published, parse_published


def choose_version(host: Host, operator: Operator) -> Product:
    """The product for a host; when the registry has to be asked for it, that is a step.

    Raises RegistryError when it was asked in vain.
    """
    progress = operator.progress

    def ask(name: str, version: str) -> Published:
        progress.step("version", f"{name} {version}: the npm registry is asked")
        try:
            told = operator.registry(name, version)
        except BaseException:
            progress.done(1)
            raise
        progress.step("version", f"{name} {version}" + f" is {told.version}" * (version == LATEST))
        progress.done(0)
        return told

    return choose_product(host.product, host.version, ask)


def find_installed(host: Host, session: Session, silent: RegistryError) -> Product:
    """The wished release as it lies on the server, `latest` being the one that runs.

    Raises `silent`, which says why nobody could tell more, when there is none.
    """
    product = find_product(host.product)
    if host.version != LATEST:
        product = replace(product, version=host.version)
    place = product.current if host.version == LATEST else product.release
    probe, nonce = Probe("release:there", lock_entry(product.name, place)), next(session.nonces)
    readings = unpack(session.transport.execute(pack_probes([probe], nonce)).out, nonce)
    try:
        entry = json.loads(readings[probe.id].out)
    except (KeyError, ValueError):
        raise silent from None
    told = parse_published(product.name, entry)
    found = choose_product(product.name, told.version, lambda name, version: told)
    return replace(found, remark=f"{silent.what}; {found.full_name}, which is there, stays")


def lock_entry(name: str, place: str) -> Sh:
    """Prints what the lock of the complete release at `place` says of the package `name`."""
    entry = f'/^    "node_modules\\/{name}": {{$/,/^    }}/p'
    first, last = r"1s/.*/{/", r"$s/,$//"
    return sh(
        "[ -s {} ] && sed -n {} {} | sed -e {} -e {}",
        f"{place}/.complete",
        entry,
        f"{place}/package-lock.json",
        first,
        last,
    )
