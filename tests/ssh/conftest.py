"""A home of its own for every test, and a server that lets its key in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from boxes import new_box
from home import Home, new_key
from server import Server


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    path = tmp_path / "home"
    monkeypatch.setenv("HOME", str(path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(path / "xdg"))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return Home(path, new_key(path / ".ssh" / "id_ed25519"))


@pytest.fixture
def server(home: Home) -> Iterator[Server]:
    with home.server().serving() as server:
        yield server


__all__ = ["home", "new_box", "server"]
