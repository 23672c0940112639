"""Which ports a firewall leaves to SSH, asked by real shells."""

from __future__ import annotations

from place import Place

from provision.engine.frames import pack_probes, unpack
from provision.model.facts import Facts
from provision.resources.firewall import Firewall

NONCE = "5ca1ab1e5ca1ab1e"
LISTENING = """\
LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=1,fd=3))
LISTEN 0 128 [::]:2222 [::]:* users:(("sshd",pid=1,fd=4))
LISTEN 0 128 127.0.0.1:6010 0.0.0.0:* users:(("sshd",pid=9,fd=7))
LISTEN 0 128 [::1]:8080 [::]:* users:(("sshd",pid=9,fd=8))
LISTEN 0 511 *:80 *:* users:(("nginx",pid=5,fd=6))"""
ALL = """\
udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:*
udp UNCONN 0 0 10.0.0.2%eth0:68 0.0.0.0:* users:(("dhclient",pid=3,fd=7))
udp UNCONN 0 0 0.0.0.0:51820 0.0.0.0:*
tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:*
udp UNCONN 0 0 0.0.0.0:41641 0.0.0.0:* users:(("tailscaled",pid=7,fd=4))
tcp LISTEN 0 128 100.64.0.1:58436 0.0.0.0:* users:(("tailscaled",pid=7,fd=9))
tcp LISTEN 0 511 *:80 *:*"""


def test_sessions_hold_no_port_of_ssh_and_what_is_closed_is_named(
    place: Place,
) -> None:
    place.fake("ss", f"[ $1 = -Hltunp ] && echo '{ALL}' || echo '{LISTENING}'")
    for name in ("ufw", "nft", "systemctl", "ip"):
        place.fake(name, "exit 3")
    firewall = Firewall()
    out = place.run(pack_probes([firewall.probe()], NONCE))
    change = firewall.diff(Facts(unpack(out, NONCE)))
    assert change
    assert "tcp dport { 22, 2222 } accept" in str(change.after)
    assert change.why == "closes 80, 41641/udp, 51820/udp"


def test_the_port_of_a_vpn_by_which_ssh_may_come_stays_open(place: Place) -> None:
    vpn = 'udp UNCONN 0 0 0.0.0.0:1194 0.0.0.0:* users:(("openvpn",pid=8,fd=4))'
    place.fake("ss", f"[ $1 = -Hltunp ] && echo '{ALL}\n{vpn}' || echo '{LISTENING}'")
    place.fake("ip", "echo '4: wg0: <POINTOPOINT,NOARP,UP,LOWER_UP> mtu 1420'")
    for name in ("ufw", "nft", "systemctl"):
        place.fake(name, "exit 3")
    out = place.run(pack_probes([Firewall().probe()], NONCE))
    change = Firewall().diff(Facts(unpack(out, NONCE)))
    assert change
    assert "udp dport { 1194, 51820 } accept" in str(change.after)
    assert change.why == "closes 80, 41641/udp"
