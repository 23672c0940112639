"""The gateway as a service of systemd, and its command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from provision.errors import UnsupportedError
from provision.model.facts import Facts
from provision.model.product import Product
from provision.model.shell import Sh, sh
from provision.model.spec import AUTH_KINDS, Host
from provision.products.sandbox import SANDBOX
from provision.render import render
from provision.resources.file import Deduced, File
from provision.resources.service import Input, Service

STAMPS = "/run/clawprov"
SETTLE_S = {"plain": 2, "channels": 15}
"""How long a fresh start is watched; one with channels dies late when it cannot reach them."""
_UNIT_SECTION = tuple(
    f"{name}="
    for name in (
        *("After", "Before", "BindsTo", "Conflicts", "OnFailure", "OnSuccess", "PartOf"),
        *("Requires", "RequiresMountsFor", "Wants"),
    )
)
"""Directives of [Unit] that make sense to add; all others are for [Service]."""
_TIED = "PartOf=tailscaled.service"
"""A gateway that holds its own route loses it with tailscaled, and gets it at its start alone."""


def build_unit(
    host: Host, product: Product, node: str, inputs: list[Input], kept: Callable[[Facts], bool]
) -> Deduced:
    """The unit; `kept` tells of a route of the gateway's own that is wished no more."""
    _check_lines(host.unit, product)
    wished = [_TIED] if product.serves_itself and host.served else []
    usual = _build_file(host, product, node, inputs, wished)
    held = _build_file(host, product, node, inputs, [_TIED])
    return Deduced(usual, lambda facts: held if kept(facts) else usual)


def _build_file(
    host: Host, product: Product, node: str, inputs: list[Input], tied: list[str]
) -> File:
    path = _path(product)
    sandbox = [
        line
        for line in SANDBOX[host.profile]
        if line.partition("=")[0] not in product.sandbox_without
    ]
    added = [line for line in host.unit if not line.startswith(_UNIT_SECTION)]
    variables = {
        "product": product,
        "node": node,
        "profile": host.profile,
        "sandbox": sandbox,
        "secrets": [f"{product.env_prefix}_GATEWAY_{kind.upper()}" for kind in AUTH_KINDS],
        "tied": tied,
        "before_service": [*tied, *(line for line in host.unit if line not in added)],
        "added": added,
        "inputs": [path, *(item.path for item in inputs)],
        "stamp_folder": STAMPS,
        "stamp": f"{STAMPS}/{product.name}.started",
    }
    text = render("gateway/gateway.service.j2", variables)
    return File(path, text, trial=_trial(product) if host.unit else None)


def _check_lines(lines: Sequence[str], product: Product) -> None:
    """Raise UnsupportedError for a line under which the product cannot run."""
    for line in lines:
        name, _, value = line.partition("=")
        if name in product.sandbox_without and value.lower() in ("yes", "true", "on", "1"):
            raise UnsupportedError(
                f"{product.title} {product.version} does not survive {line}",
                hint="remove it from `unit:` in the inventory",
            )


def _trial(product: Product) -> Sh:
    """The new unit before systemd, which would pass over in silence what it does not understand."""
    staged, tried = f"{_path(product)}.new", f"{STAMPS}/trial/{product.service}"
    return sh(
        "mkdir -p {}; cp {} {}\n"
        "said=$(systemd-analyze verify --man=no {} 2>&1 | grep -F {} || :); rm {}\n"
        '[ -z "$said" ] || { printf "%s\\n" "$said"; false; }',
        f"{STAMPS}/trial",
        staged,
        tried,
        tried,
        f"{tried}:",
        tried,
    )


def _path(product: Product) -> str:
    return f"/etc/systemd/system/{product.service}"


def build_service(host: Host, product: Product, inputs: list[Input]) -> Service:
    return Service(
        product.service,
        f"{STAMPS}/{product.name}.started",
        inputs,
        host.gateway_port,
        product.start_limit_s,
        SETTLE_S["channels" if host.channels or host.config.get("channels") else "plain"],
    )


def build_wrapper(host: Host, product: Product, node: str) -> File:
    variables = {"product": product, "node": node, "port": host.gateway_port}
    text = render("gateway/wrapper.sh.j2", variables)
    return File(f"/usr/local/bin/{product.name}", text, mode="755")
