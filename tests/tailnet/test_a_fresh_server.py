"""Of a server that was just brought up over https nobody says anything wrong."""

from __future__ import annotations

import pytest

from tests.tailnet.gateways import Gateway
from tests.tailnet.well import assert_well


@pytest.mark.parametrize("product", ["clawdbot", "openclaw"])
def test_a_server_that_is_well_gives_no_finding(
    request: pytest.FixtureRequest, product: str
) -> None:
    made: Gateway = request.getfixturevalue(product)
    assert_well(made.owner, made.box, path=f"https://{made.name}")
