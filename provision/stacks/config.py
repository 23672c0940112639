"""The gateway's own configuration file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from provision.model.facts import Facts
from provision.model.product import Product
from provision.model.secret import Secret, hide
from provision.model.shell import Sh, sh
from provision.model.spec import Host
from provision.products.channels import CHANNELS
from provision.products.exposure import check_exposure
from provision.render import render_json
from provision.resources.file import Deduced, File
from provision.resources.takeover import Takeover

TRIAL_S = 240
"""How long the gateway may take to look at it, where an emulated processor needs two minutes."""


def build_config(
    host: Host,
    product: Product,
    node: str,
    takeover: Takeover,
    ways: Callable[[Facts], Mapping[str, object]],
) -> Deduced:
    """The configuration, over the one taken over, if any; `ways` tells what the ways in need."""
    check_exposure(host)

    def deduce(facts: Facts) -> File:
        legacy = takeover.legacy(facts)
        return _build_file(host, product, node, legacy.config if legacy else {}, ways(facts))

    return Deduced(_build_file(host, product, node, {}, {}), deduce)


def _build_file(
    host: Host,
    product: Product,
    node: str,
    legacy: Mapping[str, object],
    ways: Mapping[str, object],
) -> File:
    """The configuration over `legacy`, tried by the very release that is going to read it."""
    wished = {"gateway": {"port": host.gateway_port, "auth": {"mode": host.auth.kind}}}
    path = product.config_path
    trial = sh(
        "tell the gateway tries it\n"
        "timeout {} setpriv --reuid={} --regid={} --init-groups "
        'env -i PATH="$PATH" HOME={} TMPDIR={} {} {} {} '
        + " ".join("{}" for _ in product.trial)
        + " </dev/null || { [ $? != 124 ] || echo it has not ended within {} s; false; }{}",
        TRIAL_S,
        product.name,
        product.name,
        product.home,
        f"{product.home}/tmp",
        f"{product.env_prefix}_CONFIG_PATH={path}.new",
        node,
        f"{product.release}/{product.entry}",
        *product.trial,
        TRIAL_S,
        _forget_backup(product),
    )
    wishes = (
        wished,
        _secret_ref(host, product),
        _models(host),
        _channels(host, product),
        _plugins(host, product, legacy),
        ways,
        host.config,
    )
    text = render_json(merge_all(legacy, product.config, *wishes))
    content = Secret(text, shown=hide(text))
    return File(path, content, "600", f"{product.name}:{product.name}", trial)


def _forget_backup(product: Product) -> Sh:
    """Shell that follows a trial; the backup that goes is one of somebody else's earlier text."""
    if not product.restores_config:
        return sh("")
    owner, backup = f"{product.name}:{product.name}", f"{product.config_path}.bak"
    return sh(" && as {} rm -f {}", owner, backup)


def _secret_ref(host: Host, product: Product) -> dict[str, object]:
    """Where the gateway finds its secret, if that is a credential of systemd's."""
    if not product.credential:
        return {}
    provider = {"source": "file", "path": product.handed_path, "mode": "singleValue"}
    secret = {"source": "file", "provider": "systemd", "id": "value"}
    return {
        "secrets": {"providers": {"systemd": provider}},
        "gateway": {"auth": {host.auth.kind: secret}},
    }


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


def _plugins(host: Host, product: Product, legacy: Mapping[str, object]) -> dict[str, object]:
    """Each channel's plugin enabled beforehand, or the gateway rewrites its file at start."""
    if not product.channel_plugins:
        return {}
    free = [config.get("channels") for config in (host.config, legacy)]
    names = [*host.channels, *(n for c in free if isinstance(c, Mapping) for n in c)]
    names = [name for name in dict.fromkeys(names) if name != "defaults"]
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
