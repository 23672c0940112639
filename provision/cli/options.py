"""The options that all verbs on hosts share, and what they make of HOST."""

from __future__ import annotations

import functools
import os
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import click

from provision.cli.files import USUAL, read_inventory
from provision.errors import UsageError
from provision.inventory import parse_target
from provision.inventory.values import GATEWAY_PORT, HOST_KEY, VERSION, WAY
from provision.model.secret import Secret
from provision.model.spec import AUTH_KINDS, Entrusted, Host
from provision.secrets.form import check_secret

Verb = TypeVar("Verb", bound=Callable[..., Any])

_ACCESS = click.option(
    "--access",
    metavar="WAY,...",
    multiple=True,
    help="serve, funnel, tailnet or ssh-tunnel, or several.",
)
_OPTIONS = (
    click.option("-I", "--inventory", metavar="PATH", help=f"Hosts are in this file ({USUAL})."),
    click.option("-i", "--identity", metavar="FILE", help="Log in with this private key."),
    click.option(
        "--host-key", metavar="KEY", help='The server\'s key: "TYPE BASE64" or SHA256:...'
    ),
    click.option("--product", metavar="NAME[@VERSION]", help="clawdbot (default) or openclaw."),
    click.option("--auth", type=click.Choice(["token", "password"]), help="Kind of secret."),
    _ACCESS,
    click.option("--profile", type=click.Choice(["strict", "balanced", "off"]), help="Sandbox."),
    click.option(
        "--existing", type=click.Choice(["take-over", "leave"]), help="A gateway found there."
    ),
    click.option("--gateway-port", metavar="N", help="The gateway listens on this port."),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document."),
    click.option("-v", "--verbose", is_flag=True, help="Show more."),
    click.option("--debug", is_flag=True, help="Show a traceback when something fails."),
)


@dataclass(frozen=True, slots=True)
class Options:
    """The shared options as they were given."""

    inventory: str | None = None
    identity: str | None = None
    host_key: str | None = None
    product: str | None = None
    auth: str | None = None
    access: tuple[str, ...] = ()
    profile: str | None = None
    existing: str | None = None
    gateway_port: str | None = None
    as_json: bool = False
    verbose: bool = False
    debug: bool = False

    def again(self, host: str) -> str:
        """What to type after another verb for it to mean the same; what is secret is not said."""
        return shlex.join([*self.words(), host])

    def words(self) -> list[str]:
        """The options alone."""
        pairs = [
            ("-I", self.inventory),
            ("-i", self.identity),
            ("--host-key", self.host_key),
            ("--product", self.product),
            ("--auth", self.auth),
            *(("--access", way) for way in self.access),
            ("--profile", self.profile),
            ("--existing", self.existing),
            ("--gateway-port", self.gateway_port),
        ]
        return [word for name, value in pairs if value for word in (name, value)]


def host_options(verb: Verb) -> Verb:
    """A verb that takes the shared options; it gets them as one value, `options`."""
    return _taking(verb, _OPTIONS)


def closing_options(verb: Verb) -> Verb:
    """The same for a verb that closes ways in: what it calls --access is its own."""
    return _taking(verb, [option for option in _OPTIONS if option is not _ACCESS])


def _taking(verb: Verb, options: Sequence[Callable[..., Any]]) -> Verb:
    @functools.wraps(verb)
    def with_options(**given: Any) -> Any:
        shared = {name: given.pop(name, ()) for name in Options.__dataclass_fields__}
        return verb(options=Options(**shared), **given)

    for option in reversed(options):
        with_options = option(with_options)
    return with_options  # type: ignore[return-value]


def find_host(word: str, options: Options) -> Host:
    """The host that HOST names, with the options of the command line over the inventory's."""
    inventory, file = read_inventory(options.inventory)
    host = parse_target(word, inventory, file)
    if options.identity:
        host = replace(host, identity=options.identity)
    if options.host_key:
        host = replace(host, host_key=HOST_KEY.parse(options.host_key.strip()))
    if options.access:
        host = replace(host, access=_parse_ways(options.access))
    if options.profile:
        host = replace(host, profile=options.profile)  # type: ignore[arg-type]
    if options.existing:
        host = replace(host, existing=options.existing)  # type: ignore[arg-type]
    if options.gateway_port:
        host = replace(host, gateway_port=GATEWAY_PORT.parse(options.gateway_port))
    if options.auth:
        host = replace(host, auth=replace(host.auth, mode=options.auth))  # type: ignore[arg-type]
    return _with_secret(_with_product(_with_entrusted(host), options.product))


def list_hosts(options: Options) -> list[str]:
    """The names in the inventory; raises UsageError when there is none to take them from."""
    inventory, file = read_inventory(options.inventory)
    if inventory is None or not inventory.hosts:
        what = (
            f"{file} names no host" if inventory else "no HOST was named, and no inventory is here"
        )
        raise UsageError(what, hint="name hosts, or an inventory with -I FILE (clawprov init)")
    return list(inventory.hosts)


def find_inventory(options: Options) -> str:
    """The path of the inventory that counts, "" when there is none."""
    return read_inventory(options.inventory)[1]


def _parse_ways(words: tuple[str, ...]) -> tuple[str, ...]:
    """Each way once, from options that may be given several times and hold several each."""
    try:
        return tuple(dict.fromkeys(WAY.parse(w) for word in words for w in word.split(",")))
    except UsageError as error:
        raise UsageError(f"--access: {error.what}", hint=error.hint) from None


def _with_product(host: Host, wish: str | None) -> Host:
    if not wish:
        return host
    name, at, version = wish.partition("@")
    if name not in ("clawdbot", "openclaw"):
        raise UsageError(f"there is no product {name!r}", hint="--product clawdbot or openclaw")
    same = host.version if name == host.product else ""
    version = VERSION.parse(version) if at else same
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
    given = replace(host.auth, mode=kind, secret=Secret(value))  # type: ignore[arg-type]
    return replace(host, auth=given)


def _with_entrusted(host: Host) -> Host:
    """The keys and tokens whose environment variables are set here."""
    channels = {
        name: replace(spec, tokens={key: _taken(token) for key, token in spec.tokens.items()})
        for name, spec in host.channels.items()
    }
    key = replace(host.tailscale.auth_key, value=_variable(host.tailscale.auth_key.variable))
    tailscale = replace(host.tailscale, auth_key=key)
    keys = tuple(map(_taken, host.keys))
    return replace(host, keys=keys, tailscale=tailscale, **channels)  # type: ignore[arg-type]


def _taken(entrusted: Entrusted) -> Entrusted:
    """With the value of its environment variable, if it is set here."""
    return replace(entrusted, value=_variable(entrusted.variable))


def _variable(name: str) -> Secret | None:
    """What an environment variable holds, if it is set here."""
    value = os.environ.get(name)
    if not value:
        return None
    check_secret(value, f"${name}")
    return Secret(value)
