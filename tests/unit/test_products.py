"""What is known of the products, and what is said of versions that are not."""

from __future__ import annotations

import json

import pytest

from provision.errors import Exit, UnsupportedError
from provision.model.product import Product
from provision.products import count_packages, find_product, read_key, read_lock
from provision.products.engines import satisfies
from provision.products.sandbox import SANDBOX

PRODUCTS = ("clawdbot", "openclaw")


@pytest.fixture(params=PRODUCTS)
def product(request: pytest.FixtureRequest) -> Product:
    return find_product(request.param)


@pytest.mark.parametrize("name", PRODUCTS)
def test_no_version_is_the_newest_that_is_known(name: str) -> None:
    assert find_product(name, find_product(name).version) == find_product(name)


@pytest.mark.parametrize(
    ("name", "version", "what"),
    [
        ("clawdbot", "2026.1.24", "clawdbot 2026.1.24 does not work: its package lacks files"),
        ("clawdbot", "0.1.0", "clawdbot 0.1.0 does not work: a placeholder"),
        ("openclaw", "2026.8.1", "openclaw 2026.8.1 does not work: it is reported to skip"),
        ("openclaw", "0.0.1", "openclaw 0.0.1 does not work: a placeholder"),
        ("openclaw", "1999.1.1", "openclaw 1999.1.1 is not a version that clawprov knows"),
    ],
)
def test_a_version_that_cannot_be_had_is_refused_with_one_that_can(
    name: str, version: str, what: str
) -> None:
    with pytest.raises(UnsupportedError, match=what) as caught:
        find_product(name, version)
    assert caught.value.hint == f"use {find_product(name).version}"
    assert caught.value.exit is Exit.UNSUPPORTED


def test_its_own_node_satisfies_its_own_range(product: Product) -> None:
    assert satisfies(product.node_version, product.engines)
    assert product.node_version.startswith(f"{product.node_major}.")


@pytest.mark.parametrize(
    ("name", "full"), [*((name, False) for name in PRODUCTS), ("clawdbot", True)]
)
def test_the_lock_file_locks_the_version_and_every_package_by_a_sum(name: str, full: bool) -> None:
    product = find_product(name)
    package, lock = read_lock(product, full=full)
    assert json.loads(package)["dependencies"][product.name] == product.version
    packages = json.loads(lock)["packages"]
    assert packages[f"node_modules/{product.name}"]["version"] == product.version
    unsafe = [
        path
        for path, entry in packages.items()
        if path
        and not entry.get("inBundle")
        and not entry.get("integrity", "").startswith("sha512-")
    ]
    assert unsafe == []


def test_a_full_release_is_refused_where_there_is_none() -> None:
    with pytest.raises(UnsupportedError, match="OpenClaw comes without local") as caught:
        read_lock(find_product("openclaw"), full=True)
    assert caught.value.hint == "remove `full: true`"


def test_the_entry_lies_in_the_locked_package(product: Product) -> None:
    assert product.entry.startswith(f"node_modules/{product.name}/")


def test_scripts_run_only_for_packages_of_the_lock(product: Product) -> None:
    packages = json.loads(read_lock(product, full=False)[1])["packages"]
    assert [name for name in product.scripts if f"node_modules/{name}" not in packages] == []


def test_packages_are_counted_as_a_64_bit_linux_fetches_them() -> None:
    entries = {
        "": {},
        "node_modules/plain": {},
        "node_modules/bundled": {"inBundle": True},
        "node_modules/linux": {"os": ["linux"], "cpu": ["x64"]},
        "node_modules/mac": {"os": ["darwin"]},
        "node_modules/arm": {"os": ["linux"], "cpu": ["arm64"]},
    }
    assert count_packages(json.dumps({"packages": entries})) == 2


def test_what_a_product_does_not_survive_is_a_directive_that_exists(product: Product) -> None:
    names = {line.partition("=")[0] for profile in SANDBOX.values() for line in profile}
    assert product.sandbox_without <= names | {"MemoryDenyWriteExecute"}  # in no profile at all


@pytest.mark.parametrize("name", ["nodesource", "tailscale"])
def test_a_shipped_key_is_a_public_key(name: str) -> None:
    key = read_key(name)
    assert key.startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----\n")
    assert key.rstrip().endswith("-----END PGP PUBLIC KEY BLOCK-----")


def test_everything_of_a_product_lies_where_the_design_says(product: Product) -> None:
    name = product.name
    assert product.service == f"{name}-gateway.service"
    assert product.release == f"/opt/clawprov/{name}/releases/{product.version}"
    assert product.current == f"/opt/clawprov/{name}/current"
    assert product.secret_path == f"/etc/{name}/gateway.env"
    assert product.config_path == f"/var/lib/{name}/.{name}/{name}.json"
