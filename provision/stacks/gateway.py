"""The server: everything from Node.js to a running gateway."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from provision.engine.gather import Stack
from provision.model.facts import Facts
from provision.model.plan import Resource
from provision.model.product import Product
from provision.model.secret import Secret
from provision.model.shell import sh
from provision.model.spec import Host
from provision.products import read_lock
from provision.render import render
from provision.resources.credential import Credential
from provision.resources.directory import Directory
from provision.resources.file import Deduced, File
from provision.resources.forward import Forward
from provision.resources.heap import HeapLimit
from provision.resources.link import Link
from provision.resources.release import ResolvedLock
from provision.resources.serve import Serve
from provision.resources.service import Input, Service
from provision.resources.takeover import Takeover
from provision.resources.user import SystemUser
from provision.stacks.access import (
    build_access,
    build_closing,
    build_forward,
    build_kept,
    build_own_mode,
    build_serve,
)
from provision.stacks.basics import build_basics
from provision.stacks.config import build_config
from provision.stacks.entrusted import (
    build_credential,
    build_handover,
    build_token_folders,
    build_tokens,
)
from provision.stacks.funnel import build_funnel
from provision.stacks.questions import build_checks, build_preflight
from provision.stacks.service import build_service, build_unit, build_wrapper
from provision.stacks.software import build_node, build_release
from provision.stacks.tailnet import build_tailnet


@dataclass(frozen=True, slots=True)
class Gateway:
    """The server's stack, and the parts that others ask about."""

    stack: Stack
    credential: Credential
    files: tuple[File, ...]
    serve: Serve
    forward: Forward
    closing: Stack


def build_gateway(
    host: Host, product: Product, *, fresh: Secret, clock: Callable[[], float]
) -> Gateway:
    """The whole wish for one server; `fresh` is a new secret in case it has none, `clock` tells
    the seconds since 1970."""
    node = build_node(host, product)
    package, lock = read_lock(product, full=host.full)
    release = build_release(product, package, lock, node)
    takeover = Takeover(product, host.existing == "take-over", node.binary)
    credential = build_credential(host, product, fresh, takeover)
    handover = build_handover(product, credential)
    tokens, heap = build_tokens(host, product), HeapLimit(product.heap_path)
    tailnet = build_tailnet(host, clock)
    serve = build_serve(host, product, tailnet, fresh)
    forward = build_forward(host, tailnet)
    access = build_access(host, product, tailnet, serve, forward)
    path = f"{product.current}/package-lock.json"  # which release runs
    installed: Input = File(path, lock) if lock else ResolvedLock(release, path)
    others: list[Input] = [credential, *handover, heap, installed, *tokens.values()]

    def build_program(kept: Callable[[Facts], bool]) -> tuple[Deduced, Deduced, Service]:
        own_mode = build_own_mode(host, product, serve, kept)
        config = build_config(host, product, node.binary, takeover, own_mode)
        unit = build_unit(host, product, node.binary, [config, *others], kept)
        return config, unit, build_service(host, product, [unit, config, *others])

    config, unit, service = build_program(build_kept(product, serve))
    funnel = build_funnel(host, product, credential, config)
    wrapper, journald = build_wrapper(host, product, node.binary), _journald(host)
    basics = build_basics(host)
    resources: tuple[Resource, ...] = (
        *basics.first,
        journald,
        node,
        SystemUser(product.name, product.home),
        *_folders(product),
        release,
        takeover,
        credential,
        *handover,
        heap,
        *build_token_folders(product, tokens),
        *tokens.values(),
        *access.first,
        config,
        Link(product.current, f"releases/{product.version}"),
        wrapper,
        unit,
        service,
        *access.last,
        *funnel.last,
        *basics.last,
    )
    before = build_preflight(host, product, (node, release, credential, tokens, takeover), clock)
    before = (*before, *basics.preflight, *access.preflight, *funnel.preflight)
    checks = (*build_checks(host, product), *basics.checks, *access.checks, *funnel.checks)
    stack = Stack(host.name, before, resources, checks, product.full_name)
    itself = product.serves_itself and not serve.wished
    ending = build_program(lambda facts: False) if itself else ()
    closing = build_closing(stack, tailnet, ending, access)
    files = (config.usual, unit.usual, wrapper, journald)
    return Gateway(stack, credential, files, serve, forward, closing)


def _folders(product: Product) -> tuple[Directory, ...]:
    owner = f"{product.name}:{product.name}"
    own = (product.home, f"{product.home}/.{product.name}", f"{product.home}/tmp")
    roots = (product.etc, *([f"{product.etc}/credentials"] if product.credential else []))
    return (
        *(Directory(path, "700", owner) for path in own),
        *(Directory(path, "700") for path in roots),
    )


def _journald(host: Host) -> File:
    return File(
        "/etc/systemd/journald.conf.d/clawprov.conf",
        render("gateway/journald.conf.j2", {"journal_max": host.journal_max}),
        activate=sh("systemctl restart systemd-journald"),
    )
