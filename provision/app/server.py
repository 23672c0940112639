"""A host, its wish and the connection to it, put together for the use cases."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from provision.app.operator import Operator, config_folder, nonces
from provision.app.prove import prove
from provision.engine.run import Seen, Session, gather
from provision.model.product import Product
from provision.model.report import Proof
from provision.model.secret import Secret
from provision.model.spec import Host
from provision.products import find_product
from provision.stacks.gateway import Gateway, build_gateway
from provision.transport.local import Local

if TYPE_CHECKING:  # Fabric and Paramiko take their time
    from provision.transport.session import Ssh


@dataclass(frozen=True, slots=True)
class Wish:
    """What a host is to be."""

    host: Host
    product: Product
    gateway: Gateway


def build_wish(host: Host) -> Wish:
    """The wish for a host, with a fresh secret of 256 bits at hand in case it has none."""
    product = find_product(host.product, host.version)
    fresh = Secret(secrets.token_urlsafe(32))
    return Wish(host, product, build_gateway(host, product, fresh=fresh, clock=time.time))


@contextmanager
def connected(host: Host, operator: Operator, verb: str) -> Iterator[Session]:
    """A session on the host, ended with the block."""
    operator.progress.step("connect", host.address)
    transport = _open(host, operator)
    operator.progress.done(0)
    try:
        yield Session(transport, operator.who, verb, nonces(), operator.progress)
    finally:
        transport.close()


def _open(host: Host, operator: Operator) -> Ssh | Local:
    """The way to a host; `localhost`, when nothing else is said of it, needs none."""
    if host.here:
        return Local()
    from provision.transport.hostkeys import Pins
    from provision.transport.ssh import open_ssh

    pins = Pins(config_folder() / "known_hosts", host.host_key, operator.trust)
    return open_ssh(host, pins, ask=lambda: operator.password(host.name))


def prove_it(
    session: Session, wish: Wish, seen: Seen, *, patience: float = 30.0
) -> tuple[Proof, Seen]:
    """The proof over the connection that is there, shown as a step of its own.

    A gateway that was still starting when it was `seen` is waited for, up to `patience` seconds,
    and then looked at again.
    """
    stranger = next((v for v in seen.preflight if v.check == "preflight:port" and not v.ok), None)
    way = "loopback" if isinstance(session.transport, Local) else "ssh"
    path = f"{way} to 127.0.0.1:{wish.host.gateway_port}"
    if stranger:  # whoever that is must not be told the secret
        return Proof(False, path, problem=stranger.problem), seen
    session.progress.step("proof", f"127.0.0.1:{wish.host.gateway_port}")
    proof = prove(
        session.transport,
        wish.host.gateway_port,
        wish.gateway.credential.secret(seen.facts),
        nonce=next(session.nonces),
        path=path,
        patience=patience,
    )
    session.progress.done(0 if proof.ok else 1)
    if proof.ok and not all(verdict.ok for verdict in seen.verdicts):
        seen = gather(session, wish.gateway.stack)
    return replace(proof, server=f"{wish.product.name} {proof.server}".rstrip()), seen
