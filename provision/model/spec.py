"""What a person asks for: one host and its gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from provision.model.secret import Secret

AUTH_KINDS = ("token", "password")
NODESOURCE = "https://deb.nodesource.com"
NODEJS = "https://nodejs.org/dist"


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """Where Node.js comes from.

    `source` apt is a signed repository laid out like NodeSource's (`url`/node_MAJOR.x, `key` an
    armored OpenPGP public key, "" for NodeSource's own); tarball is the official archive below
    `url`, checked against `sha256`, or against the SHASUMS256.txt beside it when that is "".
    `version` is exact, "" for the newest that the gateway's range allows.
    """

    source: Literal["apt", "tarball"] = "apt"
    url: str = ""
    key: str = ""
    version: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class AuthSpec:
    """How clients prove themselves; without `secret` the server's is kept, or one is made."""

    mode: Literal["", "token", "password"] = ""
    secret: Secret | None = None

    @property
    def kind(self) -> str:
        """The mode, a token when none was said."""
        return self.mode or AUTH_KINDS[0]


@dataclass(frozen=True, slots=True)
class Entrusted:
    """A secret that comes in the environment `variable` of whoever runs clawprov.

    Without `value` it is not set there, and the one on the server stays as it is.
    """

    variable: str
    value: Secret | None = None


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """What the agent thinks with: PROVIDER/MODEL names, "" for the gateway's own choice."""

    default: str = ""
    fallbacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """A chat channel: its `tokens` by their keys, and who may write to the agent.

    `allow_from` names senders as the channel does; with `dm_policy` open it is everyone.
    """

    tokens: Mapping[str, Entrusted]
    dm_policy: Literal["pairing", "allowlist", "open", "disabled"] = "pairing"
    allow_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Host:
    """One server with one gateway; ports are TCP ports, an empty text means "not said".

    `identity` is the path of a private key, `host_key` a pinned "TYPE BASE64" or "SHA256:...";
    `full` adds local embeddings; `keys` go into the gateway's environment by their own names;
    `config` is merged into the gateway's configuration file, over all that clawprov puts there.
    """

    name: str
    address: str
    port: int | None = None
    user: str = ""
    identity: str = ""
    host_key: str = ""
    product: Literal["clawdbot", "openclaw"] = "clawdbot"
    version: str = ""
    auth: AuthSpec = AuthSpec()
    profile: Literal["strict", "balanced", "off"] = "balanced"
    gateway_port: int = 18789
    node: NodeSpec = NodeSpec()
    full: bool = False
    journal_max: str = "200M"
    models: ModelSpec = ModelSpec()
    keys: tuple[Entrusted, ...] = ()
    telegram: ChannelSpec | None = None
    discord: ChannelSpec | None = None
    slack: ChannelSpec | None = None
    config: Mapping[str, object] = field(default_factory=dict)

    @property
    def channels(self) -> dict[str, ChannelSpec]:
        """The channels that are wished, by name."""
        named = {"telegram": self.telegram, "discord": self.discord, "slack": self.slack}
        return {name: spec for name, spec in named.items() if spec is not None}

    @property
    def here(self) -> bool:
        """Whether it is this very machine: localhost, with nothing said of a way to it."""
        return self.address == "localhost" and not self.user and self.port is None


@dataclass(frozen=True, slots=True)
class Inventory:
    """All hosts that a person keeps, by name."""

    hosts: Mapping[str, Host] = field(default_factory=dict)
