"""What a gateway must not do while the whole internet gets to it."""

from __future__ import annotations

from collections.abc import Mapping

PASSWORD_LENGTH = 24
"""Characters; a generated one has 43. Clawdbot lets anybody guess as fast as they can."""


def find_leak(product: str, config: Mapping[str, object]) -> str:
    """What in a product's whole configuration speaks against Funnel, or "".

    Measured on clawdbot 2026.1.24-3 and openclaw 2026.9.6.
    """
    gateway = _part(config, "gateway")
    if _part(gateway, "auth").get("mode") != "password":
        return "it asks for no password (gateway.auth.mode)"
    if product == "clawdbot":
        return _clawdbot(config, gateway)
    return _openclaw(gateway)


def _clawdbot(config: Mapping[str, object], gateway: Mapping[str, object]) -> str:
    if _part(config, "canvasHost").get("enabled") is not False:
        return "its canvas lets in who has no password (canvasHost.enabled)"
    if _part(gateway, "controlUi").get("allowInsecureAuth") is True:
        return "its Control UI pairs no browsers (gateway.controlUi.allowInsecureAuth)"
    return ""


def _openclaw(gateway: Mapping[str, object]) -> str:
    if _part(gateway, "controlUi").get("dangerouslyDisableDeviceAuth") is True:
        return "its Control UI pairs no browsers (gateway.controlUi.dangerouslyDisableDeviceAuth)"
    proxies = gateway.get("trustedProxies")
    if not isinstance(proxies, list) or "127.0.0.1" not in proxies:
        return "it refuses what comes through Funnel (gateway.trustedProxies lacks 127.0.0.1)"
    return ""


def _part(of: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = of.get(key)
    return value if isinstance(value, Mapping) else {}
