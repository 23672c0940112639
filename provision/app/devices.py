"""`devices`: who is paired with a gateway and who asks to be; by the gateway's own word."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from provision.app.client import state_folder
from provision.app.operator import Operator
from provision.app.secret import require_secret
from provision.app.server import Wish, build_wish, connected
from provision.checks.rivals import free_port
from provision.engine.gather import Session, Stack, gather
from provision.errors import ConnectError, UsageError
from provision.model.facts import Facts
from provision.model.product import Product
from provision.model.report import Check
from provision.model.secret import Secret
from provision.model.shell import sh
from provision.model.spec import Host
from provision.products import find_product
from provision.protocol import gateway
from provision.protocol.messages import Payload, Refusal
from provision.protocol.pairing import (
    LOOKING,
    MANAGING,
    Paired,
    Request,
    parse_paired,
    parse_requests,
)

PATIENCE_S = 20
IDENTITY = "identity/device.json"  # where clawdbot's CLI keeps its own; openclaw's needs none


@dataclass(frozen=True, slots=True)
class Devices:
    """All clients that a gateway knows; `ours` says of some device ids whose they are."""

    requests: tuple[Request, ...]
    paired: tuple[Paired, ...]
    ours: Mapping[str, str]

    def find(self, id: str, host: str) -> Request | Paired:
        """The one whose id begins so; raises UsageError when none does, or several."""
        ids = {r.id: r for r in self.requests} | {p.client.device: p for p in self.paired}
        found = [one for name, one in ids.items() if id and name.startswith(id)]
        if len(found) == 1:
            return found[0]
        what = "several ids begin" if found else "no request and no device has an id that begins"
        raise UsageError(f"{what} with {id!r}", hint=f"clawprov devices {host} lists them")


@dataclass(frozen=True, slots=True)
class Desk:
    """A gateway's own management of devices, spoken to with its secret and as no device."""

    session: Session
    wish: Wish
    secret: Secret
    facts: Facts

    def ask(self, calls: Sequence[tuple[str, Payload]], scopes: Sequence[str]) -> list[Payload]:
        """The answers to some requests; raises ConnectError when one is refused."""
        port = self.wish.host.gateway_port
        try:
            channel = self.session.transport.open_stream(port)
        except OSError as error:
            raise self._refused(f"takes no connection ({error.strerror or error})") from error
        talk = gateway.open_session(
            channel,
            self.secret,
            host=f"127.0.0.1:{port}",
            clock=time.monotonic,
            deadline=time.monotonic() + PATIENCE_S,
            scopes=scopes,
        )
        if isinstance(talk, Refusal):
            raise self._refused(tell(talk))
        try:
            answers = [talk.call(method, params) for method, params in calls]
        finally:
            talk.close()
        for answer in answers:
            if isinstance(answer, Refusal):
                raise self._refused(tell(answer))
        return [answer for answer in answers if not isinstance(answer, Refusal)]

    def devices(self) -> Devices:
        [listed] = self.ask([("device.pair.list", {})], LOOKING)
        ours = {self.facts["devices:own"].out.strip(): "the server's own command line"}
        ours |= {read_own(self.wish.product): "this laptop"}
        return Devices(parse_requests(listed), parse_paired(listed), ours)

    def _refused(self, told: str) -> ConnectError:
        name = self.wish.host.name
        what = f"the gateway on port {self.wish.host.gateway_port} {told}"
        return ConnectError(what, where=name, hint=f"clawprov verify {name}")


def list_devices(host: Host, operator: Operator) -> Devices:
    """Who is paired with this host's gateway and who asks to be; nothing is changed."""
    with _desk(host, operator) as desk:
        return desk.devices()


def approve(host: Host, operator: Operator, id: str, confirm: Callable[[Request], None]) -> Request:
    """Let in the request with that id, once `confirm` has seen it and did not raise."""
    with _desk(host, operator) as desk:
        request = desk.devices().find(id, host.name)
        if isinstance(request, Paired):
            raise UsageError("that device is paired already", hint=f"clawprov devices {host.name}")
        confirm(request)
        desk.ask([("device.pair.approve", {"requestId": request.id})], MANAGING)
        return request


def revoke(
    host: Host, operator: Operator, id: str, confirm: Callable[[Request | Paired], None]
) -> Request | Paired:
    """Turn away the request, or take from the paired device what it holds."""
    with _desk(host, operator) as desk:
        one = desk.devices().find(id, host.name)
        confirm(one)
        desk.ask(_goodbye(one, desk.wish.product), MANAGING)
        return one


def _goodbye(one: Request | Paired, product: Product) -> list[tuple[str, Payload]]:
    if isinstance(one, Request):
        return [("device.pair.reject", {"requestId": one.id})]
    device = one.client.device
    if product.unpairs:
        return [("device.pair.remove", {"deviceId": device})]
    return [("device.token.revoke", {"deviceId": device, "role": r}) for r in one.holds]


def tell(refusal: Refusal) -> str:
    """A refusal as what the gateway does."""
    return refusal.message if refusal.kind == "other" else f"refuses us: {refusal.message}"


@contextmanager
def _desk(host: Host, operator: Operator) -> Iterator[Desk]:
    """A host's desk; which version it has does not matter here."""
    with connected(host, operator, "devices") as session:
        yield _sit_down(session, build_wish(host, find_product(host.product)))


def _sit_down(session: Session, wish: Wish) -> Desk:
    """The desk, found in one exec; nobody but the gateway's own unit is told the secret."""
    host, product, credential = wish.host, wish.product, wish.gateway.credential
    state = f"{product.home}/.{product.name}"
    own = sh(r"""sed -n 's/.*"deviceId": *"\([0-9a-f]*\)".*/\1/p' {}""", f"{state}/{IDENTITY}")
    ours = free_port(host.gateway_port, product.service, lambda facts: ())
    stack = Stack(host.name, (ours,), (credential,), (Check("devices:own", own, lambda *_: ""),))
    seen = gather(session, stack)
    for verdict in seen.preflight:
        if not verdict.ok:
            raise ConnectError(verdict.problem, where=host.name, hint=verdict.hint)
    return Desk(session, wish, require_secret(host, credential, seen.facts), seen.facts)


def read_own(product: Product) -> str:
    """The id of the device that this machine's own CLI of the product is, or ""."""
    try:
        identity = json.loads((state_folder(product) / IDENTITY).read_text())
    except (OSError, ValueError):
        return ""
    return str(identity.get("deviceId", "")) if isinstance(identity, dict) else ""
