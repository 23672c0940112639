"""The golden tier: what is rendered stays byte for byte, until somebody says otherwise."""

from __future__ import annotations

import pytest
from stored import Golden


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what is rendered now to tests/golden/files; read `git diff` afterwards",
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    return Golden(bool(request.config.getoption("update_golden", default=False)))
