"""`up` brings a fresh machine to a proved gateway, and then leaves it alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from machines import LISTENING, Server, audit, await_in, out, show

CACHE = "/var/lib/clawdbot/tmp"
PROVED = re.compile(
    r"^✓ proved: clawdbot 2026\.1\.24-3, protocol 3: health in \d+ ms, ssh to "
    r"127\.0\.0\.1:18789; a wrong secret and none are refused$",
    re.MULTILINE,
)


def test_a_fresh_server_becomes_a_proved_gateway(server: Server) -> None:
    assert server.first.exit == 0, server.first
    assert PROVED.search(server.first.out)
    begun, ended = audit(server.box)[:2]
    assert (begun["who"].partition("@")[0], begun["verb"]) == ("ada", "up")
    assert ended["exit"] == 0


def test_up_again_changes_nothing(server: Server) -> None:
    before = audit(server.box), show(server.box, "MainPID")
    again = server.owner.run("up", server.name, "--json")
    assert (again.exit, again.planned, again.done) == (0, [], [])
    assert again.answer["proof"]["ok"]
    assert again.answer["proof"]["refused"] == {"wrong_secret": True, "no_secret": True}
    assert (audit(server.box), show(server.box, "MainPID")) == before


def test_it_gets_by_with_80_mb(server: Server) -> None:
    running = server.owner.start("up", server.name, "--json")
    status, peak = Path(f"/proc/{running.process.pid}/status"), 0
    while running.process.poll() is None:
        if seen := re.search(r"VmHWM:\s+(\d+) kB", status.read_text()):
            peak = int(seen[1])
    assert running.end().exit == 0
    assert 20_000 < peak < 80_000


def test_a_plan_of_a_converged_server_is_empty(server: Server) -> None:
    plan = server.owner.run("plan", server.name, "--exit-code")
    assert (plan.exit, plan.out) == (
        0,
        f"{server.name}: nothing to change (clawdbot@2026.1.24-3)\n",
    )


def test_a_latest_that_does_not_work_is_not_taken(server: Server) -> None:
    plan = server.owner.run("plan", server.name, "--product", "clawdbot@latest", "--json")
    assert (plan.exit, plan.planned) == (0, [])
    assert plan.answer["plan"]["product"] == "clawdbot@2026.1.24-3"
    notes = [verdict["note"] for verdict in plan.answer["verdicts"]]
    assert [note for note in notes if "latest, 2026.1.24, does not work" in note]


def test_without_the_secret_at_hand_the_servers_own_stays(server: Server, person) -> None:
    again = person.run("up", server.name, "--json")
    assert (again.exit, again.planned, again.answer["proof"]["ok"]) == (0, [], True)


@pytest.mark.parametrize("how", ["reboot", "restart"])
def test_the_gateway_comes_back_by_itself_with_its_compile_cache(server: Server, how: str) -> None:
    files = f"find {CACHE}/jiti -type f -printf '%p %T@\\n' | sort"
    before = out(server.box, files).splitlines()
    assert len(before) > 1000
    if how == "reboot":
        with server.box.rebooting():
            server.box.run("systemctl reboot")
    else:
        out(server.box, "systemctl restart clawdbot-gateway")
    await_in(server.box, LISTENING, seconds=180)
    verified = server.owner.run("verify", server.name, "--json")
    assert (verified.exit, verified.planned) == (0, []), verified
    assert verified.answer["proof"]["ok"]
    assert set(before) <= set(out(server.box, files).splitlines())
