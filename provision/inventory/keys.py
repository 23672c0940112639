"""The keys of an inventory: one table, from which parsing and all hints are derived."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from provision.inventory import agent, values
from provision.inventory.address import ADDRESS, NAME, PORT, USER
from provision.inventory.form import Form
from provision.inventory.unit import UNIT_LINE
from provision.model.access import ON_TAILNET
from provision.products.channels import CHANNELS, Channel

# A key that does not go with the others, and why.
Misfit: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Path:
    """A path, seen from the inventory's folder; with `contents`, what the file there holds."""

    contents: Callable[[str], str] | None = None


@dataclass(frozen=True, slots=True)
class Several:
    """A list of values of one form, each of them once; one may stand alone where `or_one`."""

    of: Form[object]
    or_one: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """The words of a command: a list, or one text that is split as a shell splits it."""


@dataclass(frozen=True, slots=True)
class Free:
    """A mapping of any keys to anything that JSON can say, except secrets at these places."""

    without: frozenset[str]


def _nothing_amiss(given: Mapping[str, object]) -> Iterator[Misfit]:
    yield from ()


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping with known keys, all optional.

    `elsewhere` says of keys that people look for here where they belong; `misfits` names keys
    that are right by themselves and wrong together.
    """

    keys: Mapping[str, Entry]
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    misfits: Callable[[Mapping[str, object]], Iterator[Misfit]] = _nothing_amiss


@dataclass(frozen=True, slots=True)
class Each:
    """A mapping of free names to tables of one kind."""

    names: Form[str]
    of: Table


Entry: TypeAlias = "Form[object] | Path | Several | Command | Free | Table | Each"


def _node_misfits(given: Mapping[str, object]) -> Iterator[Misfit]:
    tarball = given.get("source") == "tarball"
    if "key" in given and tarball:
        yield "key", "signs apt repositories only; a tarball is checked against sha256"
    plain = str(given.get("url", "")).startswith("http:")
    if tarball and plain and "sha256" not in given:
        yield "url", "runs as root what comes unchecked over http; add `sha256:`, or use https"
    if "sha256" in given and not tarball:
        yield "sha256", "is for a tarball only; add `source: tarball` or use key"
    elif "sha256" in given and "version" not in given:
        yield "sha256", "belongs to one exact version; add `version:` beside it"


AUTH = Table({"mode": values.AUTH_MODE, "keep": values.KEEP, "command": Command()})
NODE = Table(
    {
        "source": values.NODE_SOURCE,
        "url": values.URL,
        "key": Path(contents=values.parse_public_key),
        "version": values.NODE_VERSION,
        "sha256": values.SHA256,
    },
    misfits=_node_misfits,
)


def _tailscale_misfits(given: Mapping[str, object]) -> Iterator[Misfit]:
    keys = [name for name in ("auth_key", "auth_key_file", "auth_key_command") if name in given]
    for name in keys[1:]:
        yield name, f"and {keys[0]} both say where the key is; remove one of the two"


def _host_misfits(given: Mapping[str, object]) -> Iterator[Misfit]:
    ways = given.get("access")
    if "tailscale" in given and isinstance(ways, tuple) and ways and ON_TAILNET.isdisjoint(ways):
        yield "tailscale", "is of no use here; add `access: tailscale-serve`, or remove it"


def _channel_misfits(given: Mapping[str, object]) -> Iterator[Misfit]:
    policy, senders = given.get("dm_policy"), given.get("allow_from")
    if policy == "allowlist" and not senders:
        yield "dm_policy", "lets nobody write; add `allow_from: [...]` beside it"
    if policy == "open" and isinstance(senders, tuple) and senders and "*" not in senders:
        yield "allow_from", "names senders, and open lets everyone write; use dm_policy: allowlist"


def _channel(channel: Channel) -> Table:
    tokens: dict[str, Entry] = dict.fromkeys(channel.tokens, agent.VARIABLE)
    who: dict[str, Entry] = {"dm_policy": agent.DM_POLICY, "allow_from": Several(agent.SENDER)}
    return Table({**tokens, **who}, misfits=_channel_misfits)


BASICS = Table(
    {
        "updates": values.BOOLEAN,
        "swap": values.SWAP,
        "time_sync": values.BOOLEAN,
        "ssh_keys_only": values.BOOLEAN,
        "firewall": values.BOOLEAN,
        "allow": Several(values.ALLOWED),
    }
)
MODELS = Table({"default": agent.MODEL, "fallbacks": Several(agent.MODEL)})
TAILSCALE = Table(
    {
        "auth_key": agent.VARIABLE,
        "auth_key_file": Path(),
        "auth_key_command": Command(),
        "tags": Several(values.TAG),
        "hostname": values.HOSTNAME,
        "login_server": values.URL,
        "version": values.TAILSCALE_VERSION,
        "url": values.URL,
        "key": Path(contents=values.parse_public_key),
    },
    misfits=_tailscale_misfits,
)
TUNNEL = Table({"port": values.LOCAL_PORT, "key": values.TUNNEL_KEY, "identity": Path()})
_TABLES = {"tailscale": TAILSCALE, "auth": AUTH, "basics": BASICS, "node": NODE, "models": MODELS}
_INNER = {key: f"under {name}:" for name, table in _TABLES.items() for key in table.keys}
_OWN = "in each host, not in defaults:"

HOST = Table(
    {
        "address": ADDRESS,
        "port": PORT,
        "user": USER,
        "identity": Path(),
        "host_key": values.HOST_KEY,
        "product": values.PRODUCT,
        "version": values.VERSION,
        "auth": AUTH,
        "profile": values.PROFILE,
        "unit": Several(UNIT_LINE),
        "gateway_port": values.GATEWAY_PORT,
        "exposed": values.BOOLEAN,
        "existing": values.EXISTING,
        "node": NODE,
        "full": values.BOOLEAN,
        "journal_max": values.SIZE,
        "basics": BASICS,
        "models": MODELS,
        "keys": Several(agent.KEY),
        **{name: _channel(channel) for name, channel in CHANNELS.items()},
        "config": Free(without=frozenset({"gateway.auth.token", "gateway.auth.password"})),
        "access": Several(values.WAY, or_one=True),
        "tailscale": TAILSCALE,
        "tunnel": TUNNEL,
    },
    elsewhere=_INNER,
    misfits=_host_misfits,
)
DEFAULTS = Table(
    {name: entry for name, entry in HOST.keys.items() if name not in ("address", "host_key")},
    elsewhere={**_INNER, "address": _OWN, "host_key": _OWN},
    misfits=_host_misfits,
)
INVENTORY = Table(
    {"defaults": DEFAULTS, "hosts": Each(NAME, HOST)},
    elsewhere=dict.fromkeys(HOST.keys, "under a host, or under defaults:"),
)
