"""What a failed connection means, and what to do about it."""

from __future__ import annotations

import socket

import paramiko

from provision.errors import ConnectError
from provision.transport.hostkeys import fingerprint

_PROTOCOL = ("No existing session", "Error reading SSH protocol banner", "Incompatible version")


def explain(error: Exception, where: str, address: str, port: int, patience: float) -> ConnectError:
    """The sentence for whatever Fabric or Paramiko raised while `address` was connected to."""
    said = str(error) or type(error).__name__
    match error:
        case paramiko.BadHostKeyException():
            now, before = fingerprint(error.key), fingerprint(error.expected_key)
            what = f"THE SERVER'S HOST KEY HAS CHANGED: it is {now}, and was {before}"
            hint = f"if you reinstalled it, add --host-key {now}; if not, do not go on"
        case socket.gaierror():
            what, hint = f"there is no host {address}", "check its spelling, and your DNS"
        case TimeoutError():
            what = f"no answer within {patience:g} s"
            hint = "check the address, that the server is up, and its firewall"
        case paramiko.ProxyCommandFailure():
            what = f"the ProxyCommand of your ssh config failed: {said}"
            hint = f"try ssh -v {address}"
        case OSError() | EOFError():
            what = f"it cannot be reached on port {port}: {said}"
            hint = "check that sshd runs there, and on which port (user@host:port)"
        case paramiko.SSHException() if said.startswith(_PROTOCOL):
            what = f"whatever listens on port {port} does not answer as an SSH server"
            hint = "check the port (user@host:port), and that sshd there is not overloaded"
        case _:
            what, hint = f"cannot connect: {said}", f"try ssh -v {address}"
    return ConnectError(what, where=where, hint=hint)
