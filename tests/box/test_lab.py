"""The lab keeps what docs/lab.md promises."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from provision.errors import ApplyError, LockedError, UsageError
from provision.lab import Box, Lab, Site, process
from provision.lab.workshop import lock

MakeBox = Callable[..., Box]
OTHER_SITE = Site(
    letter="t", bridge="testbr0", table="testbox", group="clawprov-test", prefix="10.79.0"
)

UP_ELSEWHERE = f"""\
import sys
from pathlib import Path
from provision.lab import Lab, Site
Lab(Path(sys.argv[1]), {OTHER_SITE!r}).up("victim")
"""


def ssh(box: Box, command: str, *options: str, user: str = "") -> subprocess.CompletedProcess[str]:
    argv = box.ssh(command, user=user)
    return subprocess.run(
        [argv[0], *options, *argv[1:]], capture_output=True, text=True, timeout=60
    )


def traces(lab: Lab) -> dict[str, object]:
    """Everything of a lab that this machine can show."""
    interfaces = {entry.name for entry in Path("/sys/class/net").iterdir()}
    letter = lab.site.letter
    groups = subprocess.run(
        ["find", "/sys/fs/cgroup", "-path", f"*{lab.site.group}*"], capture_output=True, text=True
    )
    tables = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True).stdout
    return {
        "processes": process.find(lab.folder),
        "mounts": [
            line
            for line in Path("/proc/self/mountinfo").read_text().splitlines()
            if str(lab.folder.root) in line
        ],
        "interfaces": {
            name
            for name in interfaces
            if name == lab.site.bridge or name[:3] in {f"{letter}{end}-" for end in "bsxy"}
        },
        "rules": lab.site.table in tables,
        "groups": groups.stdout,
        "undo": lab.folder.undo.exists(),
        "boxes": lab.folder.names(),
        "parts": list(lab.folder.parts.glob("*")),
    }


NOTHING = {
    "processes": {},
    "mounts": [],
    "interfaces": set(),
    "rules": False,
    "groups": "",
    "undo": False,
    "boxes": [],
    "parts": [],
}


@pytest.fixture
def own_lab(lab: Lab, tmp_path: Path) -> Iterator[Lab]:
    """A second lab on this machine, with the first one's images and mirror."""
    lab.ensure_image()
    lab.ensure_mirror()
    own = Lab(tmp_path / "lab", OTHER_SITE)
    own.folder.root.mkdir()
    own.folder.images.symlink_to(lab.folder.images)
    own.folder.mirror.symlink_to(lab.folder.mirror)
    with lock(lab.folder, "tests"):
        yield own
        own.down_all(purge=True)


def test_a_box_boots_and_runs_systemd(box: MakeBox) -> None:
    made = box()
    state = made.run("systemctl is-system-running --wait; cat /proc/1/comm; hostname")
    assert state.stdout.split() == ["running", "systemd", made.name]


def test_a_trixie_box_boots_and_runs_systemd(box: MakeBox) -> None:
    made = box(image="trixie")
    state = made.run("systemctl is-system-running --wait; cat /etc/debian_version")
    assert state.stdout.startswith("running\n13")


def test_a_box_shows_the_host_key_it_was_announced_with(box: MakeBox) -> None:
    made = box()
    answer = ssh(made, "id -un; cat /etc/ssh/ssh_host_ed25519_key.pub")
    user, key = answer.stdout.splitlines()
    assert (user, key.rsplit(" ", 1)[0]) == ("root", made.host_key)


def test_a_box_with_a_user_lets_him_in_and_sudo(box: MakeBox) -> None:
    made = box(user="alice")
    answer = ssh(made, "id -un; sudo -n id -un; stat -c '%U %a' ~ ~/.bashrc")
    assert answer.stdout.splitlines() == ["alice", "root", "alice 755", "alice 644"]
    assert ssh(made, "id -un", user="root").stdout == "root\n"


def test_a_running_box_is_left_as_it_is(lab: Lab, box: MakeBox) -> None:
    made = box()
    said: list[str] = []
    assert lab.up(made.name, say=said.append) == made
    assert said == [f"box {made.name} is running already"]
    assert made.boots == 1


def test_three_boxes_come_up_at_once(lab: Lab, box: MakeBox) -> None:
    with ThreadPoolExecutor() as pool:
        boxes = [future.result() for future in [pool.submit(box) for _ in range(3)]]
    assert len({made.address for made in boxes}) == 3
    assert [made.run("hostname").stdout.strip() for made in boxes] == [b.name for b in boxes]
    hosts = yaml.safe_load(lab.folder.inventory.read_text())["hosts"]
    assert {made.name: made.address for made in boxes}.items() <= {
        name: host["address"] for name, host in hosts.items()
    }.items()


