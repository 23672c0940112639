"""The ways into a gateway from other machines, and what a tailnet must know of its server."""

from __future__ import annotations

from dataclasses import dataclass

from provision.model.secret import Secret

WAYS = ("tailscale-serve", "tailscale-funnel", "tailnet", "ssh-tunnel")
FOR_GOOD = "tailscale-funnel"
"""The way that leaves a Funnel open."""
SHORT = {"serve": "tailscale-serve", "funnel": "tailscale-funnel"}
SERVED = frozenset(WAYS[:2])
"""The ways over https, whose route leads to the gateway on loopback; Funnel makes it public."""
ON_TAILNET = frozenset(WAYS[:3])
"""The ways for which the server must be in a tailnet."""


@dataclass(frozen=True, slots=True)
class AuthKey:
    """What lets a server into a tailnet without a human: an auth key, or an OAuth client's secret.

    It is printed by `command` (words, run without a shell), or is in the `file`, or in the
    environment `variable` of whoever runs clawprov. Without `value` none of them has it.
    """

    variable: str = "TS_AUTHKEY"
    file: str = ""
    command: tuple[str, ...] = ()
    value: Secret | None = None


@dataclass(frozen=True, slots=True)
class TailscaleSpec:
    """A server as a node of a tailnet, and where its Tailscale comes from; "" is "not said".

    `tags` begin with "tag:"; `login_server` is the URL of a control server other than Tailscale's;
    `version` is exact; `url` an apt repository laid out like pkgs.tailscale.com/stable, and `key`
    the armored OpenPGP public key that signs it.
    """

    auth_key: AuthKey = AuthKey()
    tags: tuple[str, ...] = ()
    hostname: str = ""
    login_server: str = ""
    version: str = ""
    url: str = ""
    key: str = ""
