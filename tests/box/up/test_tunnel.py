"""A laptop and its tunnel to a server, both real; proved through the tunnel, and by trying."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from desk import CLAWPROV, HOME, USER, Desk
from machines import Server, await_in, during, out
from persons import Person

from provision.lab import Box

UNIT = "clawdbot-ssh-tunnel"
KEYS = "/etc/ssh/clawprov-tunnel.keys"
EVERYTHING = (
    f"cd {HOME} && find . -path ./.cache -prune -o -path ./.config/clawprov/secrets -prune -o "
    "-type f -printf '%p %m ' -exec sha256sum {} ';' -o -printf '%p %m %l\\n' | sort"
)
"""All that is in the user's home, every file by its hash."""

SECOND = "ws://127.0.0.1:18790"
FORWARDED = ["[127.0.0.1]:18789", "[127.0.0.1]:18790"]
GREETER = """
import os, socket
here = socket.socket(socket.AF_UNIX)
here.bind("/run/greeter")
os.chmod("/run/greeter", 0o777)
here.listen()
while True:
    here.accept()[0].sendall(b"hello")
"""


@contextmanager
def greeting_socket(box: Box) -> Iterator[str]:
    """A Unix socket on the server that greets every user of it."""
    out(box, f"cat >/root/greeter.py <<'E'\n{GREETER}\nE")
    out(box, "systemd-run --quiet --collect --unit=greeter python3 /root/greeter.py")
    await_in(box, "[ -S /run/greeter ]")
    yield "/run/greeter"
    out(box, "systemctl stop greeter; rm /run/greeter /root/greeter.py")


@contextmanager
def talkative_sshd(box: Box) -> Iterator[str]:
    """Another sshd on port 2222, with the same rules, that answers one caller and tells of it."""
    sshd = "/usr/sbin/sshd -D -d -p 2222 -E /run/told"
    out(box, f"systemd-run --quiet --collect --unit=talkative {sshd}")
    await_in(box, "grep -q '^Server listening' /run/told")
    yield "/run/told"
    out(box, "systemctl stop talkative 2>/dev/null; rm /run/told")


@pytest.fixture(scope="module")
def before(desk: Desk, yard_box: Box) -> str:
    """The home of a user who has an ssh config of their own, before there is any tunnel."""
    desk.box.run("systemctl disable --now clawdbot-gateway")
    desk.know(yard_box)
    desk.out("mkdir -p .ssh 'dot files'; printf 'Host a\\r\\n  User b' >'dot files/config'")
    desk.out("ln -sfn '../dot files/config' .ssh/config; chmod 640 'dot files/config'")
    desk.clawprov("plan vps1")  # pins the server's key
    return desk.out(EVERYTHING)


@pytest.fixture
def tunnel(desk: Desk, yard: Box, before: str) -> Iterator[Desk]:
    """The laptop, with a tunnel that stands."""
    answer = desk.clawprov("tunnel up vps1")
    assert answer["proof"]["ok"], answer
    assert answer["proof"]["path"] == "tunnel from ws://127.0.0.1:18789"
    return desk


@pytest.fixture
def alone(tunnel: Desk) -> Iterator[str]:
    """The tunnel's ssh settings in a file of their own, without what the laptop's side forbids."""
    forbids = "/Forward/d; /Request/d; /LogLevel/d"
    tunnel.out(f"sed '{forbids}' .ssh/clawprov/vps1.conf >.ssh/alone")
    yield f"{HOME}/.ssh/alone"
    tunnel.out("rm .ssh/alone")


def test_a_tunnel_is_made_and_proved_and_again_nothing_is_changed(
    desk: Desk, yard: Box, before: str
) -> None:
    first = desk.clawprov("tunnel up vps1")
    assert first["proof"]["ok"]
    assert first["proof"]["refused"] == {"wrong_secret": True, "no_secret": True}
    assert f"user-unit:{UNIT}" in [o["id"] for o in first["outcomes"]]
    again = desk.clawprov("tunnel up vps1")
    assert (again["plan"]["changes"], again["outcomes"]) == ([], [])
    assert again["proof"]["ok"]
    assert desk.out(f"systemctl --user is-enabled {UNIT}") == "enabled"
    assert desk.out("pgrep -c -x ssh") == "1"
    status = desk.clawprov("tunnel status vps1")
    assert {v["check"]: v["ok"] for v in status["verdicts"]} == {
        "tunnel:running": True,
        "tunnel:linger": True,
        "tunnel:gateway": True,
    }


