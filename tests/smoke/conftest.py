"""The server that the smoke tests look at: `pytest tests/smoke --hosts=ssh://root@203.0.113.7`.

With `--sudo` for a user with sudo; `--ssh-config` and `--ssh-identity-file` as testinfra has them.
"""

from __future__ import annotations

from typing import Any

import pytest
from oracle import Gateway, find_gateway


@pytest.fixture(scope="module")
def gateway(request: pytest.FixtureRequest, host: Any) -> Gateway:
    """The gateway of the host that was named, whichever product it is."""
    if not request.config.getoption("hosts"):
        pytest.skip("name a server: pytest tests/smoke --hosts=ssh://root@203.0.113.7")
    return find_gateway(host)