def test_an_address_keeps_its_mac_so_that_nobody_talks_to_the_box_before(
    lab: Lab, box: MakeBox
) -> None:
    made = box()
    number = int(made.address.rsplit(".", 1)[1])
    assert made.run("cat /sys/class/net/eth0/address").stdout.strip() == lab.site.hardware(number)
    bridge = Path(f"/sys/class/net/{lab.site.bridge}/address").read_text().strip()
    assert bridge == lab.site.hardware(1)


def test_the_inventory_forgets_a_box_that_is_down(lab: Lab, box: MakeBox) -> None:
    made = box()
    host = yaml.safe_load(lab.folder.inventory.read_text())["hosts"][made.name]
    assert (host["host_key"], host["user"]) == (made.host_key, "root")
    assert Path(host["node"]["key"]).exists()
    made.down()
    assert made.name not in yaml.safe_load(lab.folder.inventory.read_text())["hosts"]


def test_a_reboot_keeps_address_identity_and_disk(box: MakeBox) -> None:
    made = box()
    made.run("echo kept > /root/file; sync")
    with made.rebooting():
        made.run("systemctl reboot")
    assert ssh(made, "cat /root/file").stdout == "kept\n"
    assert made.boots == 2


def test_a_power_cut_brings_the_box_back_with_its_disk(box: MakeBox) -> None:
    made = box()
    made.run("echo kept > /root/file; echo lost > /run/file; sync")
    before = made.run("cat /proc/sys/kernel/random/boot_id").stdout
    made.crash()
    assert made.run("cat /root/file; ls /run/file").stdout == "kept\n"
    assert made.run("cat /proc/sys/kernel/random/boot_id").stdout != before


def test_a_box_that_powers_off_stays_off(lab: Lab, box: MakeBox) -> None:
    made = box()
    made.run("systemctl poweroff")
    deadline = time.monotonic() + 20
    while made.running and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not made.running
    with pytest.raises(UsageError, match="no running box"):
        lab.get(made.name)
    assert lab.up(made.name).boots == 1


def test_a_cut_link_is_restored(lab: Lab, box: MakeBox) -> None:
    made = box()
    link = lab.link(made.name)
    link.cut()
    assert ssh(made, "true", "-o", "ConnectTimeout=1").returncode == 255
    link.restore()
    assert ssh(made, "true").returncode == 0


def test_a_wire_delays_both_ways_and_is_taken_out(lab: Lab, box: MakeBox) -> None:
    made = box()
    ping = f"ping -c3 -i0.2 -q {lab.site.gateway} | sed -n 's|^rtt.*= \\([0-9]*\\).*|\\1|p'"
    with lab.wire(made.name, delay_ms=50):
        assert 100 <= int(made.run(ping).stdout) < 150
    assert int(made.run(ping).stdout) < 20


def test_a_wire_that_is_killed_can_be_restored(lab: Lab, box: MakeBox) -> None:
    made = box()
    with lab.wire(made.name, loss_percent=50, kbit=512):
        process.end(lab.folder, f"wire:{made.name}")
    assert ssh(made, "true").returncode == 0


@pytest.mark.parametrize("disk", ["ram:64M", "64M"])
def test_a_small_disk_fills_up(box: MakeBox, disk: str) -> None:
    made = box(disk=disk)
    filled = made.run("head -c 80M /dev/zero > /root/big")
    assert "No space left on device" in filled.stderr
    assert made.run("rm /root/big && echo fits > /root/small").returncode == 0


def test_a_memory_limit_kills_the_hog_and_not_the_box(box: MakeBox) -> None:
    made = box(disk="1G", memory="200M")
    hog = ssh(made, "python3 -c 'x = bytearray(300 << 20)'; echo $?")
    assert hog.stdout.split() == ["137"]
    assert made.run("systemctl is-active ssh").stdout == "active\n"


def test_node_comes_from_the_mirror_as_from_nodesource(box: MakeBox) -> None:
    made = box()
    script = """\
set -e
curl -fsS https://deb.nodesource.com/gpgkey/nodesource-repo.gpg.key -o /etc/apt/keyrings/n.asc
echo 'deb [signed-by=/etc/apt/keyrings/n.asc] https://deb.nodesource.com/node_22.x nodistro main' \
  > /etc/apt/sources.list
apt-get update -qq && apt-get download -qq nodejs && dpkg --unpack --force-depends nodejs_*.deb
node --version && npm --version
curl -fsS https://nodejs.org/dist/index.json
"""
    done = made.run(script)
    assert done.returncode == 0, done.stderr
    assert "\nv22." in done.stdout
    assert '"version": "v22.' in done.stdout


