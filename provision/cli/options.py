"""The options that all verbs on hosts share, and what they make of HOST."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import click

from provision.errors import InventoryError, ProvisionError, UsageError
from provision.inventory import parse_inventory, parse_target
from provision.inventory.values import HOST_KEY
from provision.model.secret import Secret
from provision.model.spec import AUTH_KINDS, AuthSpec, Entrusted, Host, Inventory

USUAL = "clawprov.yml"
Verb = TypeVar("Verb", bound=Callable[..., Any])

_OPTIONS = (
    click.option("-I", "--inventory", metavar="PATH", help=f"Hosts are in this file ({USUAL})."),
    click.option("-i", "--identity", metavar="FILE", help="Log in with this private key."),
    click.option(
        "--host-key", metavar="KEY", help='The server\'s key: "TYPE BASE64" or SHA256:...'
    ),
    click.option("--product", metavar="NAME[@VERSION]", help="clawdbot (default) or openclaw."),
    click.option("--auth", type=click.Choice(["token", "password"]), help="Kind of secret."),
    click.option("--profile", type=click.Choice(["strict", "balanced", "off"]), help="Sandbox."),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document."),
    click.option("-v", "--verbose", is_flag=True, help="Show more."),
    click.option("--debug", is_flag=True, help="Show a traceback when something fails."),
)


@dataclass(frozen=True, slots=True)
class Options:
    """The shared options as they were given."""

    inventory: str | None
    identity: str | None
    host_key: str | None
    product: str | None
    auth: str | None
    profile: str | None
    as_json: bool
    verbose: bool
    debug: bool


def host_options(verb: Verb) -> Verb:
    """A verb that takes the shared options; it gets them as one value, `options`."""

    @functools.wraps(verb)
    def with_options(**given: Any) -> Any:
        shared = {name: given.pop(name) for name in Options.__dataclass_fields__}
        return verb(options=Options(**shared), **given)

    for option in reversed(_OPTIONS):
        with_options = option(with_options)
    return with_options  # type: ignore[return-value]


def find_host(word: str, options: Options) -> Host:
    """The host that HOST names, with the options of the command line over the inventory's."""
    inventory, file = _read_inventory(options.inventory)
    host = parse_target(word, inventory, file)
    if options.identity:
        host = replace(host, identity=options.identity)
    if options.host_key:
        host = replace(host, host_key=HOST_KEY.parse(options.host_key.strip()))
    if options.profile:
        host = replace(host, profile=options.profile)  # type: ignore[arg-type]
    if options.auth:
        host = replace(host, auth=replace(host.auth, mode=options.auth))  # type: ignore[arg-type]
    return _with_secret(_with_product(_with_entrusted(host), options.product))


def _with_product(host: Host, wish: str | None) -> Host:
    if not wish:
        return host
    name, _, version = wish.partition("@")
    if name not in ("clawdbot", "openclaw"):
        raise UsageError(f"there is no product {name!r}", hint="--product clawdbot or openclaw")
    return replace(host, product=name, version=version)  # type: ignore[arg-type]


def _with_secret(host: Host) -> Host:
    """The secret that the gateway's own environment variable holds, if it is set here.

    Which variable is set decides between token and password where nothing else does.
    """
    names = {kind: f"{host.product.upper()}_GATEWAY_{kind.upper()}" for kind in AUTH_KINDS}
    said = [host.auth.mode] if host.auth.mode else AUTH_KINDS
    kind = next((kind for kind in said if os.environ.get(names[kind])), None)
    if kind is None:
        return host
    name = names[kind]
    value = os.environ[name]
    check_secret(value, f"${name}")
    return replace(host, auth=AuthSpec(kind, Secret(value)))  # type: ignore[arg-type]


def _with_entrusted(host: Host) -> Host:
    """The keys and tokens whose environment variables are set here."""
    channels = {
        name: replace(spec, tokens={key: _taken(token) for key, token in spec.tokens.items()})
        for name, spec in host.channels.items()
    }
    return replace(host, keys=tuple(map(_taken, host.keys)), **channels)  # type: ignore[arg-type]


def _taken(entrusted: Entrusted) -> Entrusted:
    """With the value of its environment variable, if it is set here."""
    value = os.environ.get(entrusted.variable)
    if not value:
        return entrusted
    check_secret(value, f"${entrusted.variable}")
    return replace(entrusted, value=Secret(value))


def check_secret(value: str, name: str) -> None:
    """Raise UsageError when `value`, called `name`, cannot be a secret; it is not told."""
    if not value:
        raise UsageError(f"{name} is empty", hint="type or pipe one line")
    if value != value.strip() or not value.isprintable():
        raise UsageError(
            f"{name} has a control character, or a space at one of its ends",
            hint="give it again without; `openssl rand -hex 32` makes a good one",
        )


def _read_inventory(given: str | None) -> tuple[Inventory | None, str]:
    """The inventory of -I, of $CLAWPROV_INVENTORY, or the one that lies here; else none."""
    path = given or os.environ.get("CLAWPROV_INVENTORY")
    if not path and not Path(USUAL).is_file():
        return None, ""
    path = path or USUAL
    return parse_inventory(_read(path), path, _read), path


def _read(path: str) -> str:
    """A file's text; raises InventoryError that says why it cannot be read."""
    try:
        return Path(path).expanduser().read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise _unreadable(path, f"is not UTF-8 at byte {error.start}") from error
    except OSError as error:
        raise _unreadable(path, (error.strerror or str(error)).lower()) from error


def _unreadable(path: str, why: str) -> InventoryError:
    problem = ProvisionError(
        f"cannot read it: {why}", where=path, hint="name the file with -I PATH"
    )
    return InventoryError([problem])
