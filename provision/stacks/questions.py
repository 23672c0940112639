"""What is asked of a server beside its resources: before anything is changed, and afterwards."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from provision.checks import gateway, preflight, rivals
from provision.model.facts import Facts
from provision.model.product import Product
from provision.model.report import Check
from provision.model.spec import Host
from provision.resources.credential import Credential
from provision.resources.node import SOURCES, NodeArchive, NodePackage
from provision.resources.release import Release

DISK_MB = {"lean": 1500, "full": 3500}
"""What a release and its download need while it is made."""


def build_preflight(
    host: Host,
    product: Product,
    parts: tuple[NodePackage | NodeArchive, Release, Credential],
    clock: Callable[[], float],
) -> tuple[Check, ...]:
    """What must hold before anything is changed."""
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
    checks += [
        preflight.known_key(key.variable, key.variable, _has(credential, key.variable))
        for key in host.keys
        if key.value is None
    ]
    if not host.auth.mode:
        checks.append(rivals.same_auth(host.auth.kind, credential.other))
    return tuple(checks)


def _has(credential: Credential, variable: str) -> Callable[[Facts], bool]:
    return lambda facts: bool(credential.value(variable, facts))


def build_checks(host: Host, product: Product) -> tuple[Check, ...]:
    """What must hold of a gateway that runs."""
    return (
        gateway.steady(product.service),
        gateway.loopback_only(product.service, host.gateway_port),
    )
