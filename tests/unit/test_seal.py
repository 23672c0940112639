"""The unit tier keeps to itself."""

from __future__ import annotations

import socket
import subprocess

import pytest


def test_the_unit_tier_opens_no_socket_and_starts_no_process() -> None:
    with pytest.raises(pytest.fail.Exception):
        socket.create_connection(("127.0.0.1", 9))
    with pytest.raises(pytest.fail.Exception):
        subprocess.run(["true"], check=False)
