"""clawprov as a wheel on a fresh machine, making that very machine a gateway."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from provision.lab import Box, Lab

ROOT = Path(__file__).parents[2]
NAME = "t-local"
INSTALL = (
    "apt-get -q update && apt-get -q install -y --no-install-recommends python3-venv && "
    "python3 -m venv /opt/venv && /opt/venv/bin/pip install -q /root/*.whl"
)
INVENTORY = "hosts: {localhost: {node: {source: tarball}}}"


@pytest.fixture(scope="module")
def desk(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A machine with the wheel of this checkout, installed as its user would."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), str(ROOT)]
    subprocess.run(build, check=True)
    (wheel,) = folder.glob("*.whl")
    box = lab.up(NAME)
    options = ["-q", "-i", str(box.identity), "-o", f"UserKnownHostsFile={box.known_hosts}"]
    with wheel.open("rb") as data:
        into = ["ssh", *options, f"root@{box.address}", f"cat >/root/{wheel.name}"]
        subprocess.run(into, stdin=data, check=True)
    made = box.run(f"{INSTALL} && echo '{INVENTORY}' >/root/inventory.yml", seconds=300)
    assert made.returncode == 0, made.stdout + made.stderr
    yield box
    lab.down(NAME)


def clawprov(box: Box, words: str) -> dict:
    done = box.run(f"/opt/venv/bin/clawprov {words} -I /root/inventory.yml --json", seconds=400)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_the_machine_itself_becomes_a_gateway_and_stays_one(desk: Box) -> None:
    first = clawprov(desk, "up localhost")
    assert first["proof"]["ok"]
    assert first["proof"]["path"] == "loopback to 127.0.0.1:18789"
    again = clawprov(desk, "up localhost")
    assert again["plan"]["changes"] == []
    assert again["proof"]["ok"]
    told = desk.run("/opt/venv/bin/clawprov exec localhost -- --version")
    assert (told.returncode, told.stdout) == (0, "2026.1.24-3\n")


def test_a_user_without_sudo_is_told_so(desk: Box) -> None:
    said = desk.run(
        "useradd -m bob; apt-get -q install -y sudo >/dev/null; "
        "su bob -c '/opt/venv/bin/clawprov verify localhost'"
    )
    assert said.returncode == 4
    assert "you may not become root here without a password" in said.stderr
    assert "Traceback" not in said.stderr
