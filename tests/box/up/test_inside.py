"""The gateway's own command line from the laptop, and the secret for those who have none."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import pytest
from machines import Server
from persons import Person
from strangers import forwarded, knock

from provision.protocol.device import Device


def test_the_gateways_own_command_line_runs_there(server: Server) -> None:
    said = server.owner.run("exec", server.box.name, "health")
    assert said.exit == 0, said
    assert "Agents: main" in said.out


def test_its_exit_code_and_its_words_come_through(server: Server) -> None:
    said = server.owner.run("exec", server.box.name, "config", "get", "no.such $(key)")
    assert said.exit == 1
    assert "no.such $(key)" in said.out + said.err


def test_who_sits_at_a_terminal_is_asked_by_the_gateways_own_command_line(server: Server) -> None:
    words = ["exec", server.box.name, "reset", "--dry-run"]
    said = server.owner.sit(*words, prompt="◆  Reset scope", answer="\x03")
    assert said.exit == 0, said.err
    assert "Reset cancelled" in said.err


def test_a_second_operator_gets_the_secret_and_changes_nothing(
    server: Server, laptop: Callable[[], Person], secret: str
) -> None:
    second = laptop().called("bob")
    assert second.run("up", server.box.name, "--json").planned == []
    copy = second.copy(server.box.name)
    assert copy.read_text() == secret + "\n"
    told = second.run("secret", "show", server.box.name, "--yes", "--json").answer
    assert told == {"host": server.box.name, "kind": "token", "secret": secret}
    before = copy.stat()
    said = second.run("secret", "show", server.box.name, "--yes")
    assert (said.exit, said.out) == (0, secret + "\n")
    assert (copy.stat().st_ino, copy.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_nobody_is_shown_it_without_consent(server: Server, secret: str) -> None:
    said = server.owner.run("secret", "show", server.box.name)
    assert said.refused(2, "this needs your consent")
    assert secret not in said.out


@pytest.mark.parametrize("product", ["clawdbot", "openclaw"])
def test_a_secret_that_is_set_is_there_and_here_and_the_old_one_opens_nothing(
    request: pytest.FixtureRequest, laptop: Callable[[], Person], product: str
) -> None:
    server: Server = request.getfixturevalue("server" if product == "clawdbot" else "openclaw")
    owner = laptop() if product == "clawdbot" else server.owner
    name, new = server.box.name, secrets.token_urlsafe(32)
    told = owner.run("secret", "show", name, "--yes", "--json").answer
    kind, old = told["kind"], told["secret"]
    assert owner.run("secret", "set", name, given=f"{new}\n").refused(2, "this needs your consent")
    try:
        said = owner.run("secret", "set", name, "--yes", "-v", given=f"{new}\n")
        assert said.exit == 0, said
        assert new not in said.out + said.err
        assert owner.copy(name).read_text() == f"{new}\n"
        with forwarded(server.box) as port:
            assert not knock(port, {kind: old}, Device(secrets.token_bytes(32)))["ok"]
            assert knock(port, {kind: new}, Device(secrets.token_bytes(32)))["ok"]
        assert owner.run("up", name, "--json").planned == []
    finally:
        assert owner.run("secret", "set", name, "--yes", given=f"{old}\n").exit == 0


def test_another_kind_of_secret_is_not_put_in_its_place_unasked(
    server: Server, laptop: Callable[[], Person], secret: str
) -> None:
    said = laptop().run("plan", server.box.name, "--auth", "password", "--json")
    assert "secret:/etc/clawdbot/gateway.env" in said.planned
    unasked = Person(server.owner.home, server.owner.inventory)
    assert unasked.run("plan", server.box.name, "--json").planned == []
