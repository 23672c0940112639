"""Headscale as the control server of a tailnet: users, keys, nodes and policy, all real."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from provision.lab.authority import TAILNET, issue, make_authority
from provision.lab.host import call
from provision.lab.site import Folder, Site
from tests.tailnet.servers import Server, open_bridge, ports

EVERYONE = {"action": "accept", "src": ["*"], "dst": ["*:*"]}


@dataclass(frozen=True, slots=True)
class Headscale:
    """One tailnet; several may run at once, each with a place and ports of its own."""

    program: Path
    place: Path
    server: Server

    @property
    def url(self) -> str:
        """The login server of its nodes."""
        return f"https://{self.server.site.gateway}:{self.server.port}"

    def call(self, *words: str) -> Any:
        """What Headscale's own command line answers."""
        argv = (str(self.program), "-c", str(self.place / "config.yaml"), *words, "-o", "json")
        return json.loads(call(*argv, seconds=60) or "null")

    def user(self, name: str) -> int:
        """The number of a user, who is there afterwards."""
        for user in self.call("users", "list") or []:
            if user["name"] == name:
                return int(user["id"])
        return int(self.call("users", "create", name)["id"])

    def key(
        self,
        *,
        user: str = "alice",
        tags: tuple[str, ...] = (),
        reusable: bool = False,
        expired: bool = False,
    ) -> str:
        """A key to join with, for one node unless it is reusable."""
        words = ["preauthkeys", "create", "-u", str(self.user(user)), "-e", "24h"]
        words += ["--reusable"] if reusable else []
        words += ["--tags", ",".join(tags)] if tags else []
        made = self.call(*words)
        if expired:
            self.call("preauthkeys", "expire", "-i", str(made["id"]))
        return str(made["key"])

    def register(self, url: str, *, user: str = "alice") -> None:
        """A person has opened the login URL, and has agreed."""
        self.user(user)
        self.call("auth", "register", "--auth-id", url.rsplit("/", 1)[1], "--user", user)

    def nodes(self) -> list[dict[str, Any]]:
        """As Headscale tells of them; `given_name` is the first part of a node's name."""
        return list(self.call("nodes", "list") or [])

    def node(self, name: str) -> dict[str, Any]:
        """The node of this name; raises LookupError."""
        for node in self.nodes():
            if node["given_name"] == name:
                return node
        raise LookupError(f"no node {name}")

    def expire(self, name: str) -> None:
        """The node's key has expired: it has to log in again."""
        self.call("nodes", "expire", "-i", str(self.node(name)["id"]))

    def expire_at(self, name: str, moment: str) -> None:
        """The node's key will expire at a moment such as 2026-12-01T10:00:00Z."""
        self.call("nodes", "expire", "-i", str(self.node(name)["id"]), "-e", moment)

    def keep(self, name: str) -> None:
        """The node's key never expires, as the admin console's switch has it."""
        self.call("nodes", "expire", "-i", str(self.node(name)["id"]), "--disable")

    def rename(self, name: str, to: str) -> None:
        self.call("nodes", "rename", "-i", str(self.node(name)["id"]), to)

    def delete(self, name: str) -> None:
        self.call("nodes", "delete", "-i", str(self.node(name)["id"]), "--force")

    def allow(self, *, https: bool) -> None:
        """Whether nodes may have certificates, as the admin console's switch does it."""
        write_policy(self.place, https=https)
        self.server.reload()

    def start(self) -> None:
        self.server.start()
        deadline = time.monotonic() + 20
        while not (self.place / "headscale.sock").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)


def make_headscale(folder: Folder, site: Site, binaries: Path, name: str) -> Headscale:
    """A tailnet that is not started yet; one that was there before has kept its nodes."""
    place = folder.root / "tailnets" / name
    open_bridge(folder, site)
    port, stun, metrics, remote = ports(place, site, 4)
    if not (place / "config.yaml").exists():
        make_authority(folder)  # no box may have been made on this machine yet
        issue(folder.keys / "authority", place, "control", [f"IP:{site.gateway}"])
        write_policy(place, https=True)
        text = yaml.safe_dump(_config(place, site, (port, stun, metrics, remote)))
        (place / "config.yaml").write_text(text)
    program = binaries / "headscale"
    argv = (str(program), "-c", str(place / "config.yaml"), "serve")
    log = place / "headscale.log"
    return Headscale(program, place, Server(folder, site, f"server-{name}", argv, port, log))


def write_policy(place: Path, *, https: bool) -> None:
    """Everybody reaches everything; alice owns the tag of gateways."""
    attributes = ["disable-captive-portal-detection", *(["https"] if https else [])]
    policy = {
        "acls": [EVERYONE],
        "tagOwners": {"tag:gateway": ["alice@"]},
        "nodeAttrs": [{"target": ["*"], "attr": attributes}],
    }
    (place / "policy.json").write_text(json.dumps(policy))


def _config(place: Path, site: Site, numbers: tuple[int, int, int, int]) -> dict[str, Any]:
    port, stun, metrics, remote = numbers
    relay = {
        "enabled": True,
        "region_id": 999,
        "region_code": "lab",
        "region_name": "lab",
        "stun_listen_addr": f"{site.gateway}:{stun}",
        "private_key_path": str(place / "derp.key"),
        "automatically_add_embedded_derp_region": True,
        "ipv4": site.gateway,
    }
    return {
        "server_url": f"https://{site.gateway}:{port}",
        "listen_addr": f"{site.gateway}:{port}",
        "metrics_listen_addr": f"{site.gateway}:{metrics}",
        "grpc_listen_addr": f"{site.gateway}:{remote}",
        "tls_cert_path": str(place / "control.crt"),
        "tls_key_path": str(place / "control.key"),
        "noise": {"private_key_path": str(place / "noise.key")},
        "prefixes": {"v4": "100.64.0.0/10", "v6": "fd7a:115c:a1e0::/48"},
        "database": {"type": "sqlite", "sqlite": {"path": str(place / "db.sqlite")}},
        "dns": {
            "magic_dns": True,
            "base_domain": TAILNET,
            "override_local_dns": False,
            "nameservers": {"global": []},
        },
        "derp": {"server": relay, "urls": [], "auto_update_enabled": False},
        "disable_check_updates": True,
        "logtail": {"enabled": False},
        "policy": {"mode": "file", "path": str(place / "policy.json")},
        "unix_socket": str(place / "headscale.sock"),
    }
