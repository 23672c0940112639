"""A server of one gigabyte: npm and the first start fit into it."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from provision.lab import Box, Lab

NAME = "t-small"
NPM_MB = 400
# The highest resident size of any npm process, watched as long as the box lives.
WATCH = (
    "while sleep 0.3; do for pid in $(pgrep -f '^npm ci'); do "
    "awk '/^VmHWM/ { print $2 }' /proc/$pid/status; done; done >/run/npm-kb 2>/dev/null"
)

HOG = (
    "import time; held = []\n"
    "while len(held) < 40: held.append(bytearray(b'x' * 2**25)); time.sleep(0.05)"
)


@pytest.fixture(scope="module")
def small(lab: Lab) -> Iterator[Box]:
    """A box with 1 GB of memory and no swap, which it cannot have."""
    yield lab.up(NAME, memory="1G", disk="4G")
    lab.down(NAME)


@pytest.fixture(scope="module")
def made(small: Box, tmp_path_factory: pytest.TempPathFactory) -> dict:
    small.run(f"systemd-run -q sh -c {shlex.quote(WATCH)}")
    home = tmp_path_factory.mktemp("home")
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "clawprov"),
            *("up", NAME, "-I", str(small.folder.root / "inventory.yml"), "--json"),
        ],
        capture_output=True,
        text=True,
        timeout=600,
        env=os.environ | {"HOME": str(home), "XDG_CONFIG_HOME": str(home)},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_gateway_is_proved_on_one_gigabyte(made: dict) -> None:
    assert made["proof"]["ok"]
    assert {"id": "release:clawdbot", "verb": "install", "why": "432 packages, sparing memory"} in (
        made["plan"]["changes"]
    )


def test_npm_stays_below_its_share(small: Box, made: dict) -> None:
    seen = [int(line) for line in small.run("cat /run/npm-kb").stdout.split()]
    assert seen
    assert max(seen) / 1024 < NPM_MB


def test_the_gateway_was_told_how_much_it_may_take(small: Box, made: dict) -> None:
    pid = small.run("systemctl show -P MainPID clawdbot-gateway").stdout.strip()
    environment = small.run(f"cat /proc/{pid}/environ").stdout.split("\0")
    assert "NODE_OPTIONS=--max-old-space-size=700" in environment


def test_where_memory_runs_out_the_gateway_goes_and_comes_back(small: Box, made: dict) -> None:
    before = small.run("systemctl show -P NRestarts clawdbot-gateway").stdout.strip()
    hog = f"python3 -c {shlex.quote(HOG)}"
    eat = f"systemd-run -q --collect --unit=hog {hog}"
    small.run(f"{eat}; while systemctl -q is-active hog; do sleep 0.2; done")
    assert subprocess.run(small.ssh("true"), check=False, timeout=20).returncode == 0
    again = f'[ "$(systemctl show -P NRestarts clawdbot-gateway)" != {before} ]'
    listens = "ss -Hltn 'sport = :18789' | grep -q ."
    wait = f"until {again} && {listens}; do sleep 0.2; done"
    back = small.run(f"timeout 100 sh -c {shlex.quote(wait)}")
    assert back.returncode == 0, small.run("systemctl status clawdbot-gateway").stdout
