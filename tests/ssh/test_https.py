"""The proof over https, against a stand-in with a certificate of its own authority."""

from __future__ import annotations

import datetime
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from gateway import SECRET, Gateway, Stranger

from provision.app.https import Https, prove_https
from provision.app.prove import prove
from provision.engine.gather import Session
from provision.errors import ConnectError
from provision.model.plan import Plan
from provision.model.report import Proof
from provision.model.secret import Secret
from provision.model.shell import Sh
from provision.model.tailnet import Node
from provision.model.transport import Channel, Completed, OnLine

NAME, WRONG = "vps1.t.ts.net", "0123456789abcdef0123456789abcdef"
Trusted = Callable[[x509.GeneralName], ssl.SSLContext]


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trusted:
    """Makes the server's side of TLS for a name; the system trusts who signed it."""

    def make(subject: x509.GeneralName) -> ssl.SSLContext:
        key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "one of a kind")])
        builder = x509.CertificateBuilder(name, name, key.public_key(), 7)
        builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
        builder = builder.add_extension(x509.SubjectAlternativeName([subject]), critical=False)
        signed = builder.sign(key, hashes.SHA256())
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        file = tmp_path / "both.pem"
        file.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
        (tmp_path / "ca.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    return make


def attest(port: int, patience: float = 3) -> Proof:
    streams = Https(NAME, lambda: socket.create_connection(("127.0.0.1", port), 5))
    return prove(streams, 443, Secret(SECRET), nonce=WRONG, host=NAME, patience=patience)


def test_a_gateway_behind_tls_is_proved_by_its_name(trusted: Trusted) -> None:
    with Gateway(tls=trusted(x509.DNSName(NAME))).serving() as gateway:
        proof = attest(gateway.port)
    assert (proof.ok, proof.refused) == (True, {"wrong_secret": True, "no_secret": True})


@pytest.mark.parametrize("other", [True, False], ids=["of another name", "of nobody we know"])
def test_a_certificate_that_is_not_good_never_gets_the_secret(
    trusted: Trusted, monkeypatch: pytest.MonkeyPatch, other: bool
) -> None:
    tls = trusted(x509.DNSName("vps2.t.ts.net" if other else NAME))
    if not other:
        monkeypatch.delenv("SSL_CERT_FILE")
    started = time.monotonic()
    with Gateway(tls=tls).serving() as gateway:
        proof = attest(gateway.port, patience=30)
    assert time.monotonic() - started < 5
    assert not proof.ok
    assert "shows a certificate that is not trusted here" in proof.problem
    assert gateway.asked == []


def test_what_speaks_no_tls_is_told_with_its_address() -> None:
    with Stranger(b"HTTP/1.1 400 Bad Request\r\n\r\n").serving() as stranger:
        proof = attest(stranger.port, patience=1)
    assert f"the gateway at https://{NAME}/ is not ready after 1 s" in proof.problem


@dataclass
class Server:
    """A machine that is in the tailnet itself, at `port` of this one."""

    port: int
    hosts: list[str] = field(default_factory=list)

    def execute(self, script: Sh, on_line: OnLine | None = None) -> Completed:
        raise AssertionError("a proof runs nothing")

    def open_stream(self, port: int, host: str = "127.0.0.1") -> Channel:
        self.hosts.append(f"{host}:{port}")
        if not self.port:
            raise ConnectError("sshd forbids port forwarding", where="box")
        return socket.create_connection(("127.0.0.1", self.port), 5)


class Silent:
    def step(self, name: str, why: str = "") -> None: ...

    def detail(self, line: str) -> None: ...

    def done(self, exit: int) -> None: ...

    def plan(self, plan: Plan) -> None: ...


def test_a_laptop_outside_the_tailnet_goes_by_way_of_the_server(trusted: Trusted) -> None:
    node = Node(name="127.0.0.1", ips=("100.64.0.1",))  # nothing listens on 443 here
    with Gateway(tls=trusted(x509.IPAddress(ip_address("127.0.0.1")))).serving() as gateway:
        server = Server(gateway.port)
        session = Session(server, "ann", "up", iter([WRONG]), Silent())
        proof = prove_https(session, node, Secret(SECRET), patience=3)
    assert (proof.ok, proof.path) == (True, "https://127.0.0.1 from the server itself")
    assert server.hosts == ["100.64.0.1:443"] * 3


def test_a_server_that_forbids_forwarding_ends_in_a_sentence() -> None:
    session = Session(Server(0), "ann", "up", iter([WRONG]), Silent())
    node = Node(name="127.0.0.1", ips=("100.64.0.1",))
    proof = prove_https(session, node, Secret(SECRET), patience=3)
    assert (proof.ok, proof.problem) == (False, "sshd forbids port forwarding")


def test_alone_nobody_comes_with_a_wrong_secret(trusted: Trusted) -> None:
    """Whoever looks again and again would be shut out by a gateway that counts them."""
    node = Node(name="127.0.0.1", ips=("100.64.0.1",))
    with Gateway(tls=trusted(x509.IPAddress(ip_address("127.0.0.1")))).serving() as gateway:
        session = Session(Server(gateway.port), "ann", "verify", iter([WRONG]), Silent())
        proof = prove_https(session, node, Secret(SECRET), patience=3, alone=True)
    assert (proof.ok, proof.refused) == (True, {})
    assert [a["method"] for a in gateway.asked].count("connect") == 1
