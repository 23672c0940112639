"""One client of the server in this process: who it is, what it may, what it runs."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import paramiko
from paramiko import common

if TYPE_CHECKING:
    from server import Server


class Visitor(paramiko.ServerInterface):
    """One client of the server."""

    def __init__(self, server: Server, transport: paramiko.Transport) -> None:
        self.server, self.transport, self.tries = server, transport, server.tries
        self.targets: dict[int, socket.socket] = {}

    def get_allowed_auths(self, username: str) -> str:
        return self.server.methods

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self.server.users.append(username)
        self.server.offered.append(key.asbytes())
        if "publickey" in self.server.methods and key.asbytes() in self.server.accepted:
            partial = "," in self.server.methods
            return common.AUTH_PARTIALLY_SUCCESSFUL if partial else common.AUTH_SUCCESSFUL
        self.tries -= 1
        if not self.tries:
            self.cut()
        return common.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        if self.server.fault == "no channel":
            self.server.released.wait(30)
        return common.OPEN_SUCCEEDED

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
            return common.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        try:
            stream = socket.create_connection(destination, timeout=5)
        except OSError:
            return common.OPEN_FAILED_CONNECT_FAILED
        stream.settimeout(None)
        self.server.streams += 1
        self.targets[chanid] = stream
        return common.OPEN_SUCCEEDED

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
            ["sh", "-c", f"{self.server.login}\n{command}"],
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
