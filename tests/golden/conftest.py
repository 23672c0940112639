"""The golden tier: what is rendered stays byte for byte, until somebody says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

FILES = Path(__file__).parent / "files"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what is rendered now to tests/golden/files; read `git diff` afterwards",
    )


@dataclass(frozen=True)
class Golden:
    """The stored files; with `update` they are written instead of compared."""

    update: bool

    def compare(self, name: str, text: str) -> None:
        path = FILES / name
        if self.update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        stored = path.read_bytes().decode() if path.exists() else ""
        assert text == stored, f"{name} is not as stored; pytest tests/golden --update-golden"


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    return Golden(bool(request.config.getoption("update_golden", default=False)))
