"""The proof that the gateway is on its tailnet: over https, by its name there."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from provision.app.prove import prove
from provision.engine.gather import Session
from provision.errors import ConnectError
from provision.model.report import Proof
from provision.model.secret import Secret
from provision.model.tailnet import Node
from provision.model.transport import Channel
from provision.transport.tls import Tls

PORT = 443
REACH_S, ANSWER_S = 3.0, 10.0


@dataclass(frozen=True, slots=True)
class Https:
    """Streams to `name` over TLS, through connections that `dial` makes."""

    name: str
    dial: Callable[[], Channel]

    def open_stream(self, port: int) -> Channel:
        channel = self.dial()
        try:
            channel.settimeout(ANSWER_S)
            return Tls(channel, self.name)
        except BaseException:
            channel.close()
            raise


def find_site(name: str) -> Https | None:
    """Streams to https://NAME/ from this machine, None where it does not get there.

    It does where it is in the tailnet, or Funnel lets everyone in.
    """
    site = Https(name, partial(socket.create_connection, (name, PORT), REACH_S))
    try:
        site.dial().close()
    except OSError:
        return None
    return site


def prove_https(
    session: Session, node: Node, secret: Secret, *, patience: float, alone: bool = False
) -> Proof:
    """The gateway at https://NAME/, from here when this machine gets there, else from the server.

    There it goes through the same TLS, by way of the server's own address in the tailnet. A
    gateway without its certificate yet is waited for, up to `patience` seconds. With `alone`, only
    the right secret is tried.
    """
    path, streams = f"https://{node.name}", find_site(node.name)
    if streams is None:
        there = node.ips[0] if node.ips else node.name
        streams = Https(node.name, partial(session.transport.open_stream, PORT, there))
        path = f"{path} from the server itself"
    nonce = next(session.nonces)
    try:
        return prove(
            streams,
            PORT,
            secret,
            nonce=nonce,
            path=path,
            host=node.name,
            patience=patience,
            alone=alone,
        )
    except ConnectError as error:
        return Proof(False, path, problem=error.what)
