"""The gateway's own configuration file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

from provision.model.product import Product
from provision.model.secret import Secret, hide
from provision.model.shell import sh
from provision.model.spec import Host
from provision.render import render_json
from provision.resources.file import File


def build_config(host: Host, product: Product, node: str) -> File:
    """The configuration, tried by the very release that is going to read it."""
    wished = {"gateway": {"port": host.gateway_port, "auth": {"mode": host.auth.kind}}}
    path = product.config_path
    trial = sh(
        "tell the gateway tries it\n"
        "timeout 120 setpriv --reuid={} --regid={} --init-groups "
        'env -i PATH="$PATH" HOME={} TMPDIR={} {} {} {} '
        + " ".join("{}" for _ in product.trial)
        + " </dev/null",
        product.name,
        product.name,
        product.home,
        f"{product.home}/tmp",
        f"{product.env_prefix}_CONFIG_PATH={path}.new",
        node,
        f"{product.release}/{product.entry}",
        *product.trial,
    )
    layers = (product.config, wished, _models(host), _plugins(host, product), host.config)
    text = render_json(reduce(merge, layers))
    content = Secret(text, shown=hide(text))
    return File(path, content, "600", f"{product.name}:{product.name}", trial)


def _models(host: Host) -> dict[str, object]:
    models: dict[str, object] = {}
    if host.models.default:
        models["primary"] = host.models.default
    if host.models.fallbacks:
        models["fallbacks"] = list(host.models.fallbacks)
    return {"agents": {"defaults": {"model": models}}} if models else {}


def _plugins(host: Host, product: Product) -> dict[str, object]:
    """Each channel's plugin enabled beforehand, or the gateway rewrites its file at start."""
    channels = host.config.get("channels") if product.channel_plugins else None
    names = [n for n in channels if n != "defaults"] if isinstance(channels, Mapping) else []
    return {"plugins": {"entries": {n: {"enabled": True} for n in names}}} if names else {}


def merge(below: Mapping[str, object], above: Mapping[str, object]) -> dict[str, object]:
    """Two nested mappings as one, `above` winning wherever both speak."""
    result = dict(below)
    for key, value in above.items():
        old = result.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            value = merge(old, value)
        result[key] = value
    return result