def test_its_key_opens_nothing_but_the_gateway(tunnel: Desk, yard: Box, alone: str) -> None:
    ssh = f"timeout 10 ssh -o ExitOnForwardFailure=yes -F {alone}"
    desk, address = tunnel, yard.address

    def refused(words: str, *, within: str = "") -> str:
        done = desk.run(f"{ssh} {words}")
        assert done.returncode, f"{words}: {done.stdout}{done.stderr}"
        assert within in done.stdout + done.stderr
        return done.stdout

    nobody = "not available"
    assert "uid=" not in refused("clawdbot-remote id", within=nobody)
    refused("clawdbot-remote", within=nobody)
    refused("-s clawdbot-remote sftp", within=nobody)
    refused("-N -R 18999:127.0.0.1:22 clawdbot-remote", within="remote port forwarding failed")
    refused("-N -R none:1:127.0.0.1:22 clawdbot-remote", within="remote port forwarding failed")
    refused("-N -R /tmp/s:127.0.0.1:22 clawdbot-remote", within="remote port forwarding failed")
    refused("-W 127.0.0.1:22 clawdbot-remote", within="administratively prohibited")
    refused(f"-W {address}:18789 clawdbot-remote", within="administratively prohibited")
    refused("-W localhost:18791 clawdbot-remote", within="administratively prohibited")
    with greeting_socket(yard) as path:
        knock = "timeout 3 bash -c 'exec 3<>/dev/tcp/127.0.0.1/18998; cat <&3'"
        listens = "for n in $(seq 80); do ss -Hltn | grep -q :18998 && break; sleep 0.1; done"
        tunnel = f"{ssh} -N -L 18998:{path} clawdbot-remote"
        said = desk.run(f"({tunnel} 2>&1 & {listens}; {knock}; sleep 1)").stdout
    assert "hello" not in said
    assert "open failed" in said


def test_its_key_lends_no_agent_no_display_no_terminal_and_no_network(
    tunnel: Desk, yard: Box, alone: str
) -> None:
    with talkative_sshd(yard) as told:
        call = f"ssh -F {alone} -v -p 2222 -A -Y -tt clawdbot-remote"
        said = tunnel.run(f"DISPLAY=:7 timeout 10 ssh-agent {call}").stderr
        heard = out(yard, f"cat {told}")
    assert "Requesting authentication agent forwarding." in said
    assert "agent forwarding disabled" in heard
    assert "Requesting X11 forwarding" in said
    assert "X11 forwarding request failed" in said
    assert "PTY allocation request failed" in said
    ours = f"{HOME}/.ssh/clawprov/vps1"
    own = f"-F {alone} -i {ours}.key -o UserKnownHostsFile={ours}.known_hosts"
    call = f"timeout 10 ssh {own} -o ExitOnForwardFailure=yes -v -N -w 7:7 clawdbot-remote"
    network = tunnel.box.run(call)  # as root, who may make the laptop's end of it
    assert network.returncode
    assert "Requesting tun unit 7" in network.stderr
    assert "Server has rejected tunnel device forwarding" in network.stderr


def test_another_laptop_keeps_its_line(tunnel: Desk, yard: Box) -> None:
    line = "restrict ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAA clawprov:bob@other:00000000"
    out(yard, f"echo '{line}' >>{KEYS}")
    ours = out(yard, f"grep {USER}@ {KEYS}")
    out(yard, f"sed -i '/{USER}@/d' {KEYS}")
    again = tunnel.clawprov("tunnel up vps1")
    assert [o["id"].split(":")[0] for o in again["outcomes"]] == ["authorized-key"]
    assert out(yard, f"cat {KEYS}").splitlines() == [line, ours]
    tunnel.clawprov("tunnel down vps1")
    assert out(yard, f"cat {KEYS}").splitlines() == [line]
    out(yard, f"rm {KEYS}")


def test_a_tunnel_that_is_left_when_every_way_is_closed_is_told(
    tunnel: Desk, yard: Box, person: Person
) -> None:
    told = {v["check"]: v for v in tunnel.clawprov("down vps1 --access --yes")["verdicts"]}
    assert told["laptop:tunnel"]["note"] == "this machine still has a tunnel to it"
    assert told["laptop:tunnel"]["hint"] == "clawprov tunnel down vps1"
    assert person.run("up", yard.name).exit == 0  # this laptop knows nothing of the lab's mirror


