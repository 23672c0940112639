"""The way to a server over SSH; the only file that knows Fabric."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from functools import partial
from getpass import getuser
from pathlib import Path

import fabric
import paramiko

from provision.errors import ConnectError, ProvisionError
from provision.model.secret import Secret
from provision.model.spec import Host
from provision.transport.failures import explain
from provision.transport.hostkeys import Pins
from provision.transport.identities import Identities, Identity, read_identity
from provision.transport.session import Ssh
from provision.transport.sshconfig import read_ssh_config

PATIENCE_S = 10.0
KEEPALIVE_S = 10

# Without a handler of its own, Paramiko's tracebacks reach the terminal as logging's last resort.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


class Settings(fabric.Config):  # type: ignore[misc]
    """Fabric's settings, of which no file of fabric or invoke (a .py would be run) is a part."""

    def load_base_conf_files(self) -> None:
        pass


def open_ssh(
    host: Host,
    pins: Pins,
    *,
    ssh_config: Path = Path("~/.ssh/config"),
    patience: float = 0.0,
    ask: Callable[[], Secret | None] = lambda: None,
) -> Ssh:
    """A connection to `host`, its identity and that of every server on the way checked by `pins`.

    The user's ssh config applies (aliases, ProxyJump, keys), what `host` says itself goes first.
    An answer is awaited for `patience` seconds; 0 is ConnectTimeout of the ssh config, or 10.
    `ask` gives the password that sudo wants there, or None.
    Raises ConnectError with the cause and what to do about it.
    """
    given = read_given(host.identity) if host.identity else None
    rules = read_ssh_config(ssh_config)
    patience = patience or read_patience(rules.lookup(host.address))
    settings = Settings(ssh_config=rules, overrides={"user": "root"})
    last = build_way(host, settings)
    try:
        for link in links(last):
            who = Identities(given, link.ssh_config, link.user, alone=link is last)
            prepare(link, pins if link is last else pins.for_hop(), who, patience)
            open_link(link, host.name if link is last else link.host, patience)
    except BaseException:
        close_all(last)
        raise
    last.transport.set_keepalive(KEEPALIVE_S)
    return Ssh(
        host.name,
        last.user,
        last.transport,
        place=build_place(host),
        close=lambda: close_all(last),
        patience=patience,
        ask=ask,
    )


def build_place(host: Host) -> str:
    """The HOST word that leads to this host, without a user."""
    if host.port is None:
        return host.address
    return f"[{host.address}]:{host.port}" if ":" in host.address else f"{host.address}:{host.port}"


def read_given(path: str) -> Identity:
    """The private key that was asked for, fit for use; one with a passphrase may be the agent's."""
    found = read_identity(Path(path).expanduser())
    if found.key or found.public:
        return found
    raise ConnectError(
        f"cannot use this private key: {found.problem}", where=str(found.path), hint=found.remedy
    )


def read_patience(options: paramiko.SSHConfigDict) -> float:
    """ConnectTimeout of the ssh config, or what we think is enough, in seconds."""
    said = options.get("connecttimeout", "")
    return float(said) if said.isdigit() and int(said) else PATIENCE_S


def build_way(host: Host, settings: Settings) -> fabric.Connection:
    """The last link of the way to `host`, not open yet; its `gateway` is the link before it."""
    gateway = build_gateway(host.address, settings, frozenset([host.address]))
    return fabric.Connection(
        host.address,
        user=host.user or None,
        port=host.port,
        config=settings,
        gateway=gateway,
        forward_agent=False,
    )


def build_gateway(
    address: str, settings: Settings, seen: frozenset[str]
) -> fabric.Connection | str | bool:
    """What ssh config puts before `address`: jump hosts in the order of travel, or a command.

    Fabric would travel them backwards. False is the direct way. A jump host's user is the one that
    ssh would take, not ours on the server.
    """
    options = settings.base_ssh_config.lookup(address)
    jumps = options.get("proxyjump", "none")
    if jumps.lower() == "none":
        return options.get("proxycommand") or False
    gateway: fabric.Connection | str | bool | None = None
    for word in jumps.split(","):
        said = fabric.Connection.derive_shorthand(None, word.strip())
        hop = said["host"]
        if hop in seen:
            return False
        if gateway is None:
            gateway = build_gateway(hop, settings, seen | {hop})
        user = said["user"] or settings.base_ssh_config.lookup(hop).get("user") or getuser()
        gateway = fabric.Connection(
            hop,
            user=user,
            port=said["port"],
            config=settings,
            gateway=gateway,
            forward_agent=False,
        )
    return gateway or False


def links(last: fabric.Connection) -> list[fabric.Connection]:
    """The connections of a way, the first one first."""
    way = [last]
    while isinstance(way[0].gateway, fabric.Connection):
        way.insert(0, way[0].gateway)
    return way


def prepare(link: fabric.Connection, pins: Pins, who: Identities, patience: float) -> None:
    """Let a link know whom to trust, who we are, and how long to wait."""
    name = link.host if link.port == 22 else f"[{link.host}]:{link.port}"
    pins.prepare(link.client, name, link.ssh_config.get("hostkeyalias", ""))
    link.connect_timeout = patience
    link.connect_kwargs = {
        "banner_timeout": patience,
        "auth_timeout": 2 * patience,
        "channel_timeout": patience,
        "transport_factory": partial(open_transport, kind=pins.kind),
        "auth_strategy": who,
    }


def open_transport(sock: socket.socket, *, kind: str, **options: object) -> paramiko.Transport:
    """A transport that asks for a host key of this `kind`, if any, before all others.

    Small packets do not wait for each other (Nagle), as OpenSSH does it.
    """
    if isinstance(sock, socket.socket):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    transport = paramiko.Transport(sock, **options)  # type: ignore[arg-type]
    wanted = ("rsa-sha2-512", "rsa-sha2-256") if kind == "ssh-rsa" else (kind,)
    security = transport.get_security_options()
    security.key_types = sorted(security.key_types, key=lambda name: name not in wanted)
    return transport


def open_link(link: fabric.Connection, where: str, patience: float) -> None:
    """Open one connection; raises ConnectError."""
    try:
        link.open()
    except ProvisionError:
        raise
    except Exception as error:
        raise explain(error, where, link.host, link.port, patience) from error


def close_all(last: fabric.Connection) -> None:
    """Close a way, the last link first; one that never opened has a socket at most."""
    for link in reversed(links(last)):
        link.client.close()
