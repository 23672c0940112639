"""The unit tier: values in, values out; no sockets, no processes."""

from __future__ import annotations

import socket
import subprocess
from typing import NoReturn

import pytest


class _NoSocket(socket.socket):
    """A class, not a function, so that libraries can still derive from it when imported."""

    def __init__(self, *_: object, **__: object) -> NoReturn:
        pytest.fail("a unit test opened a socket; it belongs to another tier")


class _NoProcess(subprocess.Popen[bytes]):
    def __init__(self, *_: object, **__: object) -> NoReturn:
        pytest.fail("a unit test started a process; it belongs to another tier")


@pytest.fixture(autouse=True)
def _sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", _NoSocket)
    monkeypatch.setattr(subprocess, "Popen", _NoProcess)
