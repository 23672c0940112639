"""An SSH server in this process that really runs what it is told, counts, and can misbehave."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import paramiko
from visitor import Visitor

Fault = Literal[
    "none",
    "mute",  # accepts connections and says nothing
    "no channel",  # never answers to the request for a session
    "no exec",  # never answers to exec
    "frozen",  # answers nothing at all while a script runs
    "cut exec",  # drops the connection instead of answering to the `at`-th exec
    "cut upload",  # drops the connection after `at` bytes of a script; the shell sees its end
    "cut output",  # drops the connection after `at` bytes of output
    "no status",  # closes the channel without an exit status
]


@dataclass
class Server:
    """What the server has and does, and what was seen of its clients.

    `login` is what the files of a login shell, or a forced command, run before any command.
    """

    host_key: paramiko.PKey
    accepted: list[bytes] = field(default_factory=list)
    methods: str = "publickey"
    tries: int = 6
    forwards: bool = True
    fault: Fault = "none"
    at: int = 0
    path: str = os.environ["PATH"]
    rewrite: Callable[[str], str] = lambda script: script
    more_keys: list[paramiko.PKey] = field(default_factory=list)
    login: str = ""
    address: str = "127.0.0.1"

    port: int = 0
    connections: int = 0
    streams: int = 0
    users: list[str] = field(default_factory=list)
    offered: list[bytes] = field(default_factory=list)
    execs: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    visitors: list[Visitor] = field(default_factory=list)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def serving(self) -> Iterator[Server]:
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        with socket.create_server((self.address, 0), family=family, backlog=16) as listener:
            self.port = listener.getsockname()[1]
            thread = threading.Thread(target=self._accept, args=(listener,), daemon=True)
            thread.start()
            try:
                yield self
            finally:
                self.released.set()
                listener.shutdown(socket.SHUT_RDWR)
                thread.join()
                for process in self.processes:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)
                    process.wait()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = listener.accept()
                self.connections += 1
                threading.Thread(target=self._greet, args=(peer,), daemon=True).start()

    def _greet(self, peer: socket.socket) -> None:
        if self.fault == "mute":
            self.released.wait(30)
            peer.close()
            return
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport = paramiko.Transport(peer)
        for key in (self.host_key, *self.more_keys):
            transport.add_server_key(key)
        with contextlib.suppress(paramiko.SSHException, EOFError, OSError):
            visitor = Visitor(self, transport)
            self.visitors.append(visitor)
            transport.start_server(server=visitor)
            visitor.serve_streams()
        transport.close()
