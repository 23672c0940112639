"""What is wrong with a laptop's way to its gateway is named, also where the server is away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from desk import HOME, Desk
from machines import during

from provision.lab import Box

UNIT = "clawdbot-ssh-tunnel"
KNOWN = f"{HOME}/.ssh/clawprov/vps1.known_hosts"
AGENT = f"{HOME}/Library/LaunchAgents/com.clawdbot.ssh-tunnel.plist"
DEVICE = f"{HOME}/.clawdbot/identity/device-auth.json"
LOG = f"{HOME}/.ssh/clawprov/vps1.log"
KEYS = "/etc/ssh/clawprov-tunnel.keys"
RULES = "/etc/ssh/sshd_config.d/clawprov-tunnel.conf"
PLIST = """<plist version="1.0"><dict><key>Label</key><string>com.clawdbot.ssh-tunnel</string>
<key>ProgramArguments</key><array><string>/usr/bin/ssh</string><string>-N</string>
<string>-f</string><string>clawdbot-remote</string></array><key>KeepAlive</key><true/></dict></plist>
"""


@pytest.fixture(scope="module")
def standing(desk: Desk, yard_box: Box) -> Iterator[Desk]:
    """A laptop whose tunnel stands, for the whole of this file."""
    desk.box.run("systemctl disable --now clawdbot-gateway")
    desk.know(yard_box)
    desk.know(yard_box, "away", port=2222)
    desk.know(yard_box, "other", host_key=f"SHA256:{'A' * 43}")
    assert desk.clawprov("tunnel up vps1")["proof"]["ok"]
    yield desk
    desk.run(f"/opt/venv/bin/clawprov tunnel down vps1; rm -rf {HOME}/.clawdbot {HOME}/Library")


def found(desk: Desk, host: str = "vps1", *, exit: int = 7) -> dict[str, dict[str, Any]]:
    findings = desk.clawprov(f"doctor {host}", exit=exit)["findings"]
    assert "canary" not in str(findings)
    return {finding["rule"]: finding for finding in findings}


def test_a_tunnel_that_stands_has_no_finding(yard: Box, standing: Desk) -> None:
    assert found(standing, exit=0) == {}


def test_a_second_tunnel_a_forking_one_and_a_hidden_wrong_secret_are_named(
    yard: Box, standing: Desk
) -> None:
    remote = {"url": "ws://127.0.0.1:18789", "token": "a-canary-that-is-wrong"}
    config = json.dumps({"gateway": {"mode": "remote", "remote": remote}})
    standing.out(f"mkdir -p {HOME}/.clawdbot/identity {AGENT.rpartition('/')[0]}")
    standing.put(f"{HOME}/.clawdbot/clawdbot.json", config.encode())
    standing.put(DEVICE, b"{}")
    standing.put(AGENT, PLIST.encode())
    standing.out("ssh -N -f -o ExitOnForwardFailure=no clawdbot-remote </dev/null >/dev/null 2>&1")
    try:
        seen = found(standing)
        standing.out(f"rm {DEVICE}")
        assert "client:secret" in found(standing)
    finally:
        standing.out(f"pkill -f 'ssh -N -[f]'; rm -rf {HOME}/.clawdbot {HOME}/Library")
    assert set(seen) == {"tunnel:twice", "tunnel:forks", "client:hidden-secret"}
    assert "KeepAlive" in seen["tunnel:forks"]["cause"]


def test_a_tunnel_that_is_down_is_named_with_what_ssh_said(yard: Box, standing: Desk) -> None:
    standing.out(f"systemctl --user stop {UNIT}")
    assert set(found(standing)) == {"tunnel:down"}
    right = standing.out(f"cat {KNOWN}")
    other = standing.out("ssh-keygen -q -t ed25519 -N '' -f k; cut -d' ' -f2 k.pub; rm k k.pub")
    standing.put(KNOWN, f"{right.replace(right.split()[2], other)}\n".encode())
    try:
        standing.out(f"systemctl --user start {UNIT}")
        standing.until(f"systemctl --user show {UNIT} -p ActiveState | grep inactive", seconds=10)
        assert set(found(standing)) == {"tunnel:host-key"}
    finally:
        standing.put(KNOWN, f"{right}\n".encode())
        standing.out(f"systemctl --user restart {UNIT}")
    standing.until("ss -Hltn 'sport = :18789' | grep .", seconds=15)


def test_a_server_that_cannot_be_asked_is_a_finding(yard: Box, standing: Desk) -> None:
    assert set(found(standing, "away")) == {"ssh:unreachable"}
    assert set(found(standing, "other")) == {"ssh:host-key"}


def test_a_tunnel_that_the_server_does_not_take_any_more(yard: Box, standing: Desk) -> None:
    kick = "pkill -9 -f '^sshd: clawprov-tunne[l]'"
    with during(yard, f"cp -a {KEYS} /root/keys; >{KEYS}; {kick}", f"cp -a /root/keys {KEYS}"):
        standing.until(f"grep -q 'Permission denied' {LOG}", seconds=30)
        assert set(found(standing)) == {"tunnel:refused"}
    restart(standing)
    assert found(standing, exit=0) == {}


def test_a_tunnel_through_which_nothing_comes(yard: Box, standing: Desk) -> None:
    forbid = f"cp -a {RULES} /root/rules; sed -i 's/TcpForwarding local/TcpForwarding no/' {RULES}"
    ask_anew = "systemctl restart ssh"  # a reload does not wait
    with during(yard, f"{forbid}; {ask_anew}", f"cp -a /root/rules {RULES}; {ask_anew}"):
        restart(standing)
        assert set(found(standing)) == {"tunnel:forbidden"}
        told = standing.clawprov("verify vps1", exit=7)["verdicts"]
    assert {v["check"] for v in told if v["problem"]} >= {"tunnel:account", "tunnel:gateway"}
    restart(standing)
    assert found(standing, exit=0) == {}


def test_a_tunnel_whose_port_somebody_else_has(yard: Box, standing: Desk) -> None:
    standing.out(f"systemctl --user stop {UNIT}")
    standing.out("setsid python3 -m http.server -b 127.0.0.1 18789 >/dev/null 2>&1 </dev/null &")
    standing.until("ss -Hltn 'sport = :18789' | grep .", seconds=15)
    try:
        standing.out(f"systemctl --user start {UNIT}")
        standing.until(f"grep -q 'already in use' {LOG}", seconds=15)
        assert set(found(standing)) == {"tunnel:port"}
    finally:
        standing.out("pkill -f 'http[.]server'")
    restart(standing)
    assert found(standing, exit=0) == {}


def restart(desk: Desk) -> None:
    """The laptop's end of the tunnel stands, whatever has been."""
    desk.out(f"systemctl --user restart {UNIT}")
    desk.until("ss -Hltn 'sport = :18789' | grep .", seconds=15)
