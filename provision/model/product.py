"""What a tool must know about a gateway product."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Product:
    """One gateway product and one exact version of it, as data.

    `engines` is the Node range of that version in npm's notation; `entry` the script below the
    release folder, `arguments` what makes it a gateway in the foreground; `environment` the
    settings without which it misbehaves as a service; `unit` the [Service] lines that only this
    product needs and `sandbox_without` the hardening directives that it does not survive.
    """

    name: str
    version: str
    title: str
    package: str
    engines: str
    entry: str
    arguments: tuple[str, ...]
    env_prefix: str
    environment: Mapping[str, str]
    unit: tuple[str, ...]
    sandbox_without: frozenset[str]
    config: Mapping[str, object]
    validate: tuple[str, ...]
    protocol: int
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
    def root(self) -> str:
        return f"/opt/clawprov/{self.name}"

    @property
    def release(self) -> str:
        return f"{self.root}/releases/{self.version}"

    @property
    def current(self) -> str:
        return f"{self.root}/current"
