"""What a person asks for: one host and its gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from provision.model.access import ON_TAILNET, SERVED, TailscaleSpec
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
    """How clients prove themselves, and where their secret is on the operator's machine.

    A `secret` that is given, or that `command` (words, run without a shell) prints, becomes the
    server's. Else the server's stays, and one that has none gets `spare`, the copy that is kept
    here, or a new one. `keep` says where that copy is; a `command` has it already.
    """

    mode: Literal["", "token", "password"] = ""
    keep: Literal["file", "keyring", "none"] = "file"
    command: tuple[str, ...] = ()
    secret: Secret | None = None
    spare: Secret | None = None

    @property
    def kind(self) -> str:
        """The mode, a token when none was said."""
        return self.mode or AUTH_KINDS[0]

    @property
    def known(self) -> Secret | None:
        """The secret as far as this machine knows it; the server may have another."""
        return self.secret or self.spare


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
class BasicsSpec:
    """What the server has beside the gateway; what is not wished is left as it is.

    `swap` is a size with M or G; the firewall lets in SSH and `allow`, ports as 443 or 51820/udp.
    """

    updates: bool = False
    swap: str = ""
    time_sync: bool = False
    ssh_keys_only: bool = False
    firewall: bool = False
    allow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TunnelSpec:
    """A tunnel that a laptop keeps; `port` is the laptop's, None for the gateway's or the next.

    `key` is the kind of key that it has, "" for any, made as ed25519; `identity` the path of one
    that is there, or of the public half of one that ssh-agent holds.
    """

    port: int | None = None
    key: Literal["", "ed25519", "rsa"] = ""
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Host:
    """One server with one gateway; ports are TCP ports, an empty text means "not said".

    `identity` is the path of a private key, `host_key` a pinned "TYPE BASE64" or "SHA256:...";
    `unit` are NAME=VALUE lines of the service's unit, over those of the profile;
    `exposed` is the consent to a `config` that lets other machines reach the gateway;
    `existing` says what becomes of a gateway that a person has set up there, "" asks first;
    `full` adds local embeddings; `keys` go into the gateway's environment by their own names;
    `access` are the ways in from other machines, SSH alone when there are none;
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
    unit: tuple[str, ...] = ()
    gateway_port: int = 18789
    exposed: bool = False
    existing: Literal["", "take-over", "leave"] = ""
    node: NodeSpec = NodeSpec()
    full: bool = False
    journal_max: str = "200M"
    basics: BasicsSpec = BasicsSpec()
    models: ModelSpec = ModelSpec()
    keys: tuple[Entrusted, ...] = ()
    telegram: ChannelSpec | None = None
    discord: ChannelSpec | None = None
    slack: ChannelSpec | None = None
    config: Mapping[str, object] = field(default_factory=dict)
    access: tuple[str, ...] = ()
    tailscale: TailscaleSpec = field(default_factory=TailscaleSpec)
    tunnel: TunnelSpec | None = None

    @property
    def channels(self) -> dict[str, ChannelSpec]:
        """The channels that are wished, by name."""
        named = {"telegram": self.telegram, "discord": self.discord, "slack": self.slack}
        return {name: spec for name, spec in named.items() if spec is not None}

    @property
    def on_tailnet(self) -> bool:
        """Whether a way in is wished for which the server must be in a tailnet."""
        return not ON_TAILNET.isdisjoint(self.access)

    @property
    def served(self) -> bool:
        """Whether the gateway is wished to be found over https."""
        return not SERVED.isdisjoint(self.access)

    @property
    def kept_tunnel(self) -> TunnelSpec | None:
        """The tunnel that a laptop is to keep, if any."""
        return self.tunnel or (TunnelSpec() if "ssh-tunnel" in self.access else None)

    @property
    def here(self) -> bool:
        """Whether it is this very machine: localhost, with nothing said of a way to it."""
        return self.address == "localhost" and not self.user and self.port is None


@dataclass(frozen=True, slots=True)
class Inventory:
    """All hosts that a person keeps, by name."""

    hosts: Mapping[str, Host] = field(default_factory=dict)
