"""Clawdbot, the first name of the gateway."""

from __future__ import annotations

from provision.model.product import Product

VERSIONS = ("2026.1.24-3",)
KNOWN_BAD = {
    "2026.1.24": "its package lacks files that it needs",
    "0.1.0": "a placeholder, not the gateway",
}


def clawdbot(version: str) -> Product:
    """What is known of Clawdbot; measured on 2026.1.24-3."""
    return Product(
        name="clawdbot",
        version=version,
        title="Clawdbot",
        engines=">=22.12.0",
        node_major=22,
        node_version="22.23.3",
        scripts=(),
        entry="node_modules/clawdbot/dist/entry.js",
        arguments=("gateway",),
        env_prefix="CLAWDBOT",
        environment={
            "CLAWDBOT_NO_RESPAWN": "1",  # one process, so that systemd watches the right one
            "CLAWDBOT_DISABLE_BONJOUR": "1",  # a server announces itself to nobody
            "CLAWDBOT_SERVICE_MARKER": "clawdbot",  # its own doctor then knows the unit
            "CLAWDBOT_SERVICE_KIND": "gateway",
            "CLAWDBOT_VERSION": version,  # else it calls itself "dev" in the handshake
            "NODE_COMPILE_CACHE": "/var/lib/clawdbot/tmp/node-compile-cache",
        },
        unit=("TimeoutStopSec=20",),
        sandbox_without=frozenset({"MemoryDenyWriteExecute"}),  # Node.js compiles to memory
        config={
            "gateway": {"mode": "local", "bind": "loopback", "auth": {"allowTailscale": False}},
            "browser": {"enabled": False},  # its control port has no authentication
            "canvasHost": {"enabled": False},  # neither has the canvas
        },
        trial=("config", "get", "gateway.mode"),
        channel_plugins=True,  # else it writes that into its file itself, with defaults
        unpairs=False,  # it can only revoke what they hold
        ui_path="overview",
        ui_fields={"token": "Gateway Token", "password": "Password (not stored)"},
        start_limit_s=240,
    )
