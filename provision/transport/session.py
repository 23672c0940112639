"""A server that we are logged in to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer

import paramiko

from provision.errors import ConnectError
from provision.model.shell import Sh
from provision.model.transport import Channel, Completed, OnLine
from provision.transport.failures import explain_no_root
from provision.transport.hostkeys import fingerprint
from provision.transport.output import Output

SILENCE = 3
"""After so many times its patience without a sign of life, a link is taken for cut."""

RACED = "Unable to open channel."
"""What Paramiko says of a refused channel when another thread has just been told the reason."""

# sshd reads a command's output and errors from two pipes, and sends them in any order: only one
# pipe keeps an error in the section that it belongs to. The quotes are for every login shell.
# Forced commands and the files of a login shell speak before READY, or on the other pipe.
READY = "clawprov is root"
SHELL = f"sh -c 'echo {READY}; exec sh -s 2>&1'"
SUDO = f"sudo -n {SHELL}"


class Ssh:
    """One connection to a server; every script is one exec on it, fed on standard input.

    `place` is what a person types after `USER@` to come here. An answer is awaited for `patience`
    seconds; a script may be silent for as long as it likes.
    """

    def __init__(
        self,
        name: str,
        user: str,
        transport: paramiko.Transport,
        *,
        place: str,
        close: Callable[[], None],
        patience: float,
    ) -> None:
        self._name, self._place = name, place
        self._transport, self._patience = transport, patience
        self.user, self.close = user, close
        key = transport.get_remote_server_key()
        self.host_key = f"{key.get_name()} {fingerprint(key)}"

    def execute(self, script: Sh, on_line: OnLine | None = None) -> Completed:
        output = Output(on_line, after=READY)
        try:
            with self._transport.open_session(timeout=self._patience) as channel:
                with self._limit(1):
                    channel.exec_command(SHELL if self.user == "root" else SUDO)
                self._send(channel, script.text.encode())
                self._receive(channel, output)
                with self._limit(SILENCE):
                    status = channel.recv_exit_status()
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise self._cut(error) from error
        if status != -1 and not output.begun:
            raise explain_no_root(output.before, self._name, self.user, self._place)
        if status == -1:
            raise self._cut(None)
        return Completed(status, output.text)

    def open_stream(self, port: int) -> Channel:
        try:
            return self._transport.open_channel(
                "direct-tcpip", ("127.0.0.1", port), ("127.0.0.1", 0), timeout=self._patience
            )
        except paramiko.ChannelException as error:
            if error.code == 1:
                raise ConnectError(
                    "the server's sshd forbids port forwarding",
                    where=self._name,
                    hint="set AllowTcpForwarding yes (or local) in its sshd_config",
                ) from error
            raise ConnectionRefusedError(f"nothing answers on port {port}") from error
        except (OSError, EOFError, paramiko.SSHException) as error:
            if str(error) == RACED and self._transport.is_active():
                raise ConnectionRefusedError(f"nothing answers on port {port}") from error
            raise self._cut(error) from error

    def _send(self, channel: paramiko.Channel, script: bytes) -> None:
        """Feed the script; a shell that ends before it has read all of it has said why."""
        channel.settimeout(self._patience * SILENCE)
        try:
            channel.sendall(script)
            channel.shutdown_write()
        except TimeoutError:
            raise
        except OSError:
            if not self._transport.is_active():
                raise

    def _receive(self, channel: paramiko.Channel, output: Output) -> None:
        """Take output to its end; a server that is silent must at least answer a question."""
        channel.settimeout(self._patience)
        while True:
            data = None
            try:
                data = channel.recv(65536)
            except TimeoutError:
                with self._limit(SILENCE - 1):
                    self._transport.global_request("keepalive@openssh.com", wait=True)
            while channel.recv_stderr_ready():  # else both streams' common window would fill
                output.overhear(channel.recv_stderr(65536))
            if data is not None:
                output.take(data)
            if data == b"":
                return

    @contextmanager
    def _limit(self, patiences: int) -> Iterator[None]:
        """A time within which the block must end, or the connection does."""
        timer = Timer(self._patience * patiences, self._transport.close)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self, error: Exception | None) -> ConnectError:
        if error is None and self._transport.is_active():
            what = "the server ended our shell before it was through"
        else:
            what = "the connection was lost" + (f": {error}" if error and str(error) else "")
        return ConnectError(
            what,
            where=self._name,
            hint="run the same command again; work that had begun goes on there, "
            "and you will see the rest of it",
        )
