"""What a tool must know about a gateway product."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Product:
    """One gateway product and one exact version of it, as data.

    `engines` is the Node range of that version in npm's notation, `node_major` the line of Node
    that we choose from it, `node_version` the release of that line when it must be exact;
    `scripts` names the packages whose install scripts must run; `entry` is the script below the
    release folder, `arguments` what makes it a gateway in the foreground; `environment` the
    settings without which it misbehaves as a service; `unit` the [Service] lines that only this
    product needs, `sandbox_without` the hardening directives that it does not survive; `trial`
    the arguments with which it reads its configuration and says whether it is valid;
    `credential` names the systemd credential from which it reads its secret, "" when it reads its
    environment alone; `restores_config` says that it would rather have its own backup than a
    configuration that became much smaller;
    `serves_itself` that it publishes itself on a tailnet, as Tailscale's operator, or nobody does;
    `unpairs` whether it can forget a paired device, not only what that device holds;
    `ui_path` the page of its Control UI that asks for the secret, `ui_fields` how it calls the
    field for each kind of secret;
    `start_limit_s` how long its first start may take.

    `integrity` is the SHA-512 of the package's tarball, in npm's notation, of a version that ships
    no lock file here; `remark` is what a person should know about the choice of this version.
    """

    name: str
    version: str
    title: str
    engines: str
    node_major: int
    node_version: str
    scripts: tuple[str, ...]
    entry: str
    arguments: tuple[str, ...]
    env_prefix: str
    environment: Mapping[str, str]
    unit: tuple[str, ...]
    sandbox_without: frozenset[str]
    config: Mapping[str, object]
    trial: tuple[str, ...]
    channel_plugins: bool
    unpairs: bool
    ui_path: str
    ui_fields: Mapping[str, str]
    start_limit_s: int
    credential: str = ""
    restores_config: bool = False
    serves_itself: bool = False
    integrity: str = ""
    remark: str = ""

    @property
    def full_name(self) -> str:
        """NAME@VERSION, as npm writes it and `--product` takes it."""
        return f"{self.name}@{self.version}"

    @property
    def service(self) -> str:
        return f"{self.name}-gateway.service"

    @property
    def home(self) -> str:
        return f"/var/lib/{self.name}"

    @property
    def config_path(self) -> str:
        return f"{self.home}/.{self.name}/{self.name}.json"

    @property
    def etc(self) -> str:
        return f"/etc/{self.name}"

    @property
    def secret_path(self) -> str:
        return f"{self.etc}/gateway.env"

    @property
    def credential_path(self) -> str:
        return f"{self.etc}/credentials/{self.credential}"

    @property
    def handed_path(self) -> str:
        """Where the running gateway finds its secret, on no disk."""
        return f"/run/{self.name}/{self.credential}"

    @property
    def heap_path(self) -> str:
        return f"{self.etc}/memory.env"

    @property
    def root(self) -> str:
        return f"/opt/clawprov/{self.name}"

    @property
    def release(self) -> str:
        return f"{self.root}/releases/{self.version}"

    @property
    def current(self) -> str:
        return f"{self.root}/current"
