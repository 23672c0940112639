"""The gateway's own configuration file."""

from __future__ import annotations

from collections.abc import Mapping

from provision.model.product import Product
from provision.model.secret import Secret, hide
from provision.model.shell import sh
from provision.model.spec import Host
from provision.products.channels import CHANNELS
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
    wishes = (wished, _models(host), _channels(host, product), _plugins(host, product), host.config)
    text = render_json(merge_all(product.config, *wishes))
    content = Secret(text, shown=hide(text))
    return File(path, content, "600", f"{product.name}:{product.name}", trial)


def _models(host: Host) -> dict[str, object]:
    models: dict[str, object] = {}
    if host.models.default:
        models["primary"] = host.models.default
    if host.models.fallbacks:
        models["fallbacks"] = list(host.models.fallbacks)
    return {"agents": {"defaults": {"model": models}}} if models else {}


def token_path(product: Product, channel: str) -> str:
    """The file of a channel's token on the server."""
    return f"{product.home}/.{product.name}/credentials/{channel}.token"


def _channels(host: Host, product: Product) -> dict[str, object]:
    """Who may write on which channel; where tokens come from, but no token."""
    made: dict[str, object] = {}
    for name, spec in host.channels.items():
        channel = CHANNELS[name]
        one: dict[str, object] = {"enabled": True}
        if channel.file_key:
            one[channel.file_key] = token_path(product, name)
        one = merge(one, _nested(channel.policy, spec.dm_policy))
        if senders := ["*"] if spec.dm_policy == "open" else list(spec.allow_from):
            one = merge(one, _nested(channel.senders, senders))
        made[name] = one
    return {"channels": made} if made else {}


def _nested(path: tuple[str, ...], value: object) -> dict[str, object]:
    first, *below = path
    return {first: _nested(tuple(below), value) if below else value}


def _plugins(host: Host, product: Product) -> dict[str, object]:
    """Each channel's plugin enabled beforehand, or the gateway rewrites its file at start."""
    if not product.channel_plugins:
        return {}
    free = host.config.get("channels")
    names = [*host.channels, *(free if isinstance(free, Mapping) else ())]
    names = [name for name in names if name != "defaults"]
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


def merge_all(*layers: Mapping[str, object]) -> dict[str, object]:
    """Nested mappings as one, the later winning."""
    merged: dict[str, object] = {}
    for layer in layers:
        merged = merge(merged, layer)
    return merged
