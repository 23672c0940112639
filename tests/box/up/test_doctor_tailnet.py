"""What keeps people of a tailnet from their gateway is named; beside it, all is well."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from machines import Server, during, out
from patients import found

from tests.tailnet.conftest import binaries, tailnet  # noqa: F401, the same tailnet
from tests.tailnet.headscale import Headscale
from tests.tailnet.members import install, join

BY_HAND = "timeout 20 tailscale serve --bg --yes --https=443 http://127.0.0.1:18789 </dev/null"


@pytest.fixture(scope="module")
def member(openclaw: Server, tailnet: Headscale) -> Iterator[Server]:  # noqa: F811
    """OpenClaw on a node of the tailnet, which it does not use."""
    install(openclaw.box)
    join(openclaw.box, tailnet.url, tailnet.key())
    yield openclaw
    out(openclaw.box, "tailscale logout; apt-get purge -qq -y tailscale >/dev/null 2>&1")


def test_a_member_of_a_tailnet_that_is_well_has_no_finding(member: Server) -> None:
    assert found(member.owner, member.box, exit=0) == {}


def test_a_route_that_openclaw_refuses_is_named_and_one_without_its_tailnet(
    member: Server,
) -> None:
    with during(member.box, BY_HAND, "tailscale serve reset"):
        assert set(found(member.owner, member.box)) == {"tailscale:refused"}
        with during(member.box, "tailscale down", "tailscale up"):
            seen = set(found(member.owner, member.box))
    assert "tailscale:down" in seen
