"""OpenClaw, Clawdbot's successor."""

from __future__ import annotations

from provision.model.product import Product

VERSIONS = ("2026.9.6",)
KNOWN_BAD = {
    "2026.8.1": "it is reported to skip the migrations of its data, and then not to start",
    "2026.4.24": "its announcement by mDNS is reported to crash it again and again",
    "0.0.1": "a placeholder, not the gateway",
}


def openclaw(version: str) -> Product:
    """What is known of OpenClaw; measured on 2026.9.6."""
    return Product(
        name="openclaw",
        version=version,
        title="OpenClaw",
        engines=">=24.16.0 <25 || >=26.1.0",
        node_major=24,
        node_version="24.21.0",
        scripts=("openclaw",),  # it refuses to start before its own has run
        entry="node_modules/openclaw/openclaw.mjs",
        arguments=("gateway", "run"),
        env_prefix="OPENCLAW",
        environment={
            "OPENCLAW_SERVICE_REPAIR_POLICY": "external",  # its doctor leaves our unit alone
            "OPENCLAW_SERVICE_MARKER": "openclaw",
            "OPENCLAW_SERVICE_KIND": "gateway",
            "OPENCLAW_DISABLE_BONJOUR": "1",
            "OPENCLAW_NO_AUTO_UPDATE": "1",
        },
        unit=(
            "RestartPreventExitStatus=78",  # a configuration error does not heal by itself
            "SuccessExitStatus=0 143",
            "KillMode=mixed",
            "TimeoutStopSec=60",
        ),
        sandbox_without=frozenset(
            {
                "MemoryDenyWriteExecute",  # Node.js compiles to memory
                "RestrictSUIDSGID",  # it needs openat2(), which that hides
            }
        ),
        config={"gateway": {"mode": "local", "bind": "loopback"}},
        trial=("config", "validate", "--json"),
        channel_plugins=False,
        unpairs=True,
        ui_path="",
        ui_fields=dict.fromkeys(("token", "password"), "Gateway secret"),
        start_limit_s=240,
        credential="gateway-secret",
        restores_config=True,
        serves_itself=True,
    )
