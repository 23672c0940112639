"""What in a wish would let more people in than clawprov vouches for, or nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from provision.errors import UnsupportedError
from provision.model.access import ON_TAILNET
from provision.model.spec import Host

BINDS = ("loopback", "lan", "tailnet", "auto", "custom")
_THROUGH_SSH = "remove it; the gateway is reached through SSH"
_CONSENT = f"add `exposed: true` beside `config:` if that is what you want, or {_THROUGH_SSH}"
_GATEWAY = ("config", "gateway")
_CLAWDBOT = {  # measured on 2026.1.24-3
    "tailnet": "clawdbot then leaves loopback, where tunnels and the proof reach it",
    "custom": "clawdbot takes custom for every address there is, and no other can be said",
}


@dataclass(frozen=True, slots=True)
class Risk:
    """A setting of a host, by its `path` of keys, that is refused as it is."""

    path: tuple[str, ...]
    what: str
    hint: str


def find_risk(host: Host) -> Risk | None:
    """What must not be so in a host, None when all is well."""
    gateway = host.config.get("gateway", {})
    if not isinstance(gateway, Mapping):
        return Risk(_GATEWAY, "expected a mapping of keys", "remove it")
    risks = _auth(gateway), _place(gateway, host), _bind(gateway, host), _tailscale(gateway)
    return next(filter(None, risks), None) or _access(host)


def _auth(gateway: Mapping[str, object]) -> Risk | None:
    auth = gateway.get("auth", {})
    if not isinstance(auth, Mapping):
        return Risk((*_GATEWAY, "auth"), "expected a mapping of keys", "remove it")
    if "mode" not in auth:
        return None
    path, hint = (*_GATEWAY, "auth", "mode"), "remove it; `auth: {mode: token}` or password says it"
    if auth["mode"] == "none":
        what = "without authentication every user and program of the server is let in"
        return Risk(path, what, hint)
    return Risk(path, "how clients prove themselves is said elsewhere", hint)


def _place(gateway: Mapping[str, object], host: Host) -> Risk | None:
    if gateway.get("port", host.gateway_port) != host.gateway_port:
        what = "on which port the gateway listens is said elsewhere"
        return Risk(
            (*_GATEWAY, "port"), what, "remove it; `gateway_port:` beside `config:` says it"
        )
    if gateway.get("mode", "local") != "local":
        what = "only a gateway in mode local starts on a server"
        return Risk((*_GATEWAY, "mode"), what, "remove it")
    return None


def _bind(gateway: Mapping[str, object], host: Host) -> Risk | None:
    path, bind = (*_GATEWAY, "bind"), gateway.get("bind", "loopback")
    if bind not in BINDS:
        return Risk(path, f"expected {', '.join(BINDS[:-1])} or {BINDS[-1]}", _THROUGH_SSH)
    if bind == "loopback":
        return None
    if host.product == "clawdbot" and bind in _CLAWDBOT:
        return Risk(path, _CLAWDBOT[str(bind)], f"say lan, or {_THROUGH_SSH}")
    if not host.exposed:
        return Risk(path, f"{bind} opens the gateway to other machines", _CONSENT)
    return None


def _tailscale(gateway: Mapping[str, object]) -> Risk | None:
    tailscale = gateway.get("tailscale")
    mode = tailscale.get("mode", "off") if isinstance(tailscale, Mapping) else "off"
    if mode == "off":
        return None
    what = "who may publish the gateway on Tailscale, and how, is said elsewhere"
    hint = "remove it; `access: tailscale-serve` beside `config:` says it"
    return Risk((*_GATEWAY, "tailscale", "mode"), what, hint)


def _access(host: Host) -> Risk | None:
    ways = [way for way in host.access if way in ON_TAILNET]
    if ways and reachable(host):
        what = f"{ways[0]} leads to the gateway on loopback, and here it listens elsewhere"
        return Risk(("access",), what, "take one of the two")
    if "tailscale-funnel" in host.access and host.auth.kind != "password":
        what = "a gateway that the whole internet can knock at needs a password"
        return Risk(("access",), what, "add `auth: {mode: password}`, or say tailscale-serve")
    return _canvas(host) if "tailscale-funnel" in host.access else None


def _canvas(host: Host) -> Risk | None:
    canvas = host.config.get("canvasHost", {"enabled": False})
    if host.product != "clawdbot" or canvas == {"enabled": False}:
        return None
    what = "the canvas asks for no password, and Funnel shows it to the whole internet"
    return Risk(("config", "canvasHost"), what, "remove it, or say tailscale-serve")


def check_exposure(host: Host) -> None:
    """Raise UnsupportedError for what an inventory was not yet able to know of, such as options."""
    if risk := find_risk(host):
        raise UnsupportedError(
            f"{'.'.join(risk.path)}: {risk.what}", where=host.name, hint=risk.hint
        )


def reachable(host: Host) -> bool:
    """Whether the gateway is wished to listen on more than loopback."""
    gateway = host.config.get("gateway")
    return isinstance(gateway, Mapping) and gateway.get("bind", "loopback") != "loopback"
