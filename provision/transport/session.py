"""A server that we are logged in to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer

import paramiko

from provision.errors import ConnectError
from provision.model.secret import Secret
from provision.model.shell import Sh
from provision.model.transport import LOOPBACK, Channel, Completed, OnLine
from provision.transport.failures import explain_no_root
from provision.transport.hostkeys import fingerprint
from provision.transport.output import Output
from provision.transport.rootshell import READY, SHELL, SUDO, SUDO_ASKING

SILENCE = 3
"""After so many times its patience without a sign of life, a link is taken for cut."""

RACED = "Unable to open channel."
"""What Paramiko says of a refused channel when another thread has just been told the reason."""

NEEDS_PASSWORD = ("password is required", "terminal is required")


class Ssh:
    """One connection to a server; every script is one exec on it, fed on standard input.

    `place` is what a person types after `USER@` to come here. An answer is awaited for `patience`
    seconds; a script may be silent for as long as it likes. `ask` gives the password that sudo may
    want, asked for once, or None.
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
        ask: Callable[[], Secret | None] = lambda: None,
    ) -> None:
        self._name, self._place, self._ask = name, place, ask
        self._password: Secret | None = None
        self._transport, self._patience = transport, patience
        self.user, self.close = user, close
        key = transport.get_remote_server_key()
        self.host_key = f"{key.get_name()} {fingerprint(key)}"
        self.pin = f"{key.get_name()} {key.get_base64()}"

    def execute(self, script: Sh, on_line: OnLine | None = None) -> Completed:
        output = Output(on_line, after=READY)
        status = self._run(script.text, output)
        if status == -1:
            raise self._cut(None)
        if output.begun:
            return Completed(status, output.text)
        said = " ".join(output.before)
        if self._password is None and any(words in said for words in NEEDS_PASSWORD):
            self._password = self._ask()
            if self._password is not None:
                return self.execute(script, on_line)
        raise explain_no_root(output.before, self._name, self.user, self._place)

    def _run(self, script: str, output: Output) -> int:
        """The exit status of a script, -1 when its shell or the link ended without one."""
        command = SHELL if self.user == "root" else SUDO
        if self._password is not None:
            command, script = SUDO_ASKING, f"{self._password.value}\n{script}"
        try:
            with self._transport.open_session(timeout=self._patience) as channel:
                with self._limit(1):
                    channel.exec_command(command)
                self._send(channel, script.encode())
                self._receive(channel, output)
                with self._limit(SILENCE):
                    return channel.recv_exit_status()
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise self._cut(error) from error

    def open_stream(self, port: int, host: str = LOOPBACK) -> Channel:
        try:
            return self._transport.open_channel(
                "direct-tcpip", (host, port), (LOOPBACK, 0), timeout=self._patience
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
