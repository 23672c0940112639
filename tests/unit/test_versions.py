"""Which version of a product a wish means: known, unknown, `latest`, broken, or none at all."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

import pytest

from provision.errors import Exit, RegistryError, UnsupportedError
from provision.model.facts import Facts, Reading
from provision.model.secret import Secret
from provision.model.spec import Host, NodeSpec
from provision.products import choose_product, find_product, read_lock, working
from provision.products.engines import NODES, choose_node, order, satisfies
from provision.products.published import Published, no_such_version, parse_published
from provision.resources.node import NodeArchive, NodePackage
from provision.resources.service import Service
from provision.stacks.gateway import Gateway, build_gateway
from provision.transport.registry import find_registry

SUM = f"sha512-{'A' * 86}=="
OTHER = f"sha512-{'B' * 86}=="


@dataclass
class Shelf:
    """A registry that has one version of everything, and remembers what it was asked."""

    has: Published
    asked: list[str] = field(default_factory=list)

    def __call__(self, name: str, version: str) -> Published:
        self.asked.append(f"{name}@{version}")
        return self.has


def unknown(name: str = "openclaw", **told: object) -> Published:
    version = {"openclaw": "2026.9.5", "clawdbot": "2026.2.1"}[name]
    return replace(Published(version, SUM, find_product(name).engines, scripts=True), **told)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["clawdbot", "openclaw"])
def test_what_is_known_is_asked_of_nobody(name: str) -> None:
    shelf = Shelf(unknown(name))
    known = find_product(name)
    assert choose_product(name, "", shelf) == choose_product(name, known.version, shelf) == known
    assert (shelf.asked, known.remark, known.integrity) == ([], "", "")


@pytest.mark.parametrize("name", ["clawdbot", "openclaw"])
def test_an_unknown_version_is_asked_for_once_and_is_as_its_neighbour_for_the_rest(
    name: str,
) -> None:
    told = unknown(name)
    shelf = Shelf(told)
    found, near = choose_product(name, told.version, shelf), find_product(name)
    assert shelf.asked == [f"{name}@{told.version}"]
    assert (found.version, found.integrity, found.engines) == (told.version, SUM, near.engines)
    assert (
        found.remark == f"clawprov does not know {name} {told.version}: npm resolves what it needs"
    )
    assert (found.unit, found.config, found.scripts) == (near.unit, near.config, near.scripts)
    assert (found.node_version, found.trial) == (near.node_version, near.trial)


@pytest.mark.parametrize("name", ["clawdbot", "openclaw"])
def test_latest_is_asked_for_once_and_becomes_exact(name: str) -> None:
    shelf = Shelf(unknown(name))
    assert choose_product(name, "latest", shelf).full_name == f"{name}@{unknown(name).version}"
    assert shelf.asked == [f"{name}@latest"]
    newest = find_product(name)
    assert choose_product(name, "latest", Shelf(unknown(name, version=newest.version))) == newest


def test_a_latest_that_does_not_work_is_not_taken() -> None:
    found = choose_product("clawdbot", "latest", Shelf(unknown("clawdbot", version="2026.1.24")))
    good = find_product("clawdbot")
    assert replace(found, remark="") == good
    assert "clawdbot's latest, 2026.1.24, does not work (its package lacks files" in found.remark
    assert found.remark.endswith(f": {good.version} is taken")


def test_one_that_is_known_to_be_broken_is_refused_unasked() -> None:
    shelf = Shelf(unknown("clawdbot"))
    with pytest.raises(UnsupportedError, match=r"2026\.1\.24 does not work") as caught:
        choose_product("clawdbot", "2026.1.24", shelf)
    assert caught.value.hint == f"use {find_product('clawdbot').version}"
    assert shelf.asked == []


def test_a_word_of_the_authors_against_a_version_is_told() -> None:
    found = choose_product("openclaw", "2026.9.5", Shelf(unknown(deprecated="has a hole")))
    assert found.remark.endswith("; deprecated: has a hole")


def test_an_install_script_that_its_neighbour_does_without_does_not_run() -> None:
    assert choose_product("clawdbot", "2026.2.1", Shelf(unknown("clawdbot"))).scripts == ()


@pytest.mark.parametrize("full", [False, True])
def test_an_unknown_version_has_no_lock_and_its_neighbours_overrides(full: bool) -> None:
    found = choose_product("clawdbot", "2026.2.1", Shelf(unknown("clawdbot")))
    package, lock = read_lock(found, full=full)
    near = json.loads(read_lock(find_product("clawdbot"), full=full)[0])
    assert lock == ""
    assert json.loads(package) == near | {"dependencies": {"clawdbot": "2026.2.1"}}
    assert package.endswith("}\n")


@pytest.mark.parametrize(
    ("engines", "node"),
    [
        (">=24.16.0 <25 || >=26.1.0", "24.21.0"),
        (">=22.22.3 <23 || >=24.15.0 <25 || >=25.9.0", "24.21.0"),
        (">=22 <23", "22.23.3"),
        (">=25", "26.10.0"),
        ("", "24.21.0"),
        (">=30", ""),
        ("^18", ""),
    ],
)
def test_node_is_of_an_even_line_in_its_range_the_neighbours_if_that_will_do(
    engines: str, node: str
) -> None:
    assert choose_node(engines, "24.21.0") == node
    assert not node or satisfies(node, engines)
    assert [line for line in NODES if int(line.partition(".")[0]) % 2] == []


def build(told: Published, node: NodeSpec = NodeSpec()) -> Gateway:  # noqa: B008 - it is frozen
    product = choose_product("openclaw", told.version, Shelf(told))
    host = Host("box", "192.0.2.1", product="openclaw", version=told.version, node=node)
    return build_gateway(host, product, fresh=Secret("fresh0"), clock=lambda: 0.0)


def test_a_range_that_no_node_of_ours_meets_is_an_error_before_anything_is_done() -> None:
    with pytest.raises(
        UnsupportedError, match=r"2026\.9\.5 needs Node\.js >=30, and we have 24\."
    ) as caught:
        build(unknown(engines=">=30"))
    assert (caught.value.where, caught.value.exit) == ("box", Exit.UNSUPPORTED)
    assert "node: {version: ...}" in caught.value.hint


def test_a_node_of_ones_own_must_be_in_the_range_and_may_be_one_that_we_have_not() -> None:
    with pytest.raises(UnsupportedError, match=r"needs Node\.js >=30, not 22\.1\.0"):
        build(unknown(engines=">=30"), NodeSpec(version="22.1.0"))
    gateway = build(unknown(engines=">=30"), NodeSpec("tarball", version="30.1.0"))
    (archive,) = [r for r in gateway.stack.resources if isinstance(r, NodeArchive)]
    assert archive.version == "30.1.0"


def test_an_older_line_of_node_comes_from_its_own_repository() -> None:
    (node,) = [
        r for r in build(unknown(engines="^22")).stack.resources if isinstance(r, NodePackage)
    ]
    assert (node.major, node.engines) == (22, "^22")


def test_the_service_starts_with_the_lock_that_npm_has_made() -> None:
    gateway = build(unknown())
    (service,) = [r for r in gateway.stack.resources if isinstance(r, Service)]
    (lock,) = [item for item in service.inputs if item.id.startswith("lock:")]
    release = next(r for r in gateway.stack.resources if r.id == "release:openclaw")
    digest = getattr(release, "digest")  # noqa: B009
    made = f"made={digest}\nlocked=aa\nsha256=aa\nMemTotal=3900\n"
    assert lock.path == "/opt/clawprov/openclaw/current/package-lock.json"
    assert lock.digest(Facts({release.id: Reading(0, made)})) == "aa"
    for out in ("made=\nlocked=\nsha256=\n", made.replace("=aa\nMem", "=bb\nMem")):
        assert lock.digest(Facts({release.id: Reading(0, out)})) == ""


def test_the_stack_says_which_exact_version_it_brings_and_that_nobody_knows_it() -> None:
    stack = build(unknown()).stack
    assert stack.product == "openclaw@2026.9.5"
    (check,) = [check for check in stack.preflight if check.id == "preflight:version"]
    assert check.note
    assert "does not know openclaw 2026.9.5" in check.judge(Reading(1, ""), Facts({}))


def test_a_document_of_a_registry_and_an_entry_of_a_lock_say_the_same() -> None:
    document = {
        "version": "2026.9.5",
        "dist": {"integrity": f"sha1-x {SUM}"},
        "engines": {"node": ">=22"},
        "scripts": {"postinstall": "node x"},
    }
    entry = {
        "version": "2026.9.5",
        "integrity": SUM,
        "engines": {"node": ">=22"},
        "hasInstallScript": True,
    }
    expected = Published("2026.9.5", SUM, ">=22", scripts=True)
    assert parse_published("p", document) == parse_published("p", entry) == expected
    plain = {"version": "1.0.0", "integrity": SUM, "scripts": {"test": "x"}, "engines": ["node"]}
    assert parse_published("p", plain | {"deprecated": "old"}) == Published(
        "1.0.0", SUM, deprecated="old"
    )


@pytest.mark.parametrize("version", [None, 1, "", "../..", "1.2", "1.2.3/../x", "1.2.3-$(id)"])
def test_a_document_without_a_fit_version_is_not_believed(version: object) -> None:
    with pytest.raises(RegistryError, match="what is said of p names no version"):
        parse_published("p", {"version": version, "integrity": SUM})


@pytest.mark.parametrize("integrity", [None, "", "sha1-abc=", "sha512-short=="])
def test_a_package_without_a_strong_sum_is_refused(integrity: object) -> None:
    with pytest.raises(UnsupportedError, match=r"p 1\.2\.3 is published without a SHA-512"):
        parse_published("p", {"version": "1.2.3", "dist": {"integrity": integrity}})


def test_versions_are_sorted_as_their_authors_mean_them() -> None:
    ordered = [
        "0.0.1",
        "2026.2.2-beta.1",
        "2026.2.2-beta.10",
        "2026.2.2",
        "2026.2.2-3",
        "2026.2.10",
    ]
    assert sorted({*ordered}, key=order) == ordered


@pytest.mark.parametrize(
    ("wish", "hint"),
    [
        ("2026.9.7", "use 2026.9.6, the nearest one"),
        ("2026.2.3", "use 2026.2.2-3, the nearest one, or 2026.9.6, the newest"),
        ("2026.9.6-beta.1", "use 2026.2.2-3, the nearest one, or 2026.9.6, the newest"),
        ("1999.1.1", "use 2026.2.2, the nearest one, or 2026.9.6, the newest"),
    ],
)
def test_a_version_that_does_not_exist_is_told_with_those_that_come_near(
    wish: str, hint: str
) -> None:
    existing = ["0.0.1", "2026.2.2-3", "2026.2.2", "2026.3.1-beta.1", "2026.9.6", "../x"]
    error = no_such_version("openclaw", wish, working("openclaw", existing))
    assert (error.what, error.hint) == (f"there is no openclaw {wish}", hint)
    assert error.exit is Exit.UNSUPPORTED


def test_a_registry_without_the_package_is_told() -> None:
    assert no_such_version("p", "1.0.0", []).what == "the npm registry has no package p"


@pytest.mark.parametrize(
    ("environment", "npm", "address"),
    [
        ({}, "https://npm.lan/", "https://npm.lan"),
        ({"npm_config_registry": "http://e.lan:4873/x/"}, "https://no.lan", "http://e.lan:4873/x"),
        ({"NPM_CONFIG_REGISTRY": "https://e.lan/"}, "", "https://e.lan"),
        ({}, "https://ann:hunter2@npm.lan/", "https://npm.lan"),
    ],
)
def test_the_registry_is_the_one_that_npm_would_ask(
    environment: dict[str, str], npm: str, address: str
) -> None:
    assert find_registry(environment, lambda: npm) == address


def test_a_machine_that_knows_no_registry_says_so() -> None:
    with pytest.raises(RegistryError, match="no npm on this machine"):
        find_registry({}, lambda: "")


@pytest.mark.parametrize("address", ["file:///etc", "npm.lan", "${UNSET}", "ftp://x"])
def test_a_registry_that_is_no_web_address_is_an_error(address: str) -> None:
    with pytest.raises(RegistryError, match="no http or https URL"):
        find_registry({"npm_config_registry": address}, lambda: "")
