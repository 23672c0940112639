"""This very machine: root of a gateway's under the desk, or the user of a laptop."""

from __future__ import annotations

import os
import socket
import subprocess
from threading import Thread

from provision.errors import ConnectError
from provision.model.shell import Sh
from provision.model.transport import LOOPBACK, Channel, Completed, OnLine
from provision.transport.output import Output
from provision.transport.rootshell import READY, SHELL, SUDO

CONNECT_S = 10


class Local:
    """The machine that clawprov runs on; a user who is not root becomes it by sudo.

    With `own`, scripts run as the user and in the environment of clawprov itself.
    """

    pin = ""

    def __init__(self, *, own: bool = False) -> None:
        self._command = SHELL if own or os.geteuid() == 0 else SUDO

    def execute(self, script: Sh, on_line: OnLine | None = None) -> Completed:
        output = Output(on_line, after=READY)
        with subprocess.Popen(
            ["sh", "-c", self._command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            feeder = Thread(target=_feed, args=(process, script.text.encode()), daemon=True)
            feeder.start()
            assert process.stdout is not None  # noqa: S101 - it was asked for above
            while data := os.read(process.stdout.fileno(), 65536):
                output.take(data)
            output.take(b"")
            feeder.join()
        if not output.begun:
            raise ConnectError(
                f"you may not become root here without a password: {''.join(output.before[-1:])}",
                where="localhost",
                hint="run it as root: sudo clawprov ...",
            )
        return Completed(process.returncode, output.text)

    def open_stream(self, port: int, host: str = LOOPBACK) -> Channel:
        return socket.create_connection((host, port), CONNECT_S)

    def close(self) -> None:
        """Nothing is open."""


def _feed(process: subprocess.Popen[bytes], script: bytes) -> None:
    """Write the script from a thread of its own, so that neither side waits for the other."""
    assert process.stdin is not None  # noqa: S101 - it was asked for by whoever started this
    try:
        with process.stdin:
            process.stdin.write(script)
    except BrokenPipeError:
        return
