"""The Control UI in a real browser over https: a secret, a person who agrees, and it connects."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from browser import Browser, browser
from strangers import forwarded
from test_open import FIELDS, WELL

from provision.lab.authority import authority_files
from provision.products import find_product
from tests.tailnet.gateways import Gateway

ASKED = {"clawdbot": "pairing required", "openclaw": "Approve this browser"}
"""What the page of each says to whom nobody has let in yet."""


@pytest.fixture(params=["clawdbot", "openclaw"])
def gateway(request: pytest.FixtureRequest) -> Gateway:
    return request.getfixturevalue(request.param).joined()


def trusting(authority: Path, home: Path) -> Path:
    """A home in which browsers trust who vouches for the names of the tailnet."""
    database = home / ".pki/nssdb"
    database.mkdir(parents=True)
    for words in ("-N --empty-password", f"-A -n lab -t C,, -i {authority}"):
        subprocess.run(["certutil", "-d", f"sql:{database}", *words.split()], check=True)
    return home


def log_in(window: Browser, product: str, secret: str) -> None:
    while not window.press(*FIELDS[product]):
        pass
    window.paste(secret)
    assert window.press("button", "Connect")


def test_a_browser_connects_once_a_person_has_agreed(gateway: Gateway, tmp_path: Path) -> None:
    box, owner, product = gateway.box, gateway.owner, gateway.product
    secret = owner.run("secret", "show", box.name, "--yes").out.strip()
    url = f"https://{gateway.name}/{find_product(product).ui_path}"
    home = trusting(authority_files(box.folder)[0], tmp_path)
    with forwarded(gateway.peer, 443, gateway.name) as port:
        there = f"--host-resolver-rules=MAP {gateway.name}:443 127.0.0.1:{port}"
        with browser(tmp_path / "profile", there, home=home) as window:
            window.open(url)
            window.wait("Connect")
            log_in(window, product, secret)
            window.wait(ASKED[product])
            asking = owner.run("devices", box.name, "--json").answer["asking"]
            [one] = [one for one in asking if one["name"] == f"{product}-control-ui"]
            said = owner.run("devices", "approve", box.name, one["request"], "--yes")
            assert said.exit == 0, said
            window.press("button", "Connect")  # openclaw's page goes on by itself
            window.wait(WELL[product])
            assert window.run("return location.origin") == f"https://{gateway.name}"
            window.end()
        assert window.has_written(secret) == []
