"""The proof that the gateway's port is open on its tailnet."""

from __future__ import annotations

from dataclasses import dataclass

from provision.app.prove import prove
from provision.engine.gather import Session
from provision.errors import ConnectError
from provision.model.report import Proof
from provision.model.secret import Secret
from provision.model.transport import Channel, Transport
from provision.resources.forward import show_place


@dataclass(frozen=True, slots=True)
class Port:
    """Streams from a server to an address of its own."""

    server: Transport
    ip: str

    def open_stream(self, port: int) -> Channel:
        return self.server.open_stream(port, self.ip)


def prove_port(session: Session, ip: str, port: int, secret: Secret, *, patience: float) -> Proof:
    """The gateway at a port of its tailnet address, asked by the server; `patience` in seconds.

    Not from here: where this machine is in no tailnet, that address is some stranger's, and without
    TLS it would be told the secret.
    """
    place, nonce, streams = show_place(ip, port), next(session.nonces), Port(session.transport, ip)
    path = f"{place} from the server itself"
    session.progress.step("proof", place)
    try:
        proof = prove(streams, port, secret, nonce=nonce, path=path, patience=patience)
    except ConnectError as error:
        proof = Proof(False, path, problem=error.what)
    session.progress.done(0 if proof.ok else 1)
    return proof
