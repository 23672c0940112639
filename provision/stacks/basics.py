"""What every server should have, whatever runs on it; each part only where it is wished."""

from __future__ import annotations

from dataclasses import dataclass, field

from provision.checks import basics
from provision.model.plan import Resource
from provision.model.report import Check
from provision.model.spec import Host
from provision.products.exposure import reachable
from provision.resources.clock import KEEPERS, ClockKeeper
from provision.resources.file import File
from provision.resources.firewall import Firewall
from provision.resources.package import Package
from provision.resources.sshd import KeysOnly
from provision.resources.swap import Swap

_PERIODIC = """\
// Made by clawprov: security updates install themselves.
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
"""


@dataclass(slots=True)
class Basics:
    """Resources that come `first`, before the gateway, and those that come `last`.

    Last is what could lock us out: nothing slow runs between such a change and its confirmation.
    """

    first: list[Resource] = field(default_factory=list)
    last: list[Resource] = field(default_factory=list)
    preflight: list[Check] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)


def build_basics(host: Host) -> Basics:
    spec, made = host.basics, Basics()
    if spec.swap:
        swap = Swap(spec.swap)
        made.first.append(swap)
        made.preflight.append(basics.no_obstacle("swap", swap.obstacle))
        made.preflight.append(basics.left_out("swap", swap.left_out))
    if spec.time_sync:
        clock = ClockKeeper()
        made.first.append(clock)
        made.preflight.append(basics.left_out("time_sync", clock.left_out))
        made.checks.append(basics.clock_kept(KEEPERS))
    if spec.updates:
        periodic = File("/etc/apt/apt.conf.d/52clawprov", _PERIODIC)
        made.first += [Package("unattended-upgrades"), periodic]
        made.checks.append(basics.updates_run())
    if spec.ssh_keys_only:
        sshd = KeysOnly()
        made.last.append(sshd)
        made.preflight.append(basics.no_obstacle("ssh_keys_only", sshd.obstacle))
        made.checks.append(basics.passwords_refused())
    if spec.firewall:
        own = (str(host.gateway_port),) if reachable(host) else ()
        inside = (str(host.gateway_port),) if "tailnet" in host.access else ()
        firewall = Firewall((*spec.allow, *own), host.on_tailnet, inside)
        made.first.append(Package("nftables"))
        made.last.append(firewall)
        made.preflight.append(basics.left_out("firewall", firewall.left_out))
    return made
