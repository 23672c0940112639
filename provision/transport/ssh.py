"""A server over SSH; the only file that knows Fabric."""

from __future__ import annotations

import codecs
import socket
from pathlib import Path

import fabric
import paramiko

from provision.errors import ConnectError, ProvisionError
from provision.model.shell import Sh
from provision.model.spec import Host
from provision.model.transport import Channel, Completed, OnLine
from provision.transport.hostkeys import Pins, fingerprint

CONNECT_S = 10
SILENCE_S = 30
"""A link on which nothing arrives for so long is taken for cut."""
NO_CHANNEL = "Unable to open channel."
"""What paramiko says to one of two threads that are refused at once: it keeps one error for all."""


class Ssh:
    """One connection to a server; every script is one exec on it, fed on standard input."""

    def __init__(self, host: Host, connection: fabric.Connection) -> None:
        self._name, self._connection = host.name, connection
        transport = connection.transport
        self._transport: paramiko.Transport = transport
        self._shell = "sh -s" if connection.user == "root" else "sudo -n sh -s"
        self.user: str = connection.user
        key = transport.get_remote_server_key()
        self.host_key = f"{key.get_name()} {fingerprint(key)}"

    def execute(self, script: Sh, on_line: OnLine | None = None) -> Completed:
        try:
            channel = self._transport.open_session(timeout=CONNECT_S)
            channel.set_combine_stderr(True)
            channel.exec_command(self._shell)
            channel.sendall(script.text.encode())
            channel.shutdown_write()
            out = _receive(channel, on_line)
            status = channel.recv_exit_status()
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise self._cut(error) from error
        if status == -1:
            raise self._cut(None)
        self._heed_sudo(out)
        return Completed(status, out)

    def open_stream(self, port: int) -> Channel:
        try:
            return self._transport.open_channel(
                "direct-tcpip", ("127.0.0.1", port), ("127.0.0.1", 0), timeout=CONNECT_S
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
            if self._transport.is_active() and str(error) == NO_CHANNEL:
                raise ConnectionRefusedError(f"nothing answers on port {port}") from error
            raise self._cut(error) from error

    def close(self) -> None:
        """End the connection; what the server's supervisor runs for us goes on."""
        self._connection.close()

    def _heed_sudo(self, out: str) -> None:
        if self._shell.startswith("sudo") and out.startswith(("sudo:", "sh: 1: sudo", "bash: ")):
            raise ConnectError(
                f"{self.user} may not become root without a password: {out.splitlines()[0]}",
                where=self._name,
                hint=f"log in as root, or put this into /etc/sudoers.d/{self.user} there: "
                f"{self.user} ALL=(ALL) NOPASSWD: ALL",
            )

    def _cut(self, error: Exception | None) -> ConnectError:
        reason = f": {error}" if error and str(error) else ""
        return ConnectError(
            f"the connection was lost{reason}",
            where=self._name,
            hint="run the same command again; work that had begun goes on there, "
            "and you will see the rest of it",
        )


def open_ssh(host: Host, pins: Pins, *, ssh_config: Path | None = None) -> Ssh:
    """A connection to `host`, its identity checked against `pins`.

    The user's ssh config applies (aliases, ProxyJump, keys), what `host` says itself goes first.
    Raises ConnectError with the cause and what to do about it.
    """
    options: dict[str, object] = {"banner_timeout": CONNECT_S, "auth_timeout": 20}
    if host.identity:
        path = Path(host.identity).expanduser()
        if not path.is_file():
            raise ConnectError(f"there is no private key {path}", hint="name another with -i")
        options |= {"key_filename": str(path), "look_for_keys": False}
    try:
        connection = fabric.Connection(
            host.address,
            user=host.user or None,
            port=host.port,
            config=fabric.Config(overrides={"user": "root"}),
            connect_timeout=CONNECT_S,
            connect_kwargs=options,
        )
        name = (
            connection.host if connection.port == 22 else f"[{connection.host}]:{connection.port}"
        )
        pins.prepare(connection.client, name)
        connection.open()
    except ProvisionError:
        raise
    except Exception as error:
        raise _explain(error, host) from error
    _watch_link(connection.transport)
    return Ssh(host, connection)


def _receive(channel: paramiko.Channel, on_line: OnLine | None) -> str:
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    pieces, rest = [], ""
    while True:
        data = channel.recv(65536)
        text = decode(data, final=not data)
        pieces.append(text)
        if on_line:
            *lines, rest = (rest + text).split("\n")
            for line in lines:
                on_line(line)
        if not data:
            return "".join(pieces)


def _watch_link(transport: paramiko.Transport) -> None:
    """Let a dead link end with an error instead of silence."""
    transport.set_keepalive(SILENCE_S // 3)
    raw = transport.sock
    if isinstance(raw, socket.socket) and hasattr(socket, "TCP_USER_TIMEOUT"):
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENCE_S * 1000)


def _explain(error: Exception, host: Host) -> ConnectError:
    """What a failed connection means, and what to do."""
    name = host.name
    said = str(error) or type(error).__name__
    match error:
        case paramiko.BadHostKeyException():
            now, before = fingerprint(error.key), fingerprint(error.expected_key)
            what = f"THE SERVER'S HOST KEY HAS CHANGED: it is {now}, and was {before}"
            hint = f"if you reinstalled it, add --host-key {now}; if not, do not go on"
        case paramiko.PasswordRequiredException():
            what = "your private key has a passphrase"
            hint = "ssh-add FILE, then run the same command again"
        case paramiko.AuthenticationException():
            what = f"it accepts none of your keys for {host.user or 'this user'}"
            hint = f"ssh-copy-id {host.user or 'root'}@{host.address}, or name a key with -i FILE"
        case socket.gaierror():
            what, hint = f"there is no host {host.address}", "check its spelling, and your DNS"
        case TimeoutError():
            what = f"no answer within {CONNECT_S} s"
            hint = "check the address, that the server is up, and its firewall"
        case ConnectionRefusedError() | paramiko.ssh_exception.NoValidConnectionsError():
            what = f"it cannot be reached on port {host.port or 22}: {said}"
            hint = "check that sshd runs there, and on which port (user@host:port)"
        case _:
            what, hint = f"cannot connect: {said}", f"try ssh -v {host.address}"
    return ConnectError(what, where=name, hint=hint)
