"""What a failed connection or login means, and what to do about it."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence

import paramiko
from paramiko.ssh_exception import NoValidConnectionsError

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
            what = f"it cannot be reached on port {port}: {_reason(error)}"
            hint = "check that sshd runs there, and on which port (user@host:port)"
        case paramiko.SSHException() if said.startswith(_PROTOCOL):
            what = f"whatever listens on port {port} does not answer as an SSH server"
            hint = "check the port (user@host:port), and that sshd there is not overloaded"
        case _:
            what, hint = f"cannot connect: {said}", f"try ssh -v {address}"
    return ConnectError(what, where=where, hint=hint)


def _reason(error: OSError | EOFError) -> str:
    """Why no connection came about; of several addresses the reason of the first that refuses."""
    if not isinstance(error, NoValidConnectionsError):
        return str(error) or type(error).__name__
    tries: list[OSError] = list(error.errors.values())  # type: ignore[arg-type]
    if any(isinstance(each, ConnectionRefusedError) for each in tries):
        return "nothing listens there, or a firewall refuses"
    return (tries[0].strerror or str(tries[0])).lower()


# What the forced command of root says on cloud images; NONE is cloud-init's word for nobody.
_OTHER_USER = re.compile(r'log ?in as the user "?(?!NONE\b)([A-Za-z_][A-Za-z0-9._-]{0,31})', re.I)


def explain_no_root(said: Sequence[str], where: str, user: str, place: str) -> ConnectError:
    """The sentence for a server that did not start our shell as root, and `said` why.

    `place` is what a person types after `USER@` to come here.
    """
    said = [line.strip() for line in said if line.strip()]
    other = next(filter(None, map(_OTHER_USER.search, said)), None)
    reason = (other.string if other else "".join(said[-1:]))[:200]
    if other or user == "root":
        name = other[1] if other else "USER"
        what = f"it gives {user} no shell: {reason or 'and says nothing'}"
        hint = f"log in as {'that' if other else 'another'} user: {name}@{place}"
        hint += f" (in an inventory: `user: {name}`)"
    else:
        what = f"{user} may not become root without a password: {reason or 'sudo says nothing'}"
        hint = f"log in as root, or put this into /etc/sudoers.d/{user} there: "
        hint += f"{user} ALL=(ALL) NOPASSWD: ALL"
    return ConnectError(what, where=where, hint=hint, log=said[-10:] if len(said) > 1 else ())
