"""What somebody has changed on a server is named by the plan and put right by `up`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from machines import Server, out, show

CONFIG = "/var/lib/clawdbot/.clawdbot/clawdbot.json"
ENV = "/etc/clawdbot/gateway.env"
UNIT = "/etc/systemd/system/clawdbot-gateway.service"
SERVICE = "service:clawdbot-gateway"

DRIFTS = {
    "an edited config": (
        f"sed -i 's/loopback/lan/' {CONFIG}",
        [f"file:{CONFIG}", SERVICE],
    ),
    "a secret that all may read": (f"chmod 644 {ENV}", [f"secret:{ENV}"]),
    "a service that was stopped": ("systemctl stop clawdbot-gateway", [SERVICE]),
    "a service that was disabled": ("systemctl disable --quiet clawdbot-gateway", [SERVICE]),
    "a link that is gone": (
        "rm /opt/clawprov/clawdbot/current",
        ["link:/opt/clawprov/clawdbot/current"],
    ),
    "a home that all may enter": ("chmod 755 /var/lib/clawdbot", ["directory:/var/lib/clawdbot"]),
    "a wrapper of somebody else": (
        "printf '#!/bin/sh\\n' >/usr/local/bin/clawdbot",
        ["file:/usr/local/bin/clawdbot"],
    ),
    "an edited unit that was reloaded": (
        f"sed -i 's/^NoNewPrivileges=yes/NoNewPrivileges=no/' {UNIT}; systemctl daemon-reload",
        [f"file:{UNIT}", SERVICE],
    ),
    "an edited unit that was not reloaded": (
        f"sed -i 's/^RestartSec=5/RestartSec=50/' {UNIT}",
        [f"file:{UNIT}", SERVICE],
    ),
}


@pytest.fixture
def pid(server: Server) -> Iterator[str]:
    """The gateway's process; whatever the test leaves is mended."""
    yield show(server.box, "MainPID")["MainPID"]
    assert server.owner.run("up", server.name).exit == 0


@pytest.mark.parametrize("drift", DRIFTS)
def test_a_drift_is_named_and_put_right(server: Server, pid: str, drift: str) -> None:
    damage, ids = DRIFTS[drift]
    out(server.box, damage)
    plan = server.owner.run("plan", server.name, "--json", "--exit-code")
    assert (plan.exit, plan.planned) == (10, ids)
    repair = server.owner.run("up", server.name, "--json")
    assert (repair.exit, repair.planned, repair.done) == (0, ids, ids), repair
    assert server.owner.run("plan", server.name, "--exit-code").exit == 0
    restarted = show(server.box, "MainPID")["MainPID"] != pid
    assert restarted == (SERVICE in ids)
    assert show(server.box, "NeedDaemonReload")["NeedDaemonReload"] == "no"


def test_a_unit_that_systemd_has_not_read_again_is_no_empty_plan(server: Server, pid: str) -> None:
    out(server.box, f"sed -i 's/^RestartSec=5/RestartSec=50/' {UNIT}; systemctl daemon-reload")
    out(server.box, f"sed -i 's/^RestartSec=50/RestartSec=5/' {UNIT}")
    assert show(server.box, "NeedDaemonReload", "RestartUSec") == {
        "NeedDaemonReload": "yes",
        "RestartUSec": "50s",
    }
    repair = server.owner.run("up", server.name, "--json")
    assert (repair.exit, repair.planned) == (0, [SERVICE])
    assert show(server.box, "NeedDaemonReload", "RestartUSec") == {
        "NeedDaemonReload": "no",
        "RestartUSec": "5s",
    }


def test_a_drop_in_of_somebody_else_is_shown_and_stays(server: Server, pid: str) -> None:
    path = f"{UNIT}.d/override.conf"
    out(
        server.box,
        f"mkdir -p {UNIT}.d; cat >{path} <<'E'\n[Service]\nEnvironment=A_TOKEN=hunter2\nE",
    )
    out(server.box, "systemctl daemon-reload")
    try:
        for verb in ("plan", "up", "verify"):
            said = server.owner.run(verb, server.name)
            assert said.exit == 0, said
            assert "! gateway:drop-ins" in said.out
            assert (
                f"{path} sets Environment=A_TOKEN=***; it shows a secret to every user" in said.out
            )
            assert "hunter2" not in said.out + said.err
        document = server.owner.run("up", server.name, "--json").answer
        (note,) = [v for v in document["verdicts"] if v["check"] == "gateway:drop-ins"]
        assert (note["ok"], note["problem"], path in note["note"]) == (True, "", True)
        assert out(server.box, f"cat {path}").endswith("hunter2")
    finally:
        out(server.box, f"rm -r {UNIT}.d; systemctl daemon-reload")
    assert "! gateway" not in server.owner.run("verify", server.name).out
