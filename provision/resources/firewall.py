"""What may come into a server from outside."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from provision.model.facts import Facts, Probe
from provision.model.plan import Change
from provision.model.shell import Sh, heredoc, joined, sh

RULES = "/etc/clawprov/firewall.nft"
UNIT = "clawprov-firewall.service"
_UNIT_PATH = f"/etc/systemd/system/{UNIT}"
_STAMP = "/var/lib/clawprov/stamps/firewall"

# PartOf: the rules of nftables.service begin with `flush ruleset`, which takes ours away, too.
_UNIT_TEXT = f"""\
[Unit]
Description=Firewall of clawprov
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target shutdown.target
Conflicts=shutdown.target
After=nftables.service
PartOf=nftables.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f {RULES}
ExecStop=/usr/sbin/nft delete table inet clawprov

[Install]
WantedBy=sysinit.target
"""
_TEXT = """\
# Made by clawprov: what may come in. What is forwarded, to containers say, is not its affair.
table inet clawprov
delete table inet clawprov
table inet clawprov {
  chain input {
    type filter hook input priority filter; policy drop;
    iifname "lo" accept
    ct state established,related accept
    ct state invalid drop
    meta l4proto { icmp, ipv6-icmp } accept
    udp sport 67 udp dport 68 accept
    ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept
"""

# What sshd listens on, itself or by systemd, and where the connection that we use came in. What
# it holds open on loopback belongs to sessions, which come and go (X11, ssh -R). What tailscaled
# offers its tailnet by TCP it takes out of the packets itself, before any firewall sees them.
# By a VPN of the server's own SSH may come, whose port stays open therefore; the kernel, which
# holds that of WireGuard, is no process.
_PORTS = sh(
    'ss -Hltnp | awk \'/"sshd"/ && $4 !~ /^(127\\.|\\[::1\\])/ {\n'
    '  n = split($4, at, ":"); print "ssh " at[n] }\'\n'
    "systemctl is-active --quiet ssh.socket && systemctl show ssh.socket -p Listen | "
    "sed -nE 's/.*[:=]([0-9]+) \\(Stream\\)$/ssh \\1/p'\n"
    "came_in | awk '{ print \"ssh \" $4 }'\n"
    'ss -Hltunp | awk \'!(/"tailscaled"/ && $1 == "tcp") && $5 !~ /^(127\\.|\\[::1\\])/ {\n'
    '  n = split($5, at, ":"); print "open " at[n] ($1 == "udp" ? "/udp" : "") }\'\n'
    "wg=$(ip -o link show type wireguard 2>/dev/null | head -n 1 | cut -d: -f 1)\n"
    'ss -Hltunp | awk -v wg="$wg" \'$5 ~ /^(127\\.|\\[::1\\])/ { next }\n'
    '/"openvpn"/ || (wg && $1 == "udp" && !/users:/) {\n'
    '  n = split($5, at, ":"); print "vpn " at[n] ($1 == "udp" ? "/udp" : "") }\''
)
# The port of tailscaled's own service file; 0 is one that nobody can know before.
_TAILSCALE = sh(
    'echo "tailscale=$(sed -nE \'s/^PORT="?([0-9]+)"?$/\\1/p\' /etc/default/tailscaled '
    '2>/dev/null | tail -n 1)"'
)
TAILSCALE_PORT = "41641"
DHCP = {"68/udp", "546/udp"}
_LIVE = sh("$(nft -s list table inet clawprov 2>/dev/null | sha256sum | cut -d' ' -f1)")


@dataclass(frozen=True, slots=True)
class Firewall:
    """A table of our own that drops what nobody allowed: all but SSH, VPNs and `allow`.

    `allow` names ports as 443 or 51820/udp. With `tailnet`, Tailscale's own UDP port is let in,
    and from its network what `inside` names: without that, nothing but SSH. Tables of others
    stay; another firewall that is active stays in charge.
    """

    allow: tuple[str, ...] = ()
    tailnet: bool = False
    inside: tuple[str, ...] = ()
    id: str = "firewall:input"

    def probe(self) -> Probe:
        look = sh(
            'echo "rival=$(ufw status 2>/dev/null | sed -n "s/^Status: active/ufw/p")"\n'
            "systemctl is-active --quiet firewalld && echo rival=firewalld\n"
            '{}\necho "live={}"\necho "loaded=$(cat {} 2>/dev/null)"\n'
            'echo "unit=$(sha256sum <{} 2>/dev/null | cut -d" " -f1)"\n'
            'echo "state=$(systemctl is-enabled {} 2>/dev/null) $(systemctl is-active {})"\n'
            "look {} -",
            *(_PORTS, _LIVE, _STAMP, _UNIT_PATH, UNIT, UNIT, RULES),
        )
        return Probe(self.id, joined([_TAILSCALE, look]) if self.tailnet else look)

    def left_out(self, facts: Facts) -> str:
        """Why nothing is done here, or ""."""
        rival = facts[self.id].pairs().get("rival")
        return f"{rival} is active here and stays in charge" if rival else ""

    def diff(self, facts: Facts) -> Change | None:
        reading = facts[self.id]
        seen = reading.pairs()
        if self.left_out(facts):
            return None
        own, _, old = f"{reading.out}\n".partition("\ncontent=\n")
        ports = [line.split() for line in own.split("\n")]
        ssh, vpn, listening = (
            {p[1] for p in ports if p[:1] == [of]} for of in ("ssh", "vpn", "open")
        )
        allow = {*self.allow, *vpn, *self._tailscale(seen)}
        rules = self._rules(ssh, allow)
        why = _why(seen, rules)
        if not why:
            return None
        closed = listening - ssh - allow - set(self.inside) - DHCP
        if seen["type"] == "absent" and closed:
            why = f"closes {_listed(closed)}"
        verb = "create" if seen["type"] == "absent" else "update"
        old = old.removesuffix("\n")
        return Change(self.id, verb, _commands(rules), why, old, rules, _undo(old))

    def _tailscale(self, seen: Mapping[str, str]) -> set[str]:
        port = seen.get("tailscale") or TAILSCALE_PORT
        return {f"{port}/udp"} if self.tailnet and port != "0" else set()

    def _rules(self, ssh: set[str], allow: set[str]) -> str:
        text = _TEXT
        for kind in ("tcp", "udp"):
            allowed = {p.partition("/")[0] for p in allow if (p.partition("/")[2] or "tcp") == kind}
            if ports := allowed | (ssh if kind == "tcp" else set()):
                text += f"    {kind} dport {{ {_listed(ports)} }} accept\n"
        if self.inside:
            text += f'    iifname "tailscale0" tcp dport {{ {_listed(set(self.inside))} }} accept\n'
        return f"{text}  }}\n}}\n"


def _listed(ports: set[str]) -> str:
    return ", ".join(sorted(ports, key=lambda port: int(port.partition("/")[0])))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _why(seen: Mapping[str, str], rules: str) -> str:
    if seen["type"] == "absent":
        return "not there yet"
    if seen.get("sha256") != _digest(rules):
        return "its rules differ"
    if seen.get("unit") != _digest(_UNIT_TEXT) or seen.get("state") != "enabled active":
        return "it would not be there after a boot"
    if seen.get("loaded") != f"{_digest(rules)} {seen.get('live')}":
        return "what is loaded is not what is written"
    return ""


def _commands(rules: str) -> tuple[Sh, ...]:
    """The kernel's own words for what is loaded are kept, to see when somebody changes it."""
    folder, stamps = (str(PurePosixPath(path).parent) for path in (RULES, _STAMP))
    return (
        sh("mkdir -p {} {}", folder, stamps),
        heredoc(sh("stage {} 644 root:root", RULES), rules),
        sh("nft -c -f {} || { rm -f {}; exit 1; }", f"{RULES}.new", f"{RULES}.new"),
        sh("settle {} root:root", RULES),
        heredoc(sh("cat >{}", _UNIT_PATH), _UNIT_TEXT),
        sh("systemctl daemon-reload; systemctl enable --quiet {}", UNIT),
        sh("systemctl restart {}", UNIT),
        sh('echo {}" {}" >{}', _digest(rules), _LIVE, _STAMP),
    )


def _undo(old: str) -> Sh:
    """The rules that were there before; without any, nothing of ours."""
    gone = sh(
        "systemctl disable --quiet --now {}\nrm -f {} {}\n"
        "nft delete table inet clawprov 2>/dev/null",
        *(UNIT, RULES, _UNIT_PATH),
    )
    back = heredoc(sh("cat >{}", RULES), old) if old.endswith("\n") else None
    load = sh("{}\nnft -f {}", back, RULES) if back else gone
    return joined([load, sh("rm -f {}", _STAMP)])
