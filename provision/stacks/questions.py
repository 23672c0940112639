"""What is asked of a server beside its resources: before anything is changed, and afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from provision.checks import dropins, gateway, preflight, rivals
from provision.model.facts import Facts
from provision.model.product import Product
from provision.model.report import Check
from provision.model.spec import Host
from provision.products import find_others
from provision.products.channels import CHANNELS
from provision.products.exposure import reachable
from provision.resources.credential import Credential
from provision.resources.node import SOURCES, NodeArchive, NodePackage
from provision.resources.release import Release
from provision.resources.swap import Swap
from provision.resources.takeover import Takeover
from provision.resources.token import Token
from provision.stacks.existing import find_problem

DISK_MB = {"lean": 1500, "full": 3500}
"""What a release and its download need while it is made."""


def build_preflight(
    host: Host,
    product: Product,
    parts: tuple[NodePackage | NodeArchive, Release, Credential, Mapping[str, Token], Takeover],
    clock: Callable[[], float],
) -> tuple[Check, ...]:
    """What must hold before anything is changed."""
    node, release, credential, tokens, takeover = parts
    source = urlsplit(node.url).netloc
    checks = [
        preflight.supported_system(),
        preflight.needed_tools(),
        preflight.enough_memory(*([Swap(host.basics.swap).coming_mb] if host.basics.swap else [])),
        preflight.enough_disk(release.id, release.digest, DISK_MB["full" if host.full else "lean"]),
        preflight.right_clock(clock),
        preflight.working_names(urlsplit(node.url).hostname or ""),
        preflight.whole_packages(),
        preflight.chosen_version(product.version, product.remark, product.current),
        rivals.own_user(product.name, product.home),
        *_no_others(host, product),
        rivals.no_rivals(
            f"clawprov up {host.name}{_chosen(host)}",
            host.gateway_port,
            lambda facts: find_problem(host, takeover, facts),
            said=host.existing,
        ),
        rivals.free_port(host.gateway_port, product.service, takeover.ending),
    ]
    if isinstance(node, NodePackage):
        checks.append(rivals.no_other_source(source, SOURCES, lambda facts: not node.suits(facts)))
    checks += _known_keys(host, credential, tokens)
    if not host.auth.mode:
        checks.append(rivals.same_auth(host.auth.kind, credential.other))
    return tuple(checks)


def _chosen(host: Host) -> str:
    return "" if host.product == "clawdbot" else f" --product {host.product}"


def _no_others(host: Host, product: Product) -> list[Check]:
    """No other product of ours, unless it is left alone."""
    others = find_others(product) if host.existing != "leave" else ()
    return [rivals.no_other_product(host.name, other) for other in others]


def _known_keys(host: Host, credential: Credential, tokens: Mapping[str, Token]) -> list[Check]:
    """Of every key and token that is not set here, whether the server has it."""
    asked = [(key.variable, key, _has(credential, key.variable)) for key in host.keys]
    for channel, spec in host.channels.items():
        for kind, token in spec.tokens.items():
            name = CHANNELS[channel].tokens[kind]
            there = tokens[channel].there if channel in tokens else _has(credential, name)
            asked.append((name, token, there))
    return [
        preflight.known_key(name, key.variable, there)
        for name, key, there in asked
        if key.value is None
    ]


def _has(credential: Credential, variable: str) -> Callable[[Facts], bool]:
    return lambda facts: bool(credential.value(variable, facts))


def build_checks(host: Host, product: Product) -> tuple[Check, ...]:
    """What must hold of a gateway that runs."""
    return (
        gateway.steady(product.service),
        gateway.loopback_only(product.service, host.gateway_port, exposed=reachable(host)),
        dropins.foreign_drop_ins(product.service),
    )
