"""The secrets of a gateway that a person has set up."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from provision.model.product import Product
from provision.products.installed import Installed

_KEPT = re.compile(
    r"[A-Z][A-Z0-9_]*_(?:API_KEY|KEY|KEY_ID|TOKEN|SECRET|PAT)|(?:AWS|AZURE|GOOGLE)_[A-Z0-9_]+"
)
_OWN = re.compile(r"(?:CLAWDBOT|MOLTBOT|OPENCLAW|NPM|NODE|SSH|XDG)_.*")


def pop_access(config: dict[str, Any]) -> dict[str, Any]:
    """The gateway's secrets by their kinds, and their mode, taken out of its configuration.

    So is its own use of Tailscale, which a service's user has no right to. OpenClaw may have a
    reference in the place of a secret: a mapping of `source`, `id` and others.
    """
    gateway = config.get("gateway")
    if not isinstance(gateway, dict):
        return {}
    gateway.pop("tailscale", None)
    auth = gateway.get("auth")
    if not isinstance(auth, dict):
        return {}
    return {kind: auth.pop(kind, None) for kind in ("token", "password", "mode")}


def _variables(product: Product) -> dict[str, str]:
    """The variables in which the product takes a secret, by the secrets' kinds."""
    return {k: f"{product.env_prefix}_GATEWAY_{k.upper()}" for k in ("token", "password")}


def _find_secret(told: object, known: Mapping[str, str], variable: str) -> str:
    """A secret as the configuration tells it, or where that is silent, the environment."""
    match told:
        case {"source": "env", "id": str(name)}:
            return known.get(name, "")
        case dict():
            return ""
        case str() if told:
            return told
    return known.get(variable, "")


def find_reference(
    access: Mapping[str, Any], product: Product, environment: Mapping[str, str]
) -> str:
    """Which kind of secret is a reference to what the environment has not, or ""."""
    for kind, variable in _variables(product).items():
        referred = isinstance(access.get(kind), dict) and access.get("mode") in (None, kind)
        if referred and variable not in environment:
            return kind
    return ""


def build_environment(one: Installed, product: Product, auth: Mapping[str, Any]) -> dict[str, str]:
    """The gateway's one secret, and what providers ask for, by their variables.

    As with the gateway itself, its configuration wins over its environment, and that over .env.
    """
    lines = one.dotenv.split("\n") + _unit_lines(one.unit_env) + one.environ.split("\n")
    pairs = (line.strip().removeprefix("export ").partition("=") for line in lines)
    known = {name: _unquoted(value) for name, mark, value in pairs if mark}
    kept = {n: v for n, v in known.items() if v and _KEPT.fullmatch(n) and not _OWN.fullmatch(n)}
    variables = _variables(product)
    secrets = {kind: _find_secret(auth.get(kind), known, variables[kind]) for kind in variables}
    mode = auth.get("mode")
    kind = mode if isinstance(mode, str) else "password" if secrets["password"] else "token"
    if secret := secrets.get(kind):
        kept[variables[kind]] = secret
    return {name: value for name, value in kept.items() if value.isprintable()}


def _unquoted(value: str) -> str:
    value = value.strip()
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def _unit_lines(text: str) -> list[str]:
    """The assignments of a unit's Environment= lines."""
    words: list[str] = []
    for line in text.split("\n"):
        try:
            words += shlex.split(line.partition("=")[2])
        except ValueError:
            continue  # a quote that nothing closes, which systemd passes over, too
    return words
