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
    """What the server has and does, and what was seen of its clients."""

    host_key: paramiko.PKey
    accepted: list[bytes] = field(default_factory=list)
    methods: str = "publickey"
    tries: int = 6
    forwards: bool = True
    fault: Fault = "none"
    at: int = 0
    path: str = os.environ["PATH"]
    rewrite: Callable[[str], str] = lambda script: script

    port: int = 0
    connections: int = 0
    streams: int = 0
    offered: list[bytes] = field(default_factory=list)
    execs: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    visitors: list[Visitor] = field(default_factory=list)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def serving(self) -> Iterator[Server]:
        with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
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
        transport.add_server_key(self.host_key)
        with contextlib.suppress(paramiko.SSHException, EOFError, OSError):
            visitor = Visitor(self, transport)
            self.visitors.append(visitor)
            transport.start_server(server=visitor)
            visitor.serve_streams()
        transport.close()


class Visitor(paramiko.ServerInterface):
    """One client of the server."""

    def __init__(self, server: Server, transport: paramiko.Transport) -> None:
        self.server, self.transport, self.tries = server, transport, server.tries
        self.targets: dict[int, socket.socket] = {}

    def get_allowed_auths(self, username: str) -> str:
        return self.server.methods

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self.server.offered.append(key.asbytes())
        if "publickey" in self.server.methods and key.asbytes() in self.server.accepted:
            partial = "," in self.server.methods
            return paramiko.AUTH_PARTIALLY_SUCCESSFUL if partial else paramiko.AUTH_SUCCESSFUL
        self.tries -= 1
        if not self.tries:
            self.cut()
        return paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        if self.server.fault == "no channel":
            self.server.released.wait(30)
        return paramiko.OPEN_SUCCEEDED

    def check_global_request(self, kind: str, msg: paramiko.Message) -> bool:
        if self.server.fault == "frozen":
            self.server.released.wait(30)
        return False

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        self.server.execs.append(command.decode())
        if self.server.fault == "no exec":
            self.server.released.wait(30)
        if self.server.fault == "cut exec" and len(self.server.execs) == self.server.at:
            self.cut()
        self._spawn(self.run, channel, command.decode())
        return True

    def check_channel_direct_tcpip_request(
        self, chanid: int, origin: tuple[str, int], destination: tuple[str, int]
    ) -> int:
        if not self.server.forwards:
            return paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        try:
            stream = socket.create_connection(destination, timeout=5)
        except OSError:
            return paramiko.OPEN_FAILED_CONNECT_FAILED
        stream.settimeout(None)
        self.server.streams += 1
        self.targets[chanid] = stream
        return paramiko.OPEN_SUCCEEDED

    def _spawn(self, target: Callable[..., None], *arguments: object) -> threading.Thread:
        def body() -> None:
            with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
                target(*arguments)

        thread = threading.Thread(target=body, daemon=True)
        thread.start()
        return thread

    def cut(self) -> None:
        self.transport.sock.shutdown(socket.SHUT_RDWR)
        self.transport.close()

    def run(self, channel: paramiko.Channel, command: str) -> None:
        """Run a command; like sshd it keeps no order between output and errors: these come last."""
        process = subprocess.Popen(
            ["sh", "-c", command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PATH": self.server.path, "HOME": "/nonexistent"},
            start_new_session=True,
        )
        self.server.processes.append(process)
        self._spawn(self._feed, channel, process)
        assert process.stdout
        assert process.stderr
        late: list[bytes] = []
        errors = self._spawn(drain, process.stderr.fileno(), late)
        sent = 0
        while data := os.read(process.stdout.fileno(), 65536):
            if self.server.fault == "cut output":
                data = data[: self.server.at - sent]
            channel.sendall(data)
            sent += len(data)
            if self.server.fault == "cut output" and sent == self.server.at:
                return self.cut()
        errors.join()
        channel.sendall_stderr(b"".join(late))
        status = process.wait()
        if self.server.fault != "no status" and status >= 0:
            channel.send_exit_status(status)
        return channel.close()

    def _feed(self, channel: paramiko.Channel, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin
        script = b""
        with contextlib.suppress(BrokenPipeError), process.stdin:
            while data := channel.recv(65536):
                script += data
                if self.server.fault == "cut upload" and len(script) >= self.server.at:
                    script = script[: self.server.at]
                    self.cut()
                    break
            self.server.scripts.append(script.decode(errors="replace"))
            process.stdin.write(self.server.rewrite(script.decode(errors="replace")).encode())

    def serve_streams(self) -> None:
        """Connect the channels that are streams; sessions run by themselves."""
        while self.transport.is_active():
            channel = self.transport.accept(1)
            if channel is not None and channel.get_id() in self.targets:
                stream = self.targets.pop(channel.get_id())
                self._spawn(copy, channel.recv, stream.sendall, stream)
                self._spawn(copy, stream.recv, channel.sendall, channel)


def drain(pipe: int, into: list[bytes]) -> None:
    while data := os.read(pipe, 65536):
        into.append(data)


def copy(
    recv: Callable[[int], bytes],
    send: Callable[[bytes], object],
    end: socket.socket | paramiko.Channel,
) -> None:
    try:
        while data := recv(65536):
            send(data)
    finally:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_WR)
