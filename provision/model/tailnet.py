"""A server as its own Tailscale sees it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

CONTROL = "https://controlplane.tailscale.com"
SOON_S = 14 * 86400
"""A login that ends within this time is a fault; a later end is worth a word."""
_SYNONYMS = ("", "https://login.tailscale.com", CONTROL)
_ON = ("Running", "Starting")


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a tailnet; what Tailscale did not say is empty.

    `state` is "" where no daemon answers, else one of NoState, NeedsLogin, NeedsMachineAuth,
    Stopped, Starting, Running. `name` is the MagicDNS name without its last dot, and `asked` the
    first part that it would have; `caps` are the names of what the tailnet allows it, `key_expiry`
    is in seconds since 1970, None for never; `prefs` are its own settings as `tailscale debug
    prefs` has them. That a key is there (`keyed`) says that it was logged in once.
    """

    state: str = ""
    id: str = ""
    version: str = ""
    name: str = ""
    asked: str = ""
    ips: tuple[str, ...] = ()
    caps: frozenset[str] = frozenset()
    cert_domains: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    user: str = ""
    tailnet: str = ""
    magic_dns: bool = False
    key_expiry: float | None = None
    keyed: bool = False
    expired: bool = False
    auth_url: str = ""
    health: tuple[str, ...] = ()
    prefs: Mapping[str, object] = field(default_factory=dict)

    @property
    def joined(self) -> bool:
        """Whether it is in a tailnet, up and known there by name."""
        return self.state == "Running" and bool(self.name)

    @property
    def on(self) -> bool:
        """Whether it is in a tailnet or on its way into the one that it knows."""
        return self.state in _ON

    @property
    def control_url(self) -> str:
        return same_control(_text(self.prefs, "ControlURL"))

    @property
    def hostname(self) -> str:
        """The name that it asks for, "" for the machine's own; it may be called otherwise."""
        return _text(self.prefs, "Hostname")

    @property
    def operator(self) -> str:
        """The user who may give orders to its Tailscale, "" for root alone."""
        return _text(self.prefs, "OperatorUser")

    @property
    def locked_out(self) -> bool:
        """Whether tailnet lock keeps it from all others until somebody signs it."""
        return any("locked out" in line for line in self.health)


def same_control(url: str) -> str:
    """The control server that `url` means; Tailscale's own has several names, and needs none."""
    url = url.rstrip("/")
    return CONTROL if url in _SYNONYMS else url


def parse_node(status: str, prefs: str = "") -> Node:
    """The node of `tailscale status --json --peers=false` and `tailscale debug prefs`.

    Neither format is promised: what is missing, or not what it should be, counts as not said.
    """
    top, own = _object(status), _object(prefs)
    me, net = _mapping(top, "Self"), _mapping(top, "CurrentTailnet")
    user = _mapping(_mapping(top, "User"), str(me.get("UserID", "")))
    return Node(
        state=_text(top, "BackendState"),
        id=_text(me, "ID"),
        version=_text(top, "Version").partition("-")[0],
        name=_text(me, "DNSName").rstrip("."),
        asked=_text(me, "HostName"),
        ips=_texts(top, "TailscaleIPs") or _texts(me, "TailscaleIPs"),
        caps=frozenset(_mapping(me, "CapMap")) | frozenset(_texts(me, "Capabilities")),
        cert_domains=_texts(top, "CertDomains"),
        tags=_texts(me, "Tags"),
        user=_text(user, "LoginName"),
        tailnet=_text(net, "Name"),
        magic_dns=net.get("MagicDNSEnabled") is True,
        key_expiry=_moment(_text(me, "KeyExpiry")),
        keyed=top.get("HaveNodeKey") is True,
        expired=me.get("Expired") is True,
        auth_url=_text(top, "AuthURL"),
        health=_texts(top, "Health"),
        prefs=own,
    )


def _object(text: str) -> Mapping[str, object]:
    """The first JSON object in a text; a warning may stand around it."""
    start = text.find("{")
    try:
        value, _ = json.JSONDecoder().raw_decode(text, start) if start >= 0 else ({}, 0)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _mapping(of: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = of.get(key)
    return value if isinstance(value, dict) else {}


def _text(of: Mapping[str, object], key: str) -> str:
    value = of.get(key)
    return value if isinstance(value, str) else ""


def _texts(of: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = of.get(key)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _moment(text: str) -> float | None:
    """Seconds since 1970; Go's zero time, of the year 1, is none."""
    try:
        seconds = datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None
    return seconds if seconds > 0 else None
