"""OpenClaw, which holds 443 for the tailnet itself, and the two ways beside that."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from persons import Person

from provision.lab import Box, Lab
from provision.protocol.messages import Refusal
from tests.tailnet.funnel import FunnelControl
from tests.tailnet.members import out
from tests.tailnet.public import Public
from tests.tailnet.shown import SECRET, Shown, bring_up
from tests.tailnet.well import assert_well

FETCH = "curl -s -m 5 -o /dev/null -w '%{http_code}'"


@pytest.fixture(scope="module")
def shown(
    make_box: Callable[..., Box],
    laptop: Callable[[], Person],
    lab: Lab,
    funnel_control: FunnelControl,
) -> Shown:
    """OpenClaw, which its inventory opens to the internet from the start."""
    box, wish = make_box(image="trixie", majors=(24,)), {"product": "openclaw"}
    return bring_up(lab, box, laptop(), funnel_control, access="tailscale-funnel", **wish)


@pytest.fixture
def public(shown: Shown, visitor: Box, trusting: None) -> Public:
    return Public(visitor, shown.box, 8443).arrive()


def wishing(shown: Shown, access: str) -> Person:
    return shown.wishing(product="openclaw", access=access)


def test_a_server_that_is_open_as_wished_is_well(shown: Shown, public: Public) -> None:
    owner = wishing(shown, "tailscale-funnel")
    assert public.prove(SECRET).ok
    assert_well(owner, shown.box, path=f"https://{public.name}", public=True)
    assert owner.run("up", shown.box.name, "--json").planned == []


def test_it_is_public_beside_its_own_port_for_a_while(
    shown: Shown, public: Public, visitor: Box
) -> None:
    owner, box = wishing(shown, "tailscale-serve"), shown.box
    assert owner.run("up", box.name, "--json").done == ["tailscale:funnel"]
    assert public.get("/") == b""
    said = owner.run("funnel", "on", box.name, "--port", "443")
    assert said.refused(5, "port 443 is held by a program that serves there")
    assert owner.run("funnel", "on", box.name, "--for", "1h").exit == 0
    proof = public.prove(SECRET)
    assert proof.ok, proof
    assert isinstance(public.forge("x" * 43), Refusal)
    told = owner.run("watch", box.name, "--json").answer["verdicts"]
    assert [verdict["check"] for verdict in told] == ["funnel"]
    assert out(visitor, f"{FETCH} https://{public.name}/") == "200"
    assert owner.run("funnel", "off", box.name).exit == 0
    assert public.get("/") == b""
    assert out(visitor, f"{FETCH} https://{public.name}/") == "200"


def test_a_server_with_the_bare_port_alone_is_well(shown: Shown, visitor: Box) -> None:
    owner, box = wishing(shown, "tailnet"), shown.box
    said = owner.run("up", box.name)
    assert said.exit == 0, said
    assert shown.routes() == {"TCP": {"18789": {"TCPForward": "127.0.0.1:18789"}}}
    assert out(visitor, f"{FETCH} http://{shown.name}:18789/") == "200"
    assert_well(owner, box, path="ws://100.")