def test_down_leaves_every_byte_as_it_was(tunnel: Desk, yard: Box, before: str) -> None:
    assert tunnel.out(EVERYTHING) != before
    down = tunnel.clawprov("tunnel down vps1")
    assert down["verdicts"] == []
    assert tunnel.out(EVERYTHING) == before
    assert tunnel.run("pgrep -x ssh").returncode
    assert tunnel.run(f"systemctl --user status {UNIT}").returncode == 4
    assert USER not in out(yard, f"cat {KEYS}")


def test_a_config_that_its_owner_has_shut_is_left_alone(
    tunnel: Desk, yard: Box, before: str
) -> None:
    def refused(words: str) -> None:
        tunnel.out("chmod a-w .ssh/config")
        said = tunnel.run(f"{CLAWPROV} tunnel {words} vps1")
        tunnel.out("chmod u+w .ssh/config")
        assert said.returncode == 5
        assert f"error: this laptop: {HOME}/.ssh/config is read-only" in said.stderr
        assert "next: chmod u+rw" in said.stderr

    refused("down")
    assert tunnel.clawprov("tunnel status vps1")["verdicts"][-1]["ok"]
    tunnel.clawprov("tunnel down vps1")
    refused("up")
    assert tunnel.out(EVERYTHING) == before
    assert USER not in out(yard, f"cat {KEYS}")


def test_the_laptops_side_goes_alone_and_every_byte_is_as_it_was(
    tunnel: Desk, yard: Box, before: str
) -> None:
    assert tunnel.clawprov("tunnel down vps1 --client")["verdicts"] == []
    assert tunnel.out(EVERYTHING) == before
    assert tunnel.run("pgrep -x ssh").returncode
    assert USER in out(yard, f"cat {KEYS}")
    out(yard, f"sed -i '/{USER}@/d' {KEYS}")


def test_what_a_server_that_is_away_still_has_is_told_and_goes_later(
    tunnel: Desk, yard: Box, before: str
) -> None:
    with during(yard, "systemctl stop ssh.socket ssh", "systemctl start ssh"):
        [left] = tunnel.clawprov("tunnel down vps1", exit=7)["verdicts"]
    assert left["problem"].startswith("its list still has our key: ")
    assert "clawprov tunnel down vps1 again, or with --client" in left["hint"]
    assert tunnel.run("pgrep -x ssh").returncode
    assert tunnel.clawprov("tunnel down vps1")["verdicts"] == []
    assert USER not in out(yard, f"cat {KEYS}")
    assert tunnel.out(EVERYTHING) == before


def test_a_key_of_another_kind_and_a_new_one_take_the_old_ones_place(
    tunnel: Desk, yard: Box
) -> None:
    def line() -> str:
        [ours] = out(yard, f"grep {USER}@ {KEYS}").splitlines()
        return ours

    keys = [line()]
    for words, bits in (("--key rsa", 4096), ("--key rsa --new-key", 4096), ("--new-key", 256)):
        assert tunnel.clawprov(f"tunnel up vps1 {words}")["proof"]["ok"]
        assert tunnel.out("ssh-keygen -lf .ssh/clawprov/vps1.key").startswith(f"{bits} ")
        assert line() not in keys
        keys.append(line())
    assert tunnel.clawprov("tunnel up vps1")["outcomes"] == []


def test_two_gateways_have_a_tunnel_each_and_one_goes_without_the_other(
    tunnel: Desk, openclaw: Server
) -> None:
    wish = {"product": "openclaw", "profile": "strict", "node": {"source": "tarball"}}
    tunnel.know(openclaw.box, "vps2", auth={"mode": "password"}, **wish)
    second = tunnel.clawprov("tunnel up vps2 --yes")
    assert (second["proof"]["ok"], second["proof"]["path"]) == (True, f"tunnel from {SECOND}")
    assert tunnel.clawprov("tunnel up vps1")["outcomes"] == []
    assert tunnel.out("pgrep -c -x ssh") == "2"
    led = tunnel.out("for to in clawdbot openclaw; do ssh -G $to-remote | grep ^localf; done")
    assert [line.split()[1] for line in led.splitlines()] == FORWARDED
    tunnel.clawprov("tunnel down vps1")
    assert tunnel.clawprov("tunnel status vps2")["verdicts"][-1]["detail"] == SECOND
    tunnel.clawprov("tunnel down vps2")
    assert tunnel.run("pgrep -x ssh").returncode
