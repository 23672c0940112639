"""A gateway's service that is not there, or falls, is named for what it is."""

from __future__ import annotations

from faults import drop_in
from machines import LISTENING, UNIT, Server, await_in, during, out
from persons import Person
from test_doctor import FALLEN, HOLDERS, WELL, found

from provision.lab import Box

FILE = f"/etc/systemd/system/{UNIT}"
STATE = "/var/lib/openclaw/.openclaw/state/openclaw.sqlite"
VERSION = f"""python3 -c '
import sqlite3, sys
with sqlite3.connect("{STATE}") as data:
    print(data.execute("pragma user_version").fetchone()[0])
    if sys.argv[1:]:
        data.execute(f"pragma user_version = {{sys.argv[1]}}")
'"""


def test_a_server_on_which_nothing_runs_a_gateway(yard: Box, person: Person) -> None:
    hide = f"systemctl stop {UNIT}; mv {FILE} /root/unit; systemctl daemon-reload"
    with during(yard, hide, f"mv /root/unit {FILE}; systemctl daemon-reload; {WELL}"):
        assert set(found(person, yard)) == {"service:none"}
    assert found(person, yard, exit=0) == {}


def test_a_gateway_that_falls_for_a_reason_nobody_knows(yard: Box, person: Person) -> None:
    words = "never seen before, token=canary-of-a-log"
    with drop_in(yard, "ExecStart=", f"ExecStart=/bin/sh -c 'echo {words}; exit 1'"):
        out(yard, f"systemctl restart {UNIT}")
        await_in(yard, FALLEN)
        seen = found(person, yard)
    assert set(seen) == {"service:falling"}
    assert any("never seen before" in line for line in seen["service:falling"]["evidence"])
    out(yard, WELL)


def test_a_gateway_whose_port_was_taken_and_is_free_again(yard: Box, person: Person) -> None:
    take, leave = HOLDERS["port:stranger"]
    out(yard, f"systemctl stop {UNIT}")
    with drop_in(yard, "RestartSec=600"):
        with during(yard, f"{take}\nuntil {LISTENING}; do sleep 0.1; done", leave):
            out(yard, f"systemctl start {UNIT}")
            await_in(yard, FALLEN)
        assert set(found(person, yard)) == {"port:lost"}
    out(yard, WELL)


def test_data_that_a_newer_version_has_written(openclaw: Server) -> None:
    box, unit = openclaw.box, "openclaw-gateway"
    out(box, f"systemctl stop {unit}")
    was = out(box, f"{VERSION} 9999")
    try:
        out(box, f"systemctl start {unit}")
        await_in(box, f"systemctl is-failed -q {unit}", seconds=240)  # it ends with 78, for good
        assert set(found(openclaw.owner, box)) == {"data:newer"}
    finally:
        out(box, f"{VERSION} {was}; {WELL.replace(UNIT, unit)}")
    assert found(openclaw.owner, box, exit=0) == {}
