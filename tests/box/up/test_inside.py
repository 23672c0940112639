"""The gateway's own command line from the laptop, and the secret for those who have none."""

from __future__ import annotations

from collections.abc import Callable

from machines import Server
from persons import Person


def test_the_gateways_own_command_line_runs_there(server: Server) -> None:
    said = server.owner.run("exec", server.box.name, "health")
    assert said.exit == 0, said
    assert "Agents: main" in said.out


def test_its_exit_code_and_its_words_come_through(server: Server) -> None:
    said = server.owner.run("exec", server.box.name, "config", "get", "no.such $(key)")
    assert said.exit == 1
    assert "no.such $(key)" in said.out + said.err


def test_a_second_operator_gets_the_secret_and_changes_nothing(
    server: Server, laptop: Callable[[], Person], secret: str
) -> None:
    second = laptop().called("bob")
    said = second.run("secret", "show", server.box.name, "--yes")
    assert (said.exit, said.out) == (0, secret + "\n")
    assert second.run("up", server.box.name, "--json").planned == []


def test_nobody_is_shown_it_without_consent(server: Server, secret: str) -> None:
    said = server.owner.run("secret", "show", server.box.name)
    assert said.refused(2, "this needs your consent")
    assert secret not in said.out


def test_another_kind_of_secret_is_not_put_in_its_place_unasked(
    server: Server, laptop: Callable[[], Person], secret: str
) -> None:
    said = laptop().run("plan", server.box.name, "--auth", "password", "--json")
    assert "secret:/etc/clawdbot/gateway.env" in said.planned
    unasked = Person(server.owner.home, server.owner.inventory)
    assert unasked.run("plan", server.box.name, "--json").planned == []
