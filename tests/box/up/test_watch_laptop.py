"""A laptop's own timer that verifies a server, and tells what is new."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from desk import HOME, Desk
from machines import LISTENING, await_in, during

from provision.lab import Box

HEARD = f"{HOME}/heard"
UNIT = "clawprov-watch-vps1"
INSTALL = f"watch vps1 --install --on laptop --every 1h --notify 'cat >>{HEARD}'"


@pytest.fixture
def watching(desk: Desk, yard: Box) -> Iterator[Desk]:
    """A laptop that has looked once and had nothing to tell."""
    desk.know(yard)
    desk.clawprov("up vps1 --yes")
    made = desk.clawprov(INSTALL)
    assert f"timer:{UNIT}" in [outcome["id"] for outcome in made["outcomes"]]
    desk.until("[ -e .config/clawprov/watch/vps1.told ]", seconds=90)
    yield desk
    desk.clawprov("watch vps1 --uninstall --on laptop")
    assert desk.run(f"ls -d .config/clawprov/watch .config/systemd/user/{UNIT}*").stdout == ""


def heard(desk: Desk) -> str:
    """What one more look made known."""
    desk.out(f"systemctl --user start {UNIT}.service")
    return desk.out(f"cat {HEARD} 2>/dev/null; rm -f {HEARD}")


def test_a_laptop_tells_what_is_new_of_its_server(watching: Desk, yard: Box) -> None:
    assert heard(watching) == ""
    assert watching.clawprov(INSTALL)["outcomes"] == []
    with during(yard, "systemctl stop clawdbot-gateway", "systemctl start clawdbot-gateway"):
        told = heard(watching)
        assert told.startswith("vps1: 4 problems\n")
        assert "- gateway:steady: clawdbot-gateway.service is inactive" in told
        assert heard(watching) == ""
    await_in(yard, LISTENING, seconds=180)
    assert heard(watching).startswith("vps1: all is well again\n")
    with during(yard, "systemctl stop ssh.socket ssh", "systemctl start ssh"):
        assert heard(watching) == ""  # a laptop is often without a network
        assert "- it cannot be reached: " in heard(watching)
    assert "+ no more: it cannot be reached: " in heard(watching)
