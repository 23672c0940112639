"""Strangers at a gateway: listed, let in by hand alone, shut out."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from machines import Server, await_in, out
from strangers import forwarded, knock

from provision.protocol.device import Device

READ = ("operator.read",)
APPROVE, REVOKE = ("devices", "approve"), ("devices", "revoke")


def listed(server: Server) -> dict[str, Any]:
    said = server.owner.run("devices", server.name, "--json")
    assert said.exit == 0, said
    return said.answer


def told(server: Server) -> str:
    return server.owner.run("devices", server.name).out


def of(entries: list[dict[str, Any]], device: Device) -> list[dict[str, Any]]:
    return [entry for entry in entries if entry["device"] == device.id]


@pytest.fixture
def device() -> Device:
    return Device(secrets.token_bytes(32))


def test_a_stranger_from_afar_waits_until_a_person_lets_it_in(
    server: Server, secret: str, device: Device
) -> None:
    shared = {"token": secret, "password": secret}
    with forwarded(server.box) as port:
        refused = knock(port, shared, device, scopes=READ, behind="203.0.113.9")
        assert refused["error"]["code"] == "NOT_PAIRED", refused
        [asking] = of(listed(server)["asking"], device)
        assert (asking["name"], asking["scopes"]) == ("gateway-client", list(READ))
        unsaid = server.owner.run(*APPROVE, server.name, asking["request"])
        assert unsaid.refused(2, "this needs your consent")
        assert not knock(port, shared, device, scopes=READ, behind="203.0.113.9")["ok"]
        said = server.owner.run(*APPROVE, server.name, asking["request"][:8], "--yes")
        assert (said.exit, said.out) == (0, "paired: gateway-client on test\n")
        hello = knock(port, shared, device, scopes=READ, behind="203.0.113.9")
        own = {"token": hello["payload"]["auth"]["deviceToken"]}
        assert knock(port, own, device, scopes=READ, behind="203.0.113.9")["ok"]
        assert server.owner.run(*REVOKE, server.name, device.id, "--yes").exit == 0
        assert not knock(port, own, device, scopes=READ, behind="203.0.113.9")["ok"]
    [paired] = of(listed(server)["paired"], device)
    assert paired["revoked"]
    assert secret not in str(listed(server))


def test_one_that_comes_through_the_tunnel_with_the_secret_is_in_at_once_and_listed(
    server: Server, secret: str, device: Device
) -> None:
    with forwarded(server.box) as port:
        assert knock(port, {"token": secret}, device, scopes=READ)["ok"]
    [paired] = of(listed(server)["paired"], device)
    assert (paired["scopes"], paired["ours"]) == (list(READ), "")


def test_the_servers_own_command_line_is_known_by_its_identity(server: Server) -> None:
    out(server.box, "clawdbot gateway health")
    whose = [entry["ours"] for entry in listed(server)["paired"]]
    assert "the server's own command line" in whose


def test_openclaws_devices_are_let_in_turned_away_and_forgotten(
    openclaw: Server, device: Device
) -> None:
    other = Device(secrets.token_bytes(32))
    secret = openclaw.owner.run("secret", "show", openclaw.name, "--yes").out.strip()
    with forwarded(openclaw.box) as port:
        for one in (device, other):
            assert knock(port, {"token": secret}, one, scopes=READ)["ok"]
            assert not knock(port, {"token": secret}, one, role="node")["ok"]
        [asking] = of(listed(openclaw)["asking"], device)
        assert asking["roles"] == ["node"]
        assert f"  {asking['request'][:12]}  node-host on test" in told(openclaw)
        assert openclaw.owner.run(*APPROVE, openclaw.name, asking["request"], "--yes").exit == 0
        assert knock(port, {"token": secret}, device, role="node")["ok"]
        verified = openclaw.owner.run("verify", openclaw.name, "--json")
        [node] = [n for n in verified.answer["nodes"] if n["id"] == device.id]
        assert (verified.exit, node["connected"]) == (0, False)
        [refused] = of(listed(openclaw)["asking"], other)
        for id in (device.id, refused["request"]):
            assert openclaw.owner.run(*REVOKE, openclaw.name, id, "--yes").exit == 0
    assert of(listed(openclaw)["paired"], device) == []
    assert of(listed(openclaw)["asking"], other) == []


def test_an_id_of_nobody_is_told_so(server: Server) -> None:
    said = server.owner.run(*REVOKE, server.name, "zzzz", "--yes")
    assert said.refused(2, "no request and no device has an id that begins with 'zzzz'")


def test_a_gateway_that_is_down_is_told_so(openclaw: Server) -> None:
    out(openclaw.box, "systemctl stop openclaw-gateway")
    try:
        said = openclaw.owner.run("devices", openclaw.name)
        assert said.refused(4, "takes no connection")
    finally:
        out(openclaw.box, "systemctl start openclaw-gateway")
        await_in(openclaw.box, "curl -fs http://127.0.0.1:18789/readyz", seconds=240)
        assert openclaw.owner.run("verify", openclaw.name).exit == 0


def test_openclaws_own_health_is_told_at_once(openclaw: Server) -> None:
    """It looks for the gateway's process, which the sandbox hides, unless it knows the address."""
    assert "Agents: main" in out(openclaw.box, "openclaw health", seconds=30)
