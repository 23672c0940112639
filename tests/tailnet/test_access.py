"""Who gets in over https, and who does not, seen from another machine of the tailnet."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pytest

from provision.app.https import Https
from provision.app.prove import SHUT, prove
from provision.engine.gather import Session
from provision.lab import Box
from provision.lab.authority import authority_files
from provision.model.secret import Secret
from provision.model.transport import Channel
from provision.protocol.device import Device
from provision.protocol.gateway import open_session
from provision.protocol.messages import Hello, Refusal
from tests.box.bare import Owner
from tests.tailnet.gateways import Gateway
from tests.tailnet.members import out

FORGED = (
    b"Tailscale-User-Login: alice@example.com\r\nTailscale-User-Name: Alice\r\n"
    b"X-Forwarded-For: 100.64.0.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: %s\r\n"
)


GATEWAY_PORT = 18789


@pytest.fixture(scope="module", params=["clawdbot", "openclaw"])
def gateway(request: pytest.FixtureRequest) -> Gateway:
    """On its tailnet, where no test of this file changes anything."""
    return request.getfixturevalue(request.param).joined()


@pytest.fixture(autouse=True)
def trusting(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests themselves trust whom the boxes trust."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority_files(gateway.box.folder)[0]))


@pytest.fixture
def from_peer(gateway: Gateway) -> Iterator[Session]:
    """Streams that the other node opens, by the names that its tailnet gives."""
    with Owner(gateway.peer).session() as session:
        yield session


@pytest.fixture
def on_server(gateway: Gateway) -> Iterator[Session]:
    """Streams that a program on the server opens."""
    with Owner(gateway.box).session() as session:
        yield session


def secret_of(gateway: Gateway) -> Secret:
    said = gateway.owner.run("secret", "show", gateway.box.name, "--yes")
    assert said.exit == 0, said
    return Secret(said.out.strip())


def https(session: Session, name: str) -> Https:
    return Https(name, partial(session.transport.open_stream, 443, name))


@dataclass
class Forging:
    """A channel on whose way somebody adds identity headers to the request."""

    channel: Channel
    host: str
    begun: bool = False

    def sendall(self, data: bytes, /) -> None:
        if not self.begun:
            data = data.replace(b"\r\n", b"\r\n" + FORGED % self.host.encode(), 1)
            self.begun = True
        self.channel.sendall(data)

    def recv(self, size: int, /) -> bytes:
        return self.channel.recv(size)

    def settimeout(self, seconds: float | None, /) -> None:
        self.channel.settimeout(seconds)

    def close(self) -> None:
        self.channel.close()


def knock(
    channel: Channel, secret: Secret, host: str, device: Device | None = None
) -> Hello | Refusal:
    answer = open_session(
        channel,
        secret,
        host=host,
        clock=time.monotonic,
        deadline=time.monotonic() + 20,
        device=device,
    )
    if isinstance(answer, Refusal):
        return answer
    answer.close()
    return answer.hello


def test_another_machine_gets_in_by_name_with_the_secret_alone(
    gateway: Gateway, from_peer: Session
) -> None:
    proof = prove(
        https(from_peer, gateway.name),
        443,
        secret_of(gateway),
        nonce=secrets.token_hex(16),
        host=gateway.name,
    )
    assert (proof.ok, proof.problem) == (True, "")
    assert proof.refused == {"wrong_secret": True, "no_secret": True}


def test_a_device_is_let_in_by_a_person_once(gateway: Gateway, from_peer: Session) -> None:
    name, device, secret = gateway.name, Device(secrets.token_bytes(32)), secret_of(gateway)

    def come() -> Hello | Refusal:
        return knock(https(from_peer, name).open_stream(443), secret, name, device)

    refused = come()
    assert isinstance(refused, Refusal)
    assert refused.kind == "pairing"
    asking = gateway.owner.run("devices", gateway.box.name, "--json").answer["asking"]
    [request] = [one["request"] for one in asking if one["device"] == device.id]
    said = gateway.owner.run("devices", "approve", gateway.box.name, request, "--yes")
    assert said.exit == 0, said
    assert isinstance(come(), Hello)


def doors(gateway: Gateway) -> set[int]:
    """The gateway's port, and the one where it awaits what Tailscale sends it."""
    targets = re.findall(r'"Proxy":"http://127.0.0.1:([0-9]+)"', gateway.routes())
    return {GATEWAY_PORT, *map(int, targets)}


def ways_in(gateway: Gateway, from_peer: Session, on_server: Session) -> Iterator[Channel]:
    """From the tailnet, and what a program on the server can reach besides."""
    for session in (from_peer, on_server):
        yield https(session, gateway.name).open_stream(443)
    for port in doors(gateway):
        yield on_server.transport.open_stream(port)


@pytest.mark.parametrize("known", ["a wrong secret", "none"])
def test_a_forged_identity_opens_nothing(
    gateway: Gateway, from_peer: Session, on_server: Session, known: str
) -> None:
    name = gateway.name
    secret = Secret(secrets.token_hex(16) if known == "a wrong secret" else "")
    for channel in ways_in(gateway, from_peer, on_server):
        answer = knock(Forging(channel, name), secret, name)
        assert isinstance(answer, Refusal), answer
        assert answer.kind in SHUT, answer


def test_a_forged_identity_shuts_out_nobody_who_has_the_secret(
    gateway: Gateway, from_peer: Session, on_server: Session
) -> None:
    """So that it is for the secret that the others are refused."""
    name, secret = gateway.name, secret_of(gateway)
    for channel in ways_in(gateway, from_peer, on_server):
        answer = knock(Forging(channel, name), secret, name)
        assert isinstance(answer, Hello), answer


def opens(peer: Box, address: str, port: int) -> bool:
    """Whether a connection from there comes about."""
    return peer.run(f"timeout 3 bash -c '</dev/tcp/{address}/{port}' 2>&1").returncode == 0


def test_nothing_but_https_answers_on_any_address(gateway: Gateway) -> None:
    peer = gateway.peer
    said = out(gateway.box, "ip -o addr show scope global | awk '{ print $4 }'").split()
    addresses = [one.partition("/")[0] for one in said]
    ours = [one for one in addresses if one.startswith(("100.", "fd7a:"))]
    assert len(ours) == 2, addresses
    for address in addresses:
        assert opens(peer, address, 443 if address in ours else 22), address
        for port in (80, *doors(gateway)):
            assert not opens(peer, address, port), (address, port)


VERBOSE = "/etc/ssh/sshd_config.d/verbose.conf"
SINCE = (
    "set -- $SSH_CLIENT; journalctl -q -t sshd -t sshd-session -o cat "
    '--after-cursor "$(cat /run/cursor)" | grep -v " port $2 "'
)
"""What sshd has said since the cursor was kept, but for the connection of who asks."""


def test_when_nothing_changes_https_costs_no_connection_and_no_exec(gateway: Gateway) -> None:
    out(gateway.box, f"echo 'LogLevel VERBOSE' >{VERBOSE}; systemctl reload ssh; sleep 1")
    try:
        out(gateway.box, "journalctl -q -n 0 --show-cursor | sed 's/^-- cursor: //' >/run/cursor")
        said = gateway.up("--json")
        log = out(gateway.box, SINCE)
    finally:
        out(gateway.box, f"rm {VERBOSE}; systemctl reload ssh")
    assert (said.exit, said.done) == (0, []), said
    assert said.answer["proof"]["path"].startswith("https:"), said
    assert (log.count("Accepted publickey"), log.count("Starting session")) == (1, 1), log
