"""Who we are to a server: the private keys that are offered to it, the likeliest first."""

from __future__ import annotations

import base64
import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from paramiko.pkey import UnknownKeyType

from provision.errors import ConnectError
from provision.transport.hostkeys import fingerprint

DEFAULTS = ("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa")
_PUBLIC = ("ssh-", "ecdsa-", "sk-")


@dataclass(frozen=True, slots=True)
class Identity:
    """A file that was named as private key; without `key`, `problem` says why.

    `remedy` is what to do about it, `public` the public part when that alone can be read.
    """

    path: Path
    key: paramiko.PKey | None = None
    problem: str = ""
    remedy: str = ""
    public: bytes = b""


def read_identity(path: Path) -> Identity:
    """The private key in a file, refused when other users of this machine can read it."""
    try:
        status = path.stat()
        ours = status.st_uid == os.getuid() and path.suffix != ".pub"
        if ours and status.st_mode & 0o077:
            mode = f"{status.st_mode & 0o777:o}"
            return Identity(path, None, f"others can read it, mode {mode}", f"chmod 600 {path}")
        return Identity(path, paramiko.PKey.from_path(path))
    except FileNotFoundError:
        return Identity(path, None, "it is not there", "name another with -i FILE")
    except OSError as error:
        return Identity(path, None, (error.strerror or str(error)).lower(), f"ls -l {path}")
    except (TypeError, paramiko.PasswordRequiredException):
        problem, remedy = "it has a passphrase, and ssh-agent does not hold it", f"ssh-add {path}"
    except (UnsupportedAlgorithm, UnknownKeyType):
        problem, remedy = "keys of this kind work through ssh-agent alone", f"ssh-add {path}"
    except (ValueError, paramiko.SSHException):
        problem, remedy = "it is no private key", "name another with -i FILE"
    return Identity(path, None, problem, remedy, _public(path))


def _public(path: Path) -> bytes:
    """The public key in `path` itself, or in `path`.pub beside it; b"" when there is none."""
    for candidate in (path, Path(f"{path}.pub")):
        try:
            kind, encoded, *_ = candidate.read_text(errors="replace").split(maxsplit=2)
            if kind.startswith(_PUBLIC):
                return base64.b64decode(encoded)
        except (OSError, ValueError):
            continue
    return b""


class NamedAgent(paramiko.agent.AgentSSH):
    """The agent at a socket, which Paramiko finds by its environment alone; without, no agent."""

    def __init__(self, path: Path | None = None) -> None:
        super().__init__()
        if path is not None:
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(str(path))
            self._connect(sock)  # type: ignore[attr-defined]


class Identities:
    """The keys for one server: the given one alone, else ssh config's or the usual files.

    For a server on the way the given one is not meant `alone`: it comes after the files. Of a file
    that cannot be read, the agent's copy is offered; after the files, the agent's other keys,
    unless one was given or IdentitiesOnly is set. Every key refused costs two round trips, and most
    servers hang up after six. For `auth_strategy` of Paramiko's client.
    """

    def __init__(
        self,
        given: Identity | None,
        ssh_config: Mapping[str, object],
        username: str,
        *,
        alone: bool = True,
    ) -> None:
        self._given, self._options, self._user = given, ssh_config, username
        self._alone = given is not None and alone
        self._log: list[str] = []
        self._remedy = ""

    def authenticate(self, transport: paramiko.Transport) -> list[str]:
        """Log in with the first key that is accepted; raises ConnectError when none is."""
        tried = 0
        for label, key in self._offers():
            tried += 1
            try:
                left = transport.auth_publickey(self._user, key)
            except paramiko.BadAuthenticationType as error:
                raise self._refused(
                    f"it takes no keys, only {', '.join(error.allowed_types)}",
                    "set PubkeyAuthentication yes in its sshd_config",
                ) from error
            except (OSError, EOFError, paramiko.SSHException) as error:
                if not transport.is_active():
                    what = f"it hung up on us after {tried} key{'s' * (tried > 1)}"
                    raise self._refused(what, "name the right key with -i FILE") from error
                self._log.append(f"{label}: refused")
                continue
            if left:
                what = f"it wants {' or '.join(left)} besides a key"
                raise self._refused(what, "allow this user to log in with a key alone")
            return []
        raise self._none_accepted(tried)

    def _offers(self) -> Iterator[tuple[str, paramiko.PKey]]:
        agent = {key.blob: key for key in self._agent().get_keys()}
        for found in self._files():
            if found.key:
                agent.pop(found.key.asbytes(), None)
                yield f"{found.path} {fingerprint(found.key)}", found.key
            elif found.public in agent:
                key = agent.pop(found.public)
                yield f"{found.path} of ssh-agent", key
            else:
                self._log.append(f"{found.path}: {found.problem}")
                self._remedy = self._remedy or found.remedy
        if not self._alone and self._options.get("identitiesonly") != "yes":
            for key in agent.values():
                yield f"{key.comment or key.get_name()} of ssh-agent", key

    def _agent(self) -> paramiko.Agent | NamedAgent:
        """The agent of ssh config's IdentityAgent, else that of the environment."""
        said = str(self._options.get("identityagent", "SSH_AUTH_SOCK"))
        if said == "SSH_AUTH_SOCK":
            return paramiko.Agent()
        if said == "none":
            return NamedAgent()
        path = Path(os.path.expandvars(said.replace("%d", "~"))).expanduser()
        try:
            return NamedAgent(path)
        except OSError as error:
            self._log.append(f"{path}: {(error.strerror or str(error)).lower()}")
            return NamedAgent()

    def _files(self) -> Iterator[Identity]:
        if self._given and self._alone:
            yield self._given
            return
        configured = self._options.get("identityfile")
        for name in configured if isinstance(configured, list) else DEFAULTS:
            path = Path(name).expanduser()
            if name != "none" and path.exists():
                yield read_identity(path)
        if self._given:
            yield self._given

    def _none_accepted(self, tried: int) -> ConnectError:
        copy = f"ssh-copy-id {self._user}@{self._options.get('hostname')}"
        if not tried and not self._log:
            return self._refused("you have no private key", f"ssh-keygen -t ed25519; {copy}")
        what = f"it accepts none of your keys for {self._user}"
        if not tried:
            what = "none of your private keys can be used"
        return self._refused(what, self._remedy or f"{copy}, or name a key with -i FILE")

    def _refused(self, what: str, hint: str) -> ConnectError:
        where = str(self._options.get("hostname", ""))
        return ConnectError(what, where=where, hint=hint, log=self._log)
