"""A laptop that is in the tailnet itself: the proof, and the page, go straight over https."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from desk import CLAWPROV, HOME, USER, Desk
from machines import await_in

from provision.lab import Box
from provision.lab.mirror import repository_key
from provision.products import find_product
from tests.tailnet.gateways import Gateway
from tests.tailnet.headscale import Headscale
from tests.tailnet.members import install, join, out


@pytest.fixture(scope="module")
def member(
    make_box: Callable[..., Box], tailnet: Headscale, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    """Ada's laptop, with clawprov and Tailscale on it."""
    desk = Desk(make_box(user=USER))
    desk.install(tmp_path_factory.mktemp("wheel"))
    install(desk.box)
    join(desk.box, tailnet.url, tailnet.key())
    yield desk
    out(desk.box, "tailscale logout")


@pytest.fixture(params=["clawdbot", "openclaw"])
def gateway(request: pytest.FixtureRequest, member: Desk) -> Gateway:
    """One that somebody else has brought up, and that ada has in an inventory of her own."""
    made: Gateway = request.getfixturevalue(request.param).joined()
    signed = {"key": f"{HOME}/mirror.asc"}
    member.put(signed["key"], repository_key(made.box.folder).read_bytes())
    tailnet = {
        "tailscale": signed | {"login_server": made.tailnet.url},
        "access": "tailscale-serve",
    }
    member.know(made.box, made.box.name, product=made.product, node=signed, **tailnet)
    await_in(member.box, f"curl -fsS -o /dev/null --max-time 5 https://{made.name}/")
    return made


def test_the_proof_comes_straight_from_the_laptop(member: Desk, gateway: Gateway) -> None:
    name = gateway.box.name
    made = member.clawprov(f"up {name}")
    assert (made["outcomes"], made["proof"]["path"]) == ([], f"https://{gateway.name}")
    assert made["proof"]["refused"] == {"wrong_secret": True, "no_secret": True}
    verified = member.clawprov(f"verify {name}")
    assert verified["proof"]["path"] == f"https://{gateway.name}"
    assert member.clawprov(f"doctor {name}")["findings"] == []
    assert reached(member.clawprov(f"audit {name}")) == {"22"}


def reached(audit: dict[str, Any]) -> set[str]:
    assert (audit["grade"], audit["unknown"]) == ("A", []), audit
    return {place.rpartition(":")[2] for place in audit["outside"]["reached"]}


def test_without_a_tunnel_the_page_is_opened_over_https(member: Desk, gateway: Gateway) -> None:
    url = f"https://{gateway.name}/{find_product(gateway.product).ui_path}"
    said = member.out(f"{CLAWPROV} open {gateway.box.name} --print")
    assert f"open:     {url}\n" in said
    assert said.endswith(f"let this browser in: clawprov devices {gateway.box.name}")
    assert member.clawprov(f"open {gateway.box.name}")["url"] == url
    member.out(f"curl -fsS -o /dev/null {url}")


def test_who_is_not_in_the_tailnet_is_told_of_the_tunnel(gateway: Gateway) -> None:
    said = gateway.owner.run("open", gateway.box.name)
    assert said.refused(4, f"this laptop does not get to https://{gateway.name}/")
    assert f"clawprov tunnel up {gateway.box.name}" in said.err
