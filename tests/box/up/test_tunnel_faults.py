"""What befalls a tunnel: it is back within ten seconds, alone, and gives up on another server."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator

import pytest
from desk import HOME, Desk
from machines import LISTENING, await_in, out

from provision.lab import Box, Lab

LIMIT_S = 10
UNIT = "clawdbot-ssh-tunnel"
PROBE = f"""
import socket, sys, time
started = time.monotonic()
while time.monotonic() - started < {LIMIT_S}:
    try:
        with socket.create_connection(("127.0.0.1", 18789), 1) as stream:
            stream.settimeout(2)
            stream.sendall(b"GET / HTTP/1.0\\r\\nHost: 127.0.0.1\\r\\n\\r\\n")
            if stream.recv(4) == b"HTTP":
                sys.exit(0)
    except OSError:
        pass
    time.sleep(0.05)
sys.exit("it is not back")
"""


@pytest.fixture(scope="module")
def standing(desk: Desk, yard_box: Box) -> Iterator[Desk]:
    """A laptop whose tunnel stands, for the whole of this file."""
    desk.box.run("systemctl disable --now clawdbot-gateway")
    desk.know(yard_box)
    assert desk.clawprov("tunnel up vps1")["proof"]["ok"]
    desk.put("/root/back.py", PROBE.encode())
    yield desk
    desk.run("/opt/venv/bin/clawprov tunnel down vps1")


@pytest.fixture
def tunnel(yard: Box, standing: Desk) -> Iterator[Desk]:
    """That laptop; whatever befell the tunnel, it is back in time, and there is but one."""
    yield standing
    out(standing.box, "python3 /root/back.py")
    await_in(standing.box, '[ "$(pgrep -c -x ssh)" = 1 ]', seconds=LIMIT_S)


def test_ssh_is_killed(tunnel: Desk) -> None:
    tunnel.out("pkill -9 -x ssh")


def test_what_runs_ssh_is_killed(tunnel: Desk) -> None:
    tunnel.out("pkill -9 -f 'clawprov/vps1[.]sh'")


def test_sshd_is_restarted_and_its_sessions_end(tunnel: Desk, yard: Box) -> None:
    out(yard, "systemctl restart ssh; pkill -9 -f '^sshd: clawprov-tunne[l]'")


def test_the_link_is_cut_for_a_minute(tunnel: Desk, lab: Lab) -> None:
    link = lab.link(tunnel.box.name)
    link.cut()
    time.sleep(60)
    link.restore()


def test_ssh_is_frozen_for_two_minutes(tunnel: Desk) -> None:
    tunnel.out("pkill -STOP -x ssh")
    time.sleep(120)
    assert tunnel.out("pgrep -c -x ssh") == "1"
    tunnel.out("pkill -CONT -x ssh")


def test_a_server_that_refuses_is_tried_no_faster_than_the_back_off(
    tunnel: Desk, yard: Box
) -> None:
    before = restarts(tunnel)
    gone = "systemctl stop ssh.service; pkill -9 -f '^sshd: clawprov-tunne[l]'"
    script = shlex.quote(f"{gone}; sleep 15; systemctl start ssh.service")
    out(yard, f"systemd-run --quiet --collect sh -c {script}")
    time.sleep(15)
    assert 3 <= restarts(tunnel) - before <= 15 / 3 + 1


def test_the_server_is_rebooted(tunnel: Desk, yard: Box) -> None:
    with yard.rebooting():
        out(yard, "systemctl reboot")
    await_in(yard, LISTENING, seconds=180)  # what follows is the tunnel's own time


def test_the_laptop_is_rebooted(tunnel: Desk) -> None:
    with tunnel.box.rebooting():
        out(tunnel.box, "systemctl reboot")


def test_a_server_with_another_host_key_is_given_up_and_told(standing: Desk, yard: Box) -> None:
    known = f"{HOME}/.ssh/clawprov/vps1.known_hosts"
    right = standing.out(f"cat {known}")
    make = "ssh-keygen -q -t ed25519 -N '' -f k; cut -d' ' -f2 k.pub; rm k k.pub"
    other = right.replace(right.split()[2], standing.out(make))
    standing.put(known, f"{other}\n".encode())
    standing.out("pkill -x ssh")
    standing.until(f"systemctl --user show {UNIT} -p ActiveState | grep inactive", seconds=10)
    time.sleep(5)  # longer than it waits between two attempts
    assert standing.out(f"systemctl --user show {UNIT} -p ActiveState") == "ActiveState=inactive"
    status = standing.clawprov("tunnel status vps1", exit=7)
    told = {v["check"]: v["problem"] for v in status["verdicts"]}
    assert "HOST KEY HAS CHANGED" in told["tunnel:running"]
    again = standing.clawprov("tunnel up vps1")
    assert again["proof"]["ok"]


def test_a_key_that_is_refused_is_not_tried_at_once_again(standing: Desk, yard: Box) -> None:
    out(yard, "sed -i d /etc/ssh/clawprov-tunnel.keys; pkill -9 -f '^sshd: clawprov-tunne[l]'")
    before = restarts(standing)
    standing.until("grep 'Permission denied' ~/.ssh/clawprov/vps1.log", seconds=10)
    time.sleep(5)
    assert restarts(standing) <= before + 1
    told = standing.clawprov("tunnel status vps1", exit=7)["verdicts"]
    assert "takes this laptop's key no more" in str(told)
    again = standing.clawprov("tunnel up vps1")
    assert again["proof"]["ok"]


def restarts(desk: Desk) -> int:
    """How often its systemd has started the tunnel again."""
    return int(desk.out(f"systemctl --user show {UNIT} -p NRestarts").partition("=")[2])
