"""The server: everything from Node.js to a running gateway."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from provision.engine.run import Stack
from provision.model.plan import Resource
from provision.model.product import Product
from provision.model.secret import Secret
from provision.model.shell import sh
from provision.model.spec import AUTH_KINDS, NODEJS, NODESOURCE, Host
from provision.products import count_packages, read_key, read_lock
from provision.products.channels import CHANNELS, check_channels
from provision.products.sandbox import SANDBOX
from provision.render import render
from provision.resources.credential import Credential
from provision.resources.directory import Directory
from provision.resources.file import File
from provision.resources.heap import HeapLimit
from provision.resources.link import Link
from provision.resources.node import NodeArchive, NodePackage
from provision.resources.release import Release
from provision.resources.service import Input, Service
from provision.resources.token import Token
from provision.resources.user import SystemUser
from provision.stacks.config import build_config, token_path
from provision.stacks.questions import build_checks, build_preflight

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
    release = _release(product, package, lock, node)
    credential = _credential(host, product, fresh)
    tokens, heap = _tokens(host, product), HeapLimit(product.heap_path)
    config = build_config(host, product, node.binary)
    installed = File(f"{product.current}/package-lock.json", lock)  # which release runs
    inputs: list[Input] = [config, credential, heap, installed, *tokens.values()]
    unit = _unit(host, product, node.binary, inputs)
    wrapper, journald = _wrapper(product, node.binary), _journald(host)
    resources: tuple[Resource, ...] = (
        journald,
        node,
        SystemUser(product.name, product.home),
        *_folders(product),
        release,
        credential,
        heap,
        *_token_folders(product, tokens),
        *tokens.values(),
        config,
        Link(product.current, f"releases/{product.version}"),
        wrapper,
        unit,
        _service(host, product, [unit, *inputs]),
    )
    before = build_preflight(host, product, (node, release, credential, tokens), clock)
    stack = Stack(host.name, before, resources, build_checks(host, product))
    return Gateway(stack, credential, (config, unit, wrapper, journald))


def _release(product: Product, package: str, lock: str, node: NodePackage | NodeArchive) -> Release:
    return Release(
        product.name,
        product.release,
        package,
        lock,
        count_packages(lock),
        node.binary,
        product.scripts,
    )


def _credential(host: Host, product: Product, fresh: Secret) -> Credential:
    variables = {kind: f"{product.env_prefix}_GATEWAY_{kind.upper()}" for kind in AUTH_KINDS}
    variable = variables.pop(host.auth.kind)
    retired = tuple(variables.values())
    more = [(key.variable, key.value) for key in host.keys]
    for name, spec in host.channels.items():
        if not CHANNELS[name].file_key:
            names = CHANNELS[name].tokens
            more += [(names[key], token.value) for key, token in spec.tokens.items()]
    return Credential(product.secret_path, variable, host.auth.secret, fresh, retired, tuple(more))


def _tokens(host: Host, product: Product) -> dict[str, Token]:
    """Of each channel that reads its token from a file, that file."""
    check_channels(product, host.channels)
    owner = f"{product.name}:{product.name}"
    return {
        name: Token(token_path(product, name), owner, spec.tokens["token"].value)
        for name, spec in host.channels.items()
        if CHANNELS[name].file_key
    }


def _token_folders(product: Product, tokens: Mapping[str, Token]) -> set[Directory]:
    owner = f"{product.name}:{product.name}"
    parents = {str(PurePosixPath(token.path).parent) for token in tokens.values()}
    return {Directory(parent, "700", owner) for parent in parents}


def _folders(product: Product) -> tuple[Directory, ...]:
    owner = f"{product.name}:{product.name}"
    own = (product.home, f"{product.home}/.{product.name}", f"{product.home}/tmp")
    return (*(Directory(path, "700", owner) for path in own), Directory(product.etc, "700"))


def _journald(host: Host) -> File:
    return File(
        "/etc/systemd/journald.conf.d/clawprov.conf",
        render("gateway/journald.conf.j2", {"journal_max": host.journal_max}),
        activate=sh("systemctl restart systemd-journald"),
    )


def _wrapper(product: Product, node: str) -> File:
    text = render("gateway/wrapper.sh.j2", {"product": product, "node": node})
    return File(f"/usr/local/bin/{product.name}", text, mode="755")


def _service(host: Host, product: Product, inputs: list[Input]) -> Service:
    return Service(
        product.service,
        f"{STAMPS}/{product.name}.started",
        inputs,
        host.gateway_port,
        product.start_limit_s,
        SETTLE_S["channels" if host.channels or host.config.get("channels") else "plain"],
    )


def _node(host: Host, product: Product) -> NodePackage | NodeArchive:
    spec = host.node
    if spec.source == "tarball":
        return NodeArchive(spec.version or product.node_version, spec.url or NODEJS, spec.sha256)
    major = int(spec.version.partition(".")[0] or product.node_major)
    key = spec.key or read_key("nodesource")
    return NodePackage(product.engines, major, spec.url or NODESOURCE, key, spec.version)


def _unit(host: Host, product: Product, node: str, inputs: list[Input]) -> File:
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
        "inputs": [path, *(item.path for item in inputs)],
        "stamp_folder": STAMPS,
        "stamp": f"{STAMPS}/{product.name}.started",
    }
    return File(path, render("gateway/gateway.service.j2", variables))
