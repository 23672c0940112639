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
    `start_limit_s` how long its first start may take.
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
    start_limit_s: int

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
