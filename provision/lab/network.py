"""The lab's network: one bridge of its own, and a way out through this machine."""

from __future__ import annotations

import json
from pathlib import Path

from provision.errors import ApplyError, LockedError
from provision.lab.host import call
from provision.lab.site import Folder, Site

INTERFACES = Path("/sys/class/net")
MARK = "clawprov-lab "
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

# One transaction, so that running connections never meet a moment without rules. Masquerade
# goes by the outgoing interface: with br_netfilter, bridged frames pass these hooks too. What
# comes from a wire's splice is not tracked: conntrack would settle there that it has no NAT.
RULES = """\
add table ip {table}
delete table ip {table}
table ip {table} {{
  chain out {{
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr {network} oifname "{uplink}" masquerade
  }}
  chain wire {{
    type filter hook prerouting priority raw; policy accept;
    iifname "{letter}s-*" notrack
  }}
  chain clamp {{
    type filter hook forward priority mangle; policy accept;
    ip saddr {network} tcp flags syn tcp option maxseg size set rt mtu
  }}
}}
"""


def open_network(folder: Folder, site: Site, held: int) -> None:
    """The bridge is up, and what is on it reaches the world; raises LockedError if not ours.

    `held` is the lab's lock: should this process be killed, its last command still has it.
    """
    _claim_bridge(folder, site, held)
    rules = RULES.format(
        table=site.table, network=site.network, uplink=_uplink(), letter=site.letter
    )
    call("nft", "-f", "-", stdin=rules, door=held)
    _set_forwarding(site.bridge)
    if uplink := _uplink():
        value = _forwarding(uplink).read_text().strip()
        _remember(folder, uplink, _remembered(folder).get(uplink, value))
        _set_forwarding(uplink)


def close_network(folder: Folder, site: Site) -> None:
    """The machine's network is as it was before the lab."""
    if _owner(site.bridge) in (folder.root, Path()):
        call("ip", "link", "delete", site.bridge)
    if f"table ip {site.table}" in call("nft", "list", "tables"):
        call("nft", "delete", "table", "ip", site.table)
    for interface, value in _remembered(folder).items():
        others = _other_labs(site)
        if others:
            _remember(others[0], interface, value)
        elif _forwarding(interface).exists():
            _forwarding(interface).write_text(value)
    folder.undo.unlink(missing_ok=True)


def has_network(folder: Folder, site: Site) -> bool:
    """Anything of this lab is left in the machine's network."""
    return _owner(site.bridge) == folder.root or folder.undo.exists()


def check_site(folder: Folder, site: Site) -> None:
    """The bridge is ours or free; raises LockedError before anything of another lab is touched."""
    owner = _owner(site.bridge)
    if owner in (None, folder.root):
        return
    if owner != Path():
        raise LockedError(
            f"{site.bridge} belongs to the lab in {owner}",
            where="this machine",
            hint=f"take that one down first: CLAWPROV_LAB={owner} clawprov lab down --all",
        )
    if any((INTERFACES / site.bridge / "brif").iterdir()):
        raise LockedError(
            f"{site.bridge} exists and is not the lab's",
            where="this machine",
            hint=f"look at it with: ip link show {site.bridge}",
        )


def _claim_bridge(folder: Folder, site: Site, held: int) -> None:
    """The bridge's alias says whose it is; one without ports may have been left half-made."""
    check_site(folder, site)
    add = f"link add {site.bridge} type bridge"
    steps = (
        *([add] if _owner(site.bridge) is None else []),
        f"link set dev {site.bridge} alias '{MARK}{folder.root}'",
        f"link set dev {site.bridge} address {site.hardware(1)}",
        f"address replace {site.gateway}/24 dev {site.bridge}",
        f"link set dev {site.bridge} up",
    )
    call("ip", "-batch", "-", stdin="\n".join(steps) + "\n", door=held)


def _owner(bridge: str) -> Path | None:
    """The folder of the lab a bridge belongs to, empty when to none; None without a bridge."""
    try:
        alias = (INTERFACES / bridge / "ifalias").read_text().strip()
    except OSError:
        return None
    return Path(alias.removeprefix(MARK) if alias.startswith(MARK) else "")


def _other_labs(site: Site) -> list[Folder]:
    """Labs on other bridges of this machine; they need the way out as long as they last."""
    bridges = [entry.name for entry in INTERFACES.iterdir() if entry.name != site.bridge]
    return [Folder(owner) for bridge in bridges if (owner := _owner(bridge)) not in (None, Path())]


def _uplink() -> str:
    """The interface of the default route; empty on a machine without one."""
    routes = json.loads(call("ip", "-json", "-4", "route", "show", "default") or "[]")
    return str(routes[0]["dev"]) if routes else ""


def _forwarding(interface: str) -> Path:
    return Path("/proc/sys/net/ipv4/conf") / interface / "forwarding"


def _set_forwarding(interface: str) -> None:
    """Per interface: the machine's own ip_forward stays as it was."""
    try:
        _forwarding(interface).write_text("1")
    except OSError as error:
        raise ApplyError(
            f"forwarding cannot be switched on for {interface}: {error.strerror}",
            where="this machine",
        ) from None


def _remembered(folder: Folder) -> dict[str, str]:
    """Forwarding of each interface before the lab changed it; a reboot has undone it."""
    if not folder.undo.exists():
        return {}
    before = json.loads(folder.undo.read_text())
    return dict(before["forwarding"]) if before["boot"] == BOOT_ID.read_text() else {}


def _remember(folder: Folder, interface: str, value: str) -> None:
    """Written before the change; a lab that ends hands it to one that goes on."""
    forwarding = {**_remembered(folder), interface: value}
    text = json.dumps({"boot": BOOT_ID.read_text(), "forwarding": forwarding})
    part = folder.undo.with_suffix(".part")
    part.write_text(text)
    part.rename(folder.undo)
