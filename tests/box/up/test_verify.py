"""Whether real gateways are well, told from here, and by a watch that sits on the server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
import yaml
from machines import Server, during, out, untouched
from persons import Person

from provision.lab import Box

HEARD = "/root/heard"
NOTIFY = f"cat >>{HEARD} # canary-in-the-command"
LOOK = (  # one that its timer has just begun may have looked too early
    "while systemctl show -P ActiveState clawdbot-watch | grep -qx activating; do sleep 0.1; done; "
    "systemctl start clawdbot-watch"
)
GRACE_S = 30
"""How long a status of three hosts may take here, where many tests share two processors."""


@pytest.mark.parametrize("product", ["clawdbot", "openclaw"])
def test_a_server_that_is_well_gives_no_finding(
    request: pytest.FixtureRequest, product: str, tmp_path: Path
) -> None:
    fixture = {"clawdbot": "server", "openclaw": "openclaw"}[product]
    well: Server = request.getfixturevalue(fixture)
    file = tmp_path / "verify.xml"
    with untouched(well.box):
        said = well.owner.run("verify", well.name, "--json", "--junit", str(file))
        watched = well.owner.run("watch", well.name)
    assert (said.exit, watched.exit) == (0, 0), (said, watched)
    assert watched.out == f"{well.name}: nothing that a watch would tell\n"
    found = [v for v in said.answer["verdicts"] if not v["ok"] or v["note"]]
    assert [v for v in found if v["check"] != "host:swap"] == []
    details = {v["check"]: v.get("detail") for v in said.answer["verdicts"]}
    assert details["gateway:channels"] == "none is configured"
    assert details["security:config"] == "no secret is in it"
    assert said.answer["channels"] == []
    assert said.answer["executes"][0]["remark"] == f"as user {product}"
    suite = fromstring(file.read_text())[0]
    assert (suite.get("name"), suite.get("failures"), suite.get("errors")) == (well.name, "0", "0")
    table = well.owner.run("verify", well.name).out
    assert "\x1b" not in table
    assert "✓ all well: " in table


def test_many_hosts_are_told_at_once_and_one_that_is_away_is_a_line(
    server: Server, openclaw: Server, person: Person
) -> None:
    hosts = {
        well.name: yaml.safe_load(well.owner.inventory.read_text())["hosts"][well.name]
        for well in (server, openclaw)
    }
    away = {"address": "127.0.0.1", "port": 1}
    inventory = person.home / "all.yml"
    document = {"hosts": {**hosts, "away": away}}
    inventory.write_text(yaml.safe_dump(document, sort_keys=False))
    fleet = Person(person.home, inventory)
    said = fleet.run("status", "--json", seconds=GRACE_S)
    assert said.exit == 4, said
    states = {one["host"]: one["ok"] for one in said.answer["hosts"]}
    assert states == {server.name: True, openclaw.name: True, "away": False}
    lines = fleet.run("status").out.splitlines()
    assert [line[0] for line in lines if line[:1] in "✓✗"] == ["✓", "✓", "✗"]
    only = fleet.run("status", server.name, openclaw.name, "-v")
    assert only.exit == 0
    assert f"exec       on gateway host {server.name} as user clawdbot" in only.out


@pytest.fixture
def watched(yard: Box, person: Person) -> Iterator[Person]:
    """A server with a watch, which has told nothing so far."""
    out(yard, f"rm -f {HEARD}")
    assert person.run("up", yard.name).exit == 0
    made = person.run(
        "watch", yard.name, "--install", "--every", "1h", "--notify", NOTIFY, "--json"
    )
    assert made.exit == 0, made
    assert len(made.done) == 5
    assert out(yard, "systemctl is-active clawdbot-watch.timer") == "active"
    assert person.run("doctor", yard.name).exit == 0
    yield person
    assert person.run("watch", yard.name, "--uninstall").exit == 0
    left = out(yard, "ls -d /etc/clawdbot/watch* /etc/systemd/system/*-watch* 2>&1 || :")
    assert left.count("No such file") == 2


def heard(box: Box) -> str:
    """What one more look made known."""
    out(box, LOOK)
    return out(box, f"cat {HEARD} 2>/dev/null || :; rm -f {HEARD}")


def test_what_breaks_is_told_once_and_once_when_it_is_mended(yard: Box, watched: Person) -> None:
    assert heard(yard) == ""
    wrapper = "/usr/local/bin/clawdbot"
    with during(
        yard, f"cp {wrapper} /root/kept; echo '# me' >>{wrapper}", f"cp /root/kept {wrapper}"
    ):
        with during(yard, "systemctl stop clawdbot-gateway", "systemctl start clawdbot-gateway"):
            told = heard(yard)
            assert told.startswith(
                f"{yard.name}: 2 problems\n\n- clawdbot-gateway.service is inactive"
            )
            assert f"- somebody has changed {wrapper}" in told
            assert heard(yard) == ""
            said = watched.run("verify", yard.name, "--json")
            ill = {v["check"] for v in said.answer["verdicts"] if not v["ok"]}
            assert (said.exit, ill) == (
                7,
                {"host:as-planned", "gateway:steady", "gateway:loopback"},
            )
            table = watched.run("verify", yard.name)
            assert "  next: journalctl -u clawdbot-gateway" in table.out
            assert watched.run("plan", yard.name, "--exit-code").exit == 10
        assert heard(yard) == (
            f"{yard.name}: 1 problem\n\n+ no more: clawdbot-gateway.service is inactive"
        )
    assert heard(yard).startswith(f"{yard.name}: all is well again\n")
    assert heard(yard) == ""


def test_a_disk_that_fills_up_is_told(yard: Box, watched: Person) -> None:
    room = "$(($(df -Pm / | awk 'NR == 2 { print $4 }') - 100))M"
    with during(yard, f"fallocate -l {room} /var/big", "rm /var/big"):
        assert "- the disk at / is 9" in heard(yard)
    assert "+ no more: the disk at /" in heard(yard)


def test_the_command_is_nobodys_business(yard: Box, watched: Person) -> None:
    again = watched.run("watch", yard.name, "--install", "--every", "1h", "--notify", NOTIFY)
    assert (again.exit, again.out) == (0, f"{yard.name}: nothing to change\n")
    found = out(
        yard, "grep -rlI canary-in-the-command /etc /var/lib /var/log /run 2>/dev/null || :"
    )
    assert found == "/etc/clawdbot/watch.notify"
    assert out(yard, "stat -c '%a %U' /etc/clawdbot/watch.notify") == "600 root"
    units = out(yard, "systemctl cat clawdbot-watch.service clawdbot-watch.timer")
    assert "canary" not in units
