"""Every hardening profile runs the real gateway, and closes as much as it says."""

from __future__ import annotations

import re

import pytest
from machines import UNIT, Server, out


@pytest.mark.parametrize(("profile", "worst"), [("strict", 1.1), ("off", 10.0), ("balanced", 1.3)])
def test_a_profile_runs_the_gateway_and_closes_the_rest(
    server: Server, profile: str, worst: float
) -> None:
    wishing = server.owner.wishing(server.box.name, profile=profile)
    said = wishing.run("up", server.box.name, "--json")
    assert said.exit == 0, said
    assert said.answer["proof"]["ok"]
    security = out(server.box, f"systemd-analyze security --no-pager {UNIT} | tail -n 1")
    exposure = re.search(r"(\d+\.\d) ", security)
    assert exposure
    assert float(exposure[1]) <= worst
    assert wishing.run("up", server.box.name, "--json").planned == []
