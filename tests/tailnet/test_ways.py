"""From one way in to another, and none left open that is wished no more."""

from __future__ import annotations

import json

import pytest

from tests.tailnet.gateways import Gateway
from tests.tailnet.members import out


@pytest.fixture
def gateway(clawdbot: Gateway) -> Gateway:
    return clawdbot.joined()


def test_nothing_is_to_be_done_again(gateway: Gateway) -> None:
    said = gateway.up()
    assert said.exit == 0, said
    steps = [line.split()[1] for line in said.err.splitlines() if line.startswith("✓")]
    assert steps == ["connect", "look", "proof"], said.err
    assert f"https://{gateway.name}" in said.out


def test_leaving_shuts_the_way_and_coming_back_opens_it(gateway: Gateway) -> None:
    """It leaves its tailnet, since clawprov has brought it there; the proof is then through SSH."""
    name = gateway.name
    said = gateway.owner.run("down", gateway.box.name, "--access", "--yes", seconds=300)
    assert said.exit == 0, said
    assert "ssh to 127.0.0.1:18789" in said.out
    assert gateway.routes() == "{}"
    assert not json.loads(out(gateway.box, "tailscale debug prefs")).get("OperatorUser")
    assert gateway.box.run("tailscale status").returncode != 0
    assert gateway.peer.run(f"curl -sS --max-time 3 https://{name}/").returncode != 0
    gateway.joined()


def test_another_way_is_proved_before_the_old_one_is_closed(gateway: Gateway) -> None:
    loopback = gateway.owner.wishing(gateway.box.name, access=[])
    said = loopback.run("up", gateway.box.name, seconds=300)
    assert said.exit == 0, said
    steps = [line.split()[1] for line in said.err.splitlines() if line.startswith("✓")]
    assert steps == ["connect", "look", "proof", "look", "1/1", "look"], said.err
    assert gateway.routes() == "{}"
    out(gateway.box, "tailscale status")
    gateway.joined()


def test_https_is_opened_at_once_and_without_a_restart(gateway: Gateway) -> None:
    """The issue's five seconds are on top of what a run with nothing to do takes."""
    pid = f"systemctl show {gateway.unit} -p MainPID"
    out(gateway.box, "tailscale serve --yes --https=443 off")
    before = out(gateway.box, pid)
    opened, again = gateway.up("--json"), gateway.up("--json")
    assert (opened.done, again.done) == (["tailscale:serve"], [])
    assert opened.answer["seconds"] < again.answer["seconds"] + 5
    assert out(gateway.box, pid) == before


def test_behind_a_firewall_the_tailnet_gets_in_also_after_a_reboot(gateway: Gateway) -> None:
    box, walled = gateway.box, gateway.owner.wishing(gateway.box.name, basics={"firewall": True})
    try:
        said = walled.run("up", box.name, "--json")
        assert (said.exit, said.done) == (0, ["undo:timer", "firewall:input"]), said
        assert said.answer["proof"]["path"].startswith(f"https://{gateway.name}")
        with box.rebooting():
            box.run("systemctl reboot")
        gateway.await_reached(seconds=180)
        assert "policy drop" in out(box, "nft list table inet clawprov")
        again = walled.run("up", box.name, "--json")
        assert (again.exit, again.planned) == (0, []), again
    finally:
        out(box, "systemctl disable -q --now clawprov-firewall")


def test_openclaw_gives_its_https_up_only_when_the_other_way_is_proved(openclaw: Gateway) -> None:
    """It holds the route itself, and gives it up by a start; that is its only one."""
    gateway = openclaw.joined()
    name, starts = gateway.name, starts_of(gateway)
    loopback = gateway.owner.wishing(gateway.box.name, access=[])
    going, codes = loopback.start("up", gateway.box.name), [gateway.reached()]
    going.reach(lambda: codes.append(gateway.reached(name)) or going.told(" proof "))
    said = going.end()
    assert said.exit == 0, said
    assert len(codes) > 4
    assert set(codes) == {"200"}
    steps = [line.split()[1] for line in said.err.splitlines() if line.startswith("✓")]
    assert steps[:4] == ["connect", "look", "proof", "look"], said.err
    assert steps[-1] == "proof", said.err
    assert (gateway.reached(name), gateway.routes()) == ("000", "{}")
    assert starts_of(gateway) == starts + 1
    assert not gateway.box.run(f"systemctl show {gateway.unit} -p PartOf --value").stdout.strip()
    gateway.joined()


def starts_of(gateway: Gateway) -> int:
    """How often the gateway has been started."""
    return int(out(gateway.box, f"journalctl -q -o cat -u {gateway.unit} | grep -c '^Started'"))
