"""Telegram from the inventory: the gateway gets it as a file, and writes nothing of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from machines import Server, out
from persons import Person

STATE = "/var/lib/openclaw/.openclaw"
TOKEN = "123456:CanaryOfTelegram"


@pytest.fixture
def chatting(openclaw: Server) -> Iterator[Person]:
    """An owner who wishes for a bot; the server cannot reach Telegram, which OpenClaw bears."""
    wish = {"token": "MY_BOT", "dm_policy": "allowlist", "allow_from": ["123"]}
    owner = openclaw.owner.wishing(openclaw.name, telegram=wish)
    yield owner.knowing(MY_BOT=TOKEN)
    assert openclaw.owner.run("up", openclaw.name).exit == 0


def test_openclaw_has_its_bot_and_leaves_its_file_alone(openclaw: Server, chatting: Person) -> None:
    box, digest = openclaw.box, f"sha256sum {STATE}/openclaw.json"
    said = chatting.run("up", box.name, "--json")
    assert (said.exit, said.answer["proof"]["ok"]) == (0, True), said
    written = out(box, digest)
    out(box, "systemctl restart openclaw-gateway")
    again = chatting.run("up", box.name, "--json")
    assert (again.exit, again.planned) == (0, []), again
    assert out(box, digest) == written
    verified = chatting.run("verify", box.name, "--json").answer
    assert [channel["name"] for channel in verified["channels"]] == ["telegram"]
    found = out(box, "grep -rlas CanaryOfTelegram /etc /opt/clawprov /var/lib /var/log /run || :")
    assert found == f"{STATE}/credentials/telegram.token"
    assert "CanaryOfTelegram" not in said.out + said.err + again.out + str(verified)
