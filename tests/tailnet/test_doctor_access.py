"""What keeps people of a tailnet from their gateway is named; where nothing does, nothing is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.tailnet.gateways import Gateway
from tests.tailnet.members import JOINED, STATUS, asked_to_enable, out


def found(gateway: Gateway) -> set[str]:
    """What the doctor finds, by rules."""
    said = gateway.owner.run("doctor", gateway.box.name, "--json")
    findings = said.answer["findings"]
    assert said.exit == (7 if findings else 0), said
    return {finding["rule"] for finding in findings}


def fall(gateway: Gateway) -> None:
    """Started anew, it dies of what it does not get."""
    out(gateway.box, f"systemctl restart {gateway.unit}")
    fallen = f"systemctl show {gateway.unit} -p NRestarts | grep -q 'Restarts=[1-9]'"
    gateway.until(fallen, seconds=90)


def test_clawdbot_on_its_tailnet(clawdbot: Gateway) -> None:
    clawdbot.joined()
    assert found(clawdbot) == set()
    out(clawdbot.box, "tailscale down")
    assert found(clawdbot) == {"tailscale:down"}
    out(clawdbot.box, "tailscale up")
    with clawdbot.without_https():
        assert found(clawdbot) == {"tailscale:no-https"}
    old = clawdbot.name.partition(".")[0]
    clawdbot.rename(f"{clawdbot.box.name}-new")
    assert found(clawdbot) == {"tailscale:dead-name"}
    clawdbot.rename(old)
    soon = datetime.now(UTC) + timedelta(days=5)
    clawdbot.tailnet.expire_at(old, f"{soon:%Y-%m-%dT%H:%M:%SZ}")
    clawdbot.until(f"{STATUS} | grep -q 'KeyExpiry.*{soon:%Y-%m-%d}'")
    assert found(clawdbot) == {"tailscale:key"}
    clawdbot.tailnet.keep(old)
    clawdbot.until(f"! {STATUS} | grep -q 'KeyExpiry.*{soon:%Y-%m-%d}'")


def test_openclaw_that_publishes_itself(openclaw: Gateway) -> None:
    openclaw.joined()
    assert found(openclaw) == set()
    out(openclaw.box, "tailscale set --operator=")
    fall(openclaw)
    assert found(openclaw) == {"tailscale:operator"}
    said = openclaw.owner.run("doctor", openclaw.box.name, "--fix", "--yes")
    assert "✓ fixed tailscale:operator" in said.out, said
    openclaw.await_reached(seconds=180)


def test_openclaw_in_a_tailnet_that_has_lost_its_https(openclaw: Gateway) -> None:
    """It does not start any more, after a reboot say, until `up` tells it to do without."""
    openclaw.joined()
    with openclaw.without_https(), asked_to_enable(openclaw.box, wait=False):
        fall(openclaw)
        assert found(openclaw) == {"tailscale:not-enabled"}
        said = openclaw.up()
        assert said.exit == 7, said
        assert "ssh to 127.0.0.1:18789" in said.out
        assert "HTTPS is off in this tailnet" in said.out
        assert f"clawprov tunnel up {openclaw.box.name}" in said.out
        assert found(openclaw) == {"tailscale:no-https"}
    openclaw.joined()


def test_openclaw_that_outlives_its_tailscaled(openclaw: Gateway) -> None:
    """As in a unit that is not ours, which no restart of tailscaled restarts."""
    openclaw.joined()
    unit = f"/etc/systemd/system/{openclaw.unit}"
    out(
        openclaw.box, f"cp {unit} /run/tied; sed -i '/tailscaled/d' {unit}; systemctl daemon-reload"
    )
    try:
        out(openclaw.box, "systemctl daemon-reload; systemctl restart tailscaled")
        openclaw.until(f"journalctl -q -n 20 -u {openclaw.unit} | grep -q 'route claim exited'")
        openclaw.until(JOINED)
        assert openclaw.reached() != "200"
        assert found(openclaw) == {"tailscale:route-lost"}
        said = openclaw.owner.run("doctor", openclaw.box.name, "--fix", "--yes")
        assert "✓ fixed tailscale:route-lost" in said.out, said
        openclaw.await_reached(seconds=180)
    finally:
        out(openclaw.box, f"mv /run/tied {unit}; systemctl daemon-reload")
