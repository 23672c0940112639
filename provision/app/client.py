"""The settings of the gateway's own command line on this laptop."""

from __future__ import annotations

import os
from pathlib import Path

from provision.app.laptop import read_tunnels
from provision.app.server import Wish
from provision.errors import UnsupportedError
from provision.model.laptop import Laptop
from provision.model.product import Product
from provision.model.report import Verdict
from provision.model.secret import Secret
from provision.model.spec import Host
from provision.model.tunnel import Tunnel
from provision.products import find_product
from provision.resources.client_config import ClientConfig


def heed_own_gateway(laptop: Laptop, host: Host, *, asked: bool | None) -> tuple[Verdict, ...]:
    """A note where a gateway of this laptop keeps its settings.

    Raises UnsupportedError where it was `asked` for them to be changed.
    """
    if asked is False or not laptop.gateway:
        return ()
    told = f"as they are: this laptop has a gateway of its own, {laptop.gateway}"
    if asked:
        raise UnsupportedError(
            f"the settings of {host.product} must stay {told}",
            where="this laptop",
            hint=f"{host.product} gateway uninstall, or go without --client-config",
        )
    note = f"the settings of {host.product} stay {told}"
    return (Verdict("laptop:client-config", "", note=note),) if laptop.cli else ()


def choose_config(
    laptop: Laptop, tunnel: Tunnel, wish: Wish, secret: Secret, *, asked: bool | None
) -> ClientConfig | None:
    """The settings that lead the command line through `tunnel`, if it gets any.

    Unless it was `asked` for, those that lead through another tunnel of ours stay.
    """
    if asked is False or (not asked and (laptop.gateway or not laptop.cli)):
        return None
    others = () if asked else tuple(t.url for t in read_tunnels() if t.host != tunnel.host)
    path = config_path(wish.product)
    return ClientConfig(path, tunnel.url, wish.host.auth.kind, secret, others)


def build_no_configs(tunnel: Tunnel, others: tuple[Tunnel, ...]) -> tuple[ClientConfig, ...]:
    """The settings as they were before they led through `tunnel`.

    Of either product: which one a host has may have changed since the tunnel was made.
    """
    urls = tuple(t.url for t in others)
    paths = (config_path(find_product(name)) for name in ("clawdbot", "openclaw"))
    return tuple(ClientConfig(path, tunnel.url, others=urls) for path in paths)


def config_path(product: Product) -> str:
    """The configuration that this laptop's own CLI of a product reads."""
    path = os.environ.get(f"{product.env_prefix}_CONFIG_PATH")
    return str(
        Path(path).expanduser().absolute()
        if path
        else state_folder(product) / f"{product.name}.json"
    )


def state_folder(product: Product) -> Path:
    """Where this laptop's own CLI of a product keeps what it must remember."""
    path = os.environ.get(f"{product.env_prefix}_STATE_DIR") or f"~/.{product.name}"
    return Path(path).expanduser().absolute()
