"""Gateways on a tailnet, and those who want to reach them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Self

from machines import await_in

from provision.lab import Box
from provision.lab.authority import authority_files
from provision.lab.mirror import repository_key
from tests.box.up.persons import Person, Said
from tests.tailnet.headscale import Headscale
from tests.tailnet.members import NEEDS_LOGIN, STATUS, out, status

PATIENCE_S = 480
HAS_HTTPS = f"{STATUS} | grep -q '\"https\"'"


@dataclass(frozen=True, slots=True)
class Gateway:
    """A server, its owner, the tailnet it is to be on, and another node of that."""

    box: Box
    owner: Person
    tailnet: Headscale
    peer: Box
    product: str = "clawdbot"

    def up(self, *words: str, key: str = "") -> Said:
        """`clawprov up`, with an auth key in the environment."""
        owner = self.owner.knowing(TS_AUTHKEY=key)
        return owner.run("up", self.box.name, *words, seconds=PATIENCE_S)

    def joined(self) -> Self:
        """It is on its tailnet, and others reach it there, whatever has been before."""
        said = self.up(key=self.tailnet.key())
        assert said.exit == 0, said
        self.await_reached()
        return self

    def wishing(self, **tailscale: object) -> Self:
        """With more keys below `tailscale:` in the inventory."""
        return replace(self, owner=_wish(self.owner, self.box, self.tailnet, **tailscale))

    def leave(self) -> None:
        """It is in no tailnet, which has forgotten it."""
        addresses = status(self.box)["Self"]["TailscaleIPs"] or []
        out(self.box, "tailscale logout")
        for node in self.tailnet.nodes():
            if set(addresses) & set(node["ip_addresses"]):
                self.tailnet.delete(node["given_name"])

    @property
    def unit(self) -> str:
        return f"{self.product}-gateway.service"

    @property
    def name(self) -> str:
        """What it is called in MagicDNS now."""
        return str(status(self.box)["Self"]["DNSName"]).rstrip(".")

    def reached(self, name: str = "") -> str:
        """The answer's status when the other node asks for https://NAME/; "000" for none."""
        words = "curl -sS --max-time 5 -o /dev/null -w '%{http_code}'"
        return self.peer.run(f"{words} https://{name or self.name}/").stdout

    def await_reached(self, *, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while (code := self.reached()) != "200":
            assert time.monotonic() < deadline, f"{code} for {seconds} s"
            time.sleep(0.3)

    def until(self, condition: str, *, seconds: float = 60) -> None:
        """Returns once the box finds this true."""
        await_in(self.box, condition, seconds=seconds)

    def expire(self) -> None:
        """It has to log in again, and knows it."""
        self.tailnet.expire(self.name.partition(".")[0])
        self.until(NEEDS_LOGIN)

    def rename(self, to: str) -> None:
        """The tailnet calls the node otherwise, and the node knows it."""
        self.tailnet.rename(self.name.partition(".")[0], to)
        self.until(f"{STATUS} | grep -q '\"{to}[.]'")

    @contextmanager
    def without_https(self) -> Iterator[None]:
        """The tailnet gives out no certificates meanwhile, and the node knows it."""
        self.tailnet.allow(https=False)
        try:
            self.until(f"! {HAS_HTTPS}")
            yield
        finally:
            self.tailnet.allow(https=True)
            self.until(HAS_HTTPS)

    def routes(self) -> str:
        """What Serve leads where, as JSON."""
        return "".join(out(self.box, "tailscale serve status --json").split())


def own(
    box: Box, person: Person, tailnet: Headscale, peer: Box, product: str = "clawdbot"
) -> Gateway:
    """The gateway that this person wishes for, over https on the tailnet."""
    trusting = person.knowing(SSL_CERT_FILE=str(authority_files(box.folder)[0]))
    wished = trusting.wishing(box.name, access="tailscale-serve", product=product)
    return Gateway(box, _wish(wished, box, tailnet), tailnet, peer, product)


def _wish(owner: Person, box: Box, tailnet: Headscale, **more: object) -> Person:
    key = str(repository_key(box.folder))
    return owner.wishing(box.name, tailscale={"key": key, "login_server": tailnet.url, **more})
