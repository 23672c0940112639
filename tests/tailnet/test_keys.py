"""Keys that let nobody in, and a server that stays as it was."""

from __future__ import annotations

import secrets

import pytest
from machines import start_sampler

from tests.tailnet.gateways import Gateway
from tests.tailnet.members import out, status

MALFORMED = f"tskey-auth-{secrets.token_hex(8)}"


def spent(gateway: Gateway) -> str:
    """A key that has let the server in, once."""
    gateway.leave()
    key = gateway.tailnet.key()
    assert gateway.up(key=key).exit == 0
    return key


def alive(gateway: Gateway) -> bool:
    """The gateway answers where it always does."""
    return not gateway.box.run("curl -fsS -o /dev/null http://127.0.0.1:18789/").returncode


BAD = {
    "malformed": (lambda gateway: MALFORMED, "does not know the auth key"),
    "expired": (lambda gateway: gateway.tailnet.key(expired=True), "the auth key has expired"),
    "used": (lambda gateway: spent(gateway), "has been used"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_key_that_lets_nobody_in_is_told_and_not_shown(clawdbot: Gateway, kind: str) -> None:
    make, sentence = BAD[kind]
    key = make(clawdbot)
    clawdbot.leave()
    said = clawdbot.up(key=key)
    assert said.refused(6, sentence)
    assert key not in said.out + said.err
    assert "TS_AUTHKEY" in said.err
    assert status(clawdbot.box)["BackendState"] == "NeedsLogin"
    assert alive(clawdbot)


def test_a_key_without_the_wanted_tag_is_told(clawdbot: Gateway) -> None:
    wishing = clawdbot.wishing(tags=["tag:strange"])
    wishing.leave()
    said = wishing.up(key=clawdbot.tailnet.key())
    assert said.refused(6, "does not give the tags that are wished")
    assert alive(clawdbot)


def test_a_key_is_nowhere_on_the_server(clawdbot: Gateway) -> None:
    clawdbot.leave()
    key = clawdbot.tailnet.key()
    stop = start_sampler(clawdbot.box)
    said = clawdbot.up("-v", key=key)
    argv = stop()
    assert said.exit == 0, said
    assert "tailscale" in argv
    assert key not in argv + said.out + said.err
    places = "/etc /opt /root /run /tmp /usr/local /var"
    found = f"grep -rlF {key} {places} --exclude-dir=node_modules --exclude-dir=systemd -s"
    assert clawdbot.box.run(found, seconds=120).stdout == ""
    assert key not in out(clawdbot.box, "journalctl -o cat --no-pager")
