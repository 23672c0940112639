"""What happens to a gateway on a tailnet: it comes back by itself, or `up` mends or tells."""

from __future__ import annotations

import pytest

from tests.tailnet.gateways import Gateway
from tests.tailnet.members import asked_to_enable, certify, name_of, out

OTHER = "tailscale serve {} --yes --https=443 http://127.0.0.1:9999 </dev/null"
OFF = "tailscale serve --yes --https=443 off"


@pytest.fixture(params=["clawdbot", "openclaw"])
def gateway(request: pytest.FixtureRequest) -> Gateway:
    return request.getfixturevalue(request.param).joined()


def test_it_survives_a_restart_of_tailscaled(gateway: Gateway) -> None:
    out(gateway.box, "systemctl restart tailscaled")
    gateway.await_reached(seconds=120)


def test_it_survives_a_restart_of_the_gateway(gateway: Gateway) -> None:
    out(gateway.box, f"systemctl restart {gateway.unit}")
    gateway.await_reached(seconds=120)


def test_it_survives_a_reboot(gateway: Gateway) -> None:
    with gateway.box.rebooting():
        gateway.box.run("systemctl reboot")
    gateway.await_reached(seconds=180)


@pytest.mark.parametrize("how", ["systemctl stop tailscaled", "tailscale down", "tailscale logout"])
def test_up_brings_back_a_tailscale_that_was_stopped(clawdbot: Gateway, how: str) -> None:
    gateway = clawdbot.joined()
    name = gateway.name
    out(gateway.box, how)
    assert gateway.reached(name) == "000"
    gateway.joined()


def test_a_login_that_has_expired_is_made_anew(gateway: Gateway) -> None:
    gateway.expire()
    gateway.joined()


def test_a_renamed_node_is_served_under_its_new_name_alone(gateway: Gateway) -> None:
    old = gateway.name.partition(".")[0]
    new = f"{gateway.box.name}-new"
    gateway.rename(new)
    try:
        said = gateway.joined().up()
        assert gateway.name == name_of(new)
        assert f"https://{name_of(new)}" in said.out
        assert f"{name_of(old)}:443" not in gateway.routes()
    finally:
        gateway.rename(old)


def test_a_name_that_is_taken_is_told_as_it_has_become(clawdbot: Gateway) -> None:
    gateway = clawdbot.wishing(hostname=clawdbot.peer.name)
    gateway.leave()
    certify(gateway.box.folder, gateway.box, f"{gateway.peer.name}-1")
    try:
        said = gateway.joined().up()
        assert f"https://{name_of(f'{gateway.peer.name}-1')}" in said.out
    finally:
        gateway.leave()


@pytest.mark.parametrize("wait", [True, False])
def test_a_tailnet_without_https_leaves_the_tunnel(clawdbot: Gateway, wait: bool) -> None:
    gateway = clawdbot.joined()
    out(gateway.box, OFF)
    with gateway.without_https(), asked_to_enable(gateway.box, wait=wait):
        said, page = gateway.up(), gateway.owner.run("open", gateway.box.name)
    assert said.exit == 7
    assert "HTTPS is off in this tailnet" in said.out
    assert page.refused(5, "HTTPS is off in this tailnet")
    assert f"clawprov tunnel up {gateway.box.name}" in said.out
    assert gateway.routes() == "{}"
    gateway.joined()


def test_somebody_elses_route_in_the_background_stays(clawdbot: Gateway) -> None:
    gateway = clawdbot.joined()
    out(gateway.box, f"{OFF}; {OTHER.format('--bg')}")
    before = gateway.routes()
    try:
        said = gateway.up()
        assert said.exit == 7
        assert "port 443 of this node leads to http://127.0.0.1:9999 already" in said.out
        assert gateway.routes() == before
    finally:
        out(gateway.box, OFF)


def test_somebody_elses_route_in_the_foreground_stays(clawdbot: Gateway) -> None:
    gateway = clawdbot.joined()
    out(gateway.box, f"{OFF}; systemd-run -q --collect --unit=other {OTHER.format('--bg=false')}")
    held = "tailscale serve status --json | grep -q 9999"
    out(gateway.box, f"for i in $(seq 50); do {held} && exit; sleep 0.1; done; exit 1")
    try:
        said = gateway.up()
        assert said.exit == 7
        assert "is held by a program that serves http://127.0.0.1:9999" in said.out
        out(gateway.box, "systemctl is-active other")
    finally:
        out(gateway.box, "systemctl stop other")
        gateway.until("! tailscale serve status --json | grep -q 9999")


def test_a_control_server_that_is_down_changes_nothing(clawdbot: Gateway) -> None:
    gateway = clawdbot.joined()
    gateway.tailnet.server.stop()
    try:
        assert gateway.up().exit == 0
    finally:
        gateway.tailnet.start()
    gateway.await_reached()


def test_joining_without_a_control_server_ends(clawdbot: Gateway) -> None:
    clawdbot.leave()
    key = clawdbot.tailnet.key()
    clawdbot.tailnet.server.stop()
    try:
        said = clawdbot.up(key=key)
    finally:
        clawdbot.tailnet.start()
    assert said.refused(6, "does not answer")
