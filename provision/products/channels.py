"""The chat channels that a token alone sets up, as data; measured on the versions we know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from provision.errors import UnsupportedError
from provision.model.product import Product


@dataclass(frozen=True, slots=True)
class Channel:
    """One chat channel; `policy` and `senders` are paths of keys below `channels.NAME`.

    `tokens` says of each token, by its key in an inventory, in which environment variable the
    gateway looks for it; with `file_key`, the key that names a file, it is read from there.
    """

    tokens: Mapping[str, str]
    policy: tuple[str, ...]
    senders: tuple[str, ...]
    file_key: str = ""


CHANNELS: Mapping[str, Channel] = {
    "telegram": Channel(
        {"token": "TELEGRAM_BOT_TOKEN"}, ("dmPolicy",), ("allowFrom",), file_key="tokenFile"
    ),
    "discord": Channel({"token": "DISCORD_BOT_TOKEN"}, ("dm", "policy"), ("dm", "allowFrom")),
    "slack": Channel(
        {"token": "SLACK_BOT_TOKEN", "app_token": "SLACK_APP_TOKEN"},
        ("dm", "policy"),
        ("dm", "allowFrom"),
    ),
}
_BUNDLED = {"clawdbot": tuple(CHANNELS), "openclaw": ("telegram",)}


def check_channels(host: str, product: Product, names: Iterable[str]) -> None:
    """Raise UnsupportedError for a channel of `host` whose plugin the product does not bring."""
    for name in names:
        if name not in _BUNDLED[product.name]:
            raise UnsupportedError(
                f"{product.title} {product.version} comes without its {name} plugin",
                where=host,
                hint=f"remove `{name}:`, and after `up`: "
                f"clawprov exec {host} -- plugins install @{product.name}/{name}",
            )
