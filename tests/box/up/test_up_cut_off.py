"""Whatever cuts `up` off, what had begun comes to its end and the next `up` goes on from there."""

from __future__ import annotations

import signal

import pytest
from machines import audit, await_job, forget_release, installing, job_runs, out, show
from persons import Person, Said

from provision.lab import Box, Lab

DRIFTS = (
    "chmod 755 /var/lib/clawdbot; chmod 644 /etc/clawdbot/gateway.env; "
    "rm -f /opt/clawprov/clawdbot/current /usr/local/bin/clawdbot; "
    "systemctl stop clawdbot-gateway"
)
STARTING = "systemctl is-active -q clawdbot-gateway && ! ss -Hltn 'sport = :18789' | grep -q ."


def made_once(box: Box, earlier: int) -> list[str]:
    """What was begun since the audit had `earlier` lines; all came to a good end, none twice."""
    lines = audit(box)[earlier:]
    begun = [str(name) for line in lines for name in line.get("changes", [])]
    exits = [line["exit"] for line in lines if "exit" in line]
    assert exits == [0] * (len(lines) // 2), lines
    assert len(begun) == len(set(begun)), begun
    return begun


def converges(person: Person, box: Box) -> Said:
    said = person.run("up", box.name, "--json")
    assert said.exit == 0, said
    assert said.answer["proof"]["ok"]
    assert person.run("plan", box.name, "--exit-code").exit == 0
    return said


@pytest.mark.parametrize("lines", [1, 2, 4])
def test_a_client_killed_at_any_step_harms_nothing(yard: Box, person: Person, lines: int) -> None:
    out(yard, DRIFTS)
    earlier = len(audit(yard))
    first = person.start("up", yard.name)
    first.reach(lambda: first.steps() >= lines)
    first.process.kill()
    assert first.end().exit == -signal.SIGKILL
    converges(person, yard)
    assert len(made_once(yard, earlier)) == 5


def test_what_a_killed_client_has_begun_ends_without_it(yard: Box, person: Person) -> None:
    forget_release(yard)
    earlier = len(audit(yard))
    first = person.start("up", yard.name)
    first.reach(lambda: installing(yard))
    first.process.kill()
    first.end()
    assert job_runs(yard)
    await_job(yard)
    assert made_once(yard, earlier) == ["release:clawdbot"]
    assert converges(person, yard).planned == []
    assert "Traceback" not in out(yard, "cat /run/clawprov/*.log")


def test_a_cut_cable_is_told_and_the_next_up_goes_on(lab: Lab, yard: Box, person: Person) -> None:
    forget_release(yard)
    earlier = len(audit(yard))
    first = person.start("up", yard.name)
    first.reach(lambda: installing(yard))
    link = lab.link(yard.name)
    link.cut()
    try:
        said = first.end(seconds=60)
    finally:
        link.restore()
    assert said.refused(4, "the connection was lost")
    converges(person, yard)
    lines = audit(yard)[earlier:]
    assert len([line for line in lines if "exit" in line]) == len(lines) / 2


def test_ctrl_c_ends_it_with_one_line(yard: Box, person: Person) -> None:
    out(yard, DRIFTS)
    earlier = len(audit(yard))
    first = person.start("up", yard.name)
    first.reach(lambda: first.told("file:/usr/local/bin/clawdbot"))
    first.process.send_signal(signal.SIGINT)
    said = first.end(seconds=10)
    assert (said.exit, said.out) == (130, "")
    assert "Traceback" not in said.err
    told = [line for line in said.err.splitlines() if line.strip() and line[0] not in "✓~…"]
    assert len(told) == 1, said.err
    assert told[0].startswith("interrupted: ")
    converges(person, yard)
    made_once(yard, earlier)


def test_a_power_cut_in_the_middle_of_npm_is_mended(yard: Box, person: Person) -> None:
    forget_release(yard)
    first = person.start("up", yard.name)
    first.reach(lambda: installing(yard))
    yard.crash()
    first.process.kill()
    first.end()
    assert "release:clawdbot" in converges(person, yard).done
    assert out(yard, "ls /opt/clawprov/clawdbot/releases") == "2026.1.24-3"


def test_a_power_cut_in_the_middle_of_a_cold_start_is_mended(yard: Box, person: Person) -> None:
    out(yard, "systemctl stop clawdbot-gateway; rm -rf /var/lib/clawdbot/tmp/*")
    first = person.start("up", yard.name)
    first.reach(lambda: yard.run(STARTING).returncode == 0)
    yard.crash()
    first.process.kill()
    first.end()
    converges(person, yard)
    assert show(yard, "NRestarts")["NRestarts"] == "0"