def test_the_mirror_does_not_hand_out_its_keys(lab: Lab) -> None:
    served = lab.ensure_mirror()
    assert [path.name for path in served.rglob("*.key")] == ["nodesource-repo.gpg.key"]
    assert not [*served.rglob("private*"), *served.rglob("*.kbx"), *served.rglob("server.*")]


def test_down_all_leaves_nothing_behind(own_lab: Lab) -> None:
    uplink = Path("/proc/sys/net/ipv4/conf")
    before = {path: path.read_text() for path in uplink.glob("e*/forwarding")}
    own_lab.up("one")
    own_lab.up("two", disk="1G", memory="300M")
    own_lab.link("one").slow(delay_ms=5, jitter_ms=0, loss_percent=0, kbit=0)
    own_lab.link("two").cut()
    own_lab.down_all()
    assert traces(own_lab) == NOTHING
    assert {path: path.read_text() for path in before} == before
    assert own_lab.folder.images.is_dir()


def test_the_last_box_takes_the_network_along(own_lab: Lab) -> None:
    first, second = own_lab.up("one"), own_lab.up("two")
    first.down()
    assert second.run(f"ping -c1 {OTHER_SITE.gateway}").returncode == 0
    second.down()
    assert traces(own_lab) == NOTHING


def test_a_killed_supervisor_takes_its_box_along(own_lab: Lab) -> None:
    made = own_lab.up("victim")
    root = Path(f"/proc/{made.init}/root/etc")
    process.end(own_lab.folder, "box:victim")
    deadline = time.monotonic() + 2
    while root.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not root.exists()
    assert own_lab.boxes() == []
    assert own_lab.up("victim").boots == 1
    process.end(own_lab.folder, "box:victim")
    own_lab.down_all()
    assert traces(own_lab) == NOTHING


@pytest.mark.parametrize("seconds", [0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6])
def test_an_up_killed_midway_leaves_nothing_after_down_all(own_lab: Lab, seconds: float) -> None:
    up = subprocess.Popen([sys.executable, "-c", UP_ELSEWHERE, str(own_lab.folder.root)])
    time.sleep(seconds)
    up.kill()
    up.wait()
    own_lab.down_all()
    assert traces(own_lab) == NOTHING


@pytest.mark.parametrize("command", ["ip", "nft"])
def test_the_last_command_of_a_killed_up_is_waited_for(
    own_lab: Lab, tmp_path: Path, command: str
) -> None:
    begun, slow = tmp_path / "begun", tmp_path / command
    slow.write_text(f'#!/bin/sh\n>{begun}\nsleep 1\nexec {shutil.which(command)} "$@"\n')
    slow.chmod(0o755)
    argv = [sys.executable, "-c", UP_ELSEWHERE, str(own_lab.folder.root)]
    up = subprocess.Popen(argv, env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    while not begun.exists():
        time.sleep(0.01)
    up.kill()
    up.wait()
    own_lab.down_all()
    time.sleep(1)  # what was begun has ended by now, whoever waited for it
    assert traces(own_lab) == NOTHING


def test_a_box_that_cannot_start_leaves_nothing(own_lab: Lab) -> None:
    with pytest.raises(ApplyError, match="victim ended") as caught:
        own_lab.up("victim", disk="999999G")
    assert caught.value.log
    assert traces(own_lab) == NOTHING


def test_a_bridge_of_another_lab_is_not_taken(own_lab: Lab, tmp_path: Path) -> None:
    own_lab.up("one")
    other = Lab(tmp_path / "other", OTHER_SITE)
    other.folder.root.mkdir()
    other.folder.images.symlink_to(own_lab.folder.images)
    with pytest.raises(LockedError, match=str(own_lab.folder.root)):
        other.up("two", majors=())
    other.down_all()
    assert own_lab.get("one").run("true").returncode == 0


@pytest.mark.parametrize("name", ["", "Box", "1st", "a_b", "-a", "thirteen-char", "a b", "../x"])
def test_a_name_that_fits_no_host_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="no name for a box"):
        Lab(tmp_path).up(name)


@pytest.mark.parametrize(
    "options", [{"disk": "4"}, {"disk": "ram:"}, {"memory": "lots"}, {"user": "root"}]
)
def test_a_wish_that_makes_no_sense_is_refused(tmp_path: Path, options: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        Lab(tmp_path).up("vps1", **options)


def test_an_unknown_image_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no image 'sid'"):
        Lab(tmp_path).up("vps1", image="sid")
