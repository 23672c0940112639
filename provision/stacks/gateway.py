"""The server: everything from Node.js to a running gateway."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from provision.checks import gateway, preflight, rivals
from provision.engine.run import Stack
from provision.model.plan import Resource
from provision.model.product import Product
from provision.model.report import Check
from provision.model.secret import Secret
from provision.model.shell import sh
from provision.model.spec import AUTH_KINDS, NODEJS, NODESOURCE, Host
from provision.products import count_packages, read_key, read_lock
from provision.products.sandbox import SANDBOX
from provision.render import render
from provision.resources.credential import Credential
from provision.resources.directory import Directory
from provision.resources.file import File
from provision.resources.heap import HeapLimit
from provision.resources.link import Link
from provision.resources.node import SOURCES, NodeArchive, NodePackage
from provision.resources.release import Release
from provision.resources.service import Service
from provision.resources.user import SystemUser
from provision.stacks.config import build_config

DISK_MB = {"lean": 1500, "full": 3500}
"""What a release and its download need while it is made."""
STAMPS = "/run/clawprov"
SETTLE_S = {"plain": 2, "channels": 15}
"""How long a fresh start is watched; one with channels dies late when it cannot reach them."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """The server's stack, and the parts that others ask about."""

    stack: Stack
    credential: Credential
    files: tuple[File, ...]


def build_gateway(
    host: Host, product: Product, *, fresh: Secret, clock: Callable[[], float]
) -> Gateway:
    """The whole wish for one server; `fresh` is a new secret in case it has none, `clock` tells
    the seconds since 1970."""
    node = _node(host, product)
    package, lock = read_lock(product, full=host.full)
    owner = f"{product.name}:{product.name}"
    release = Release(
        product.name,
        product.release,
        package,
        lock,
        count_packages(lock),
        node.binary,
        product.scripts,
    )
    variables = {kind: f"{product.env_prefix}_GATEWAY_{kind.upper()}" for kind in AUTH_KINDS}
    variable = variables.pop(host.auth.kind)
    retired = tuple(variables.values())
    credential = Credential(product.secret_path, variable, host.auth.secret, fresh, retired)
    config = build_config(host, product, node.binary)
    journald = File(
        "/etc/systemd/journald.conf.d/clawprov.conf",
        render("gateway/journald.conf.j2", {"journal_max": host.journal_max}),
        activate=sh("systemctl restart systemd-journald"),
    )
    wrapper = File(
        f"/usr/local/bin/{product.name}",
        render("gateway/wrapper.sh.j2", {"product": product, "node": node.binary}),
        mode="755",
    )
    marker = f"{product.current}/package-lock.json"
    heap = HeapLimit(product.heap_path)
    read = [config.path, credential.path, heap.path, marker]
    unit = _unit(host, product, node.binary, read)
    service = Service(
        product.service,
        f"{STAMPS}/{product.name}.started",
        (unit, config, credential, heap, File(marker, lock)),
        host.gateway_port,
        product.start_limit_s,
        SETTLE_S["channels" if host.config.get("channels") else "plain"],
    )
    resources: tuple[Resource, ...] = (
        journald,
        node,
        SystemUser(product.name, product.home),
        Directory(product.home, "700", owner),
        Directory(f"{product.home}/.{product.name}", "700", owner),
        Directory(f"{product.home}/tmp", "700", owner),
        Directory(product.etc, "700"),
        release,
        credential,
        heap,
        config,
        Link(product.current, f"releases/{product.version}"),
        wrapper,
        unit,
        service,
    )
    stack = Stack(
        host.name,
        _preflight(host, product, (node, release, credential), clock),
        resources,
        _checks(host, product),
    )
    return Gateway(stack, credential, (config, unit, wrapper, journald))


def _node(host: Host, product: Product) -> NodePackage | NodeArchive:
    spec = host.node
    if spec.source == "tarball":
        return NodeArchive(spec.version or product.node_version, spec.url or NODEJS, spec.sha256)
    major = int(spec.version.partition(".")[0] or product.node_major)
    key = spec.key or read_key("nodesource")
    return NodePackage(product.engines, major, spec.url or NODESOURCE, key, spec.version)


def _unit(host: Host, product: Product, node: str, read: list[str]) -> File:
    path = f"/etc/systemd/system/{product.service}"
    sandbox = [
        line
        for line in SANDBOX[host.profile]
        if line.partition("=")[0] not in product.sandbox_without
    ]
    variables = {
        "product": product,
        "node": node,
        "profile": host.profile,
        "sandbox": sandbox,
        "inputs": [path, *read],
        "stamp_folder": STAMPS,
        "stamp": f"{STAMPS}/{product.name}.started",
    }
    return File(path, render("gateway/gateway.service.j2", variables))


def _preflight(
    host: Host,
    product: Product,
    parts: tuple[NodePackage | NodeArchive, Release, Credential],
    clock: Callable[[], float],
) -> tuple[Check, ...]:
    node, release, credential = parts
    source = urlsplit(node.url).netloc
    checks = [
        preflight.supported_system(),
        preflight.needed_tools(),
        preflight.enough_memory(),
        preflight.enough_disk(release.id, release.digest, DISK_MB["full" if host.full else "lean"]),
        preflight.right_clock(clock),
        preflight.working_names(urlsplit(node.url).hostname or ""),
        preflight.whole_packages(),
        rivals.own_user(product.name, product.home),
        rivals.free_port(host.gateway_port, product.service),
        rivals.no_rivals(product.service),
    ]
    if isinstance(node, NodePackage):
        checks.append(rivals.no_other_source(source, SOURCES, lambda facts: not node.suits(facts)))
    if not host.auth.mode:
        checks.append(rivals.same_auth(host.auth.kind, credential.other))
    return tuple(checks)


def _checks(host: Host, product: Product) -> tuple[Check, ...]:
    return (
        gateway.steady(product.service),
        gateway.loopback_only(product.service, host.gateway_port),
    )
