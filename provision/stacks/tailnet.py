"""A server in a tailnet: Tailscale, and a place there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from provision.checks import tailnet
from provision.model.plan import Resource
from provision.model.report import Check
from provision.model.spec import Host
from provision.products import read_key
from provision.products.tailscale import PACKAGES
from provision.resources.tailnet import Join
from provision.resources.tailscale import TailscalePackage

_MEND = "correct `tailscale:` in the inventory, or"


@dataclass(frozen=True, slots=True)
class Tailnet:
    """The parts of a stack that put a server into a tailnet; `join` knows what it is called."""

    package: TailscalePackage
    join: Join
    preflight: tuple[Check, ...]
    checks: tuple[Check, ...]

    @property
    def resources(self) -> tuple[Resource, ...]:
        return self.package, self.join


def build_tailnet(host: Host, clock: Callable[[], float]) -> Tailnet:
    """The host's place in a tailnet; `clock` tells the seconds since 1970."""
    spec = host.tailscale
    url, key = spec.url or PACKAGES, spec.key or read_key("tailscale")
    package = TailscalePackage(url.rstrip("/"), key, spec.version)
    join = Join(spec.auth_key.value, spec.tags, spec.hostname, spec.login_server)
    replace_it, leave_it = "remove the one that is there", "tailscale logout   (on the server)"
    return Tailnet(
        package,
        join,
        (
            tailnet.can_join("tailscale", package.obstacle, f"{_MEND} {replace_it}"),
            tailnet.can_join("tailnet", join.obstacle, f"{_MEND} {leave_it}"),
        ),
        (
            tailnet.on_tailnet(host.name, join.node, join.elsewhere, clock),
            tailnet.login_lasts(join.node, clock),
            tailnet.called_as_asked(host.name, join.node),
        ),
    )
