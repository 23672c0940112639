"""What a server says about its gateway, asked with the server's own tools alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

HEALTH = {"clawdbot": "health", "openclaw": "gateway health"}
"""What asks each product's gateway how it is, and needs its secret for that."""


SECRETS = {
    "clawdbot": r"tr '\0' '\n' </proc/{pid}/environ | "
    r"sed -n 's/^CLAWDBOT_GATEWAY_\(TOKEN\|PASSWORD\)=//p'",
    "openclaw": "cat /etc/openclaw/credentials/gateway-secret",
}
"""What prints each product's secret, from where its gateway reads it."""


@dataclass
class Gateway:
    """A gateway on a host that testinfra reaches."""

    host: Any
    product: str

    @property
    def unit(self) -> str:
        return f"{self.product}-gateway.service"

    @property
    def home(self) -> str:
        return f"/var/lib/{self.product}"

    @property
    def config(self) -> str:
        return f"{self.home}/.{self.product}/{self.product}.json"

    @property
    def current(self) -> str:
        return f"/opt/clawprov/{self.product}/current"

    def says(self, command: str, *words: str) -> str:
        """What a command prints that must succeed."""
        return self.host.check_output(command, *words)

    def systemd(self, name: str) -> str:
        """A property of the unit, as systemd has it in memory."""
        line = self.says("systemctl show %s -p %s", self.unit, name)
        return line.partition("=")[2]

    @property
    def sandboxed(self) -> bool:
        """Its unit has one of clawprov's hardening profiles, and no lines of its owner's."""
        unit = self.says("cat /etc/systemd/system/%s", self.unit)
        return "\n# Hardening profile " in unit and "\n# From `unit:` " not in unit

    @cached_property
    def wish(self) -> dict[str, Any]:
        """The part `gateway` of the gateway's own configuration."""
        return dict(json.loads(self.says("cat %s", self.config))["gateway"])

    @property
    def port(self) -> int:
        return int(self.wish["port"])

    @property
    def secret(self) -> str:
        """A shell command that prints the gateway's secret; it is in no argument of it."""
        return SECRETS[self.product].format(pid=self.systemd("MainPID"))

    def health(self) -> int:
        """The exit code of the wrapper for root, with the home that the gateway has."""
        return self.host.run(f"/usr/local/bin/%s {HEALTH[self.product]}", self.product).rc

    def health_of_newcomer(self, *, secret: bool) -> int:
        """The exit code of the wrapper for a client that the gateway has never seen before.

        Such a client has an empty home, so that nothing but the secret can let it in.
        """
        words = HEALTH[self.product]
        source = "" if secret else r"s|done <.*|done </dev/null|;"
        return self.host.run(
            "home=$(mktemp -d); chown %s $home; trap 'rm -rf $home' EXIT; "
            f'sed "{source}s|^HOME=.*|HOME=$home|" /usr/local/bin/%s | sh -s -- {words}',
            self.product,
            self.product,
        ).rc

    @property
    def node(self) -> str:
        """The Node.js that the gateway runs on."""
        return self.says("readlink /proc/%s/exe", self.systemd("MainPID"))


def find_gateway(host: Any, product: str = "") -> Gateway:
    """The gateway whose unit is there; with `product`, that one of two."""
    wanted = [product] if product else HEALTH
    found = [p for p in wanted if host.file(f"/etc/systemd/system/{p}-gateway.service").exists]
    assert found, f"no gateway {product}".rstrip() + " of clawprov is set up on this host"
    return Gateway(host, found[0])
