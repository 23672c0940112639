"""Models and API keys: from the operator's environment into the gateway's, and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from machines import Server, out, show
from persons import Person, Said

ENV = "/etc/clawdbot/gateway.env"
CONFIG = "/var/lib/clawdbot/.clawdbot/clawdbot.json"
KEYS = ["ANTHROPIC_API_KEY", "OPENAI_API_KEY"]
VALUES = ("sk-\"a' $b `c` #CanaryModel1", "sk-CanaryModel2")
MODELS = {"default": "anthropic/claude-opus-4-5", "fallbacks": ["openai/gpt-5.2"]}


@pytest.fixture(scope="module")
def wisher(server: Server) -> Person:
    """An operator who wishes for models, and has none of the keys."""
    return server.owner.wishing(server.name, keys=KEYS, models=MODELS)


@pytest.fixture(scope="module")
def keyed(wisher: Person) -> Person:
    return replace(wisher, variables=(*wisher.variables, *zip(KEYS, VALUES, strict=True)))


@pytest.fixture(scope="module")
def applied(server: Server, wisher: Person, keyed: Person) -> Iterator[tuple[Said, Said]]:
    """How it went without the keys, and then with them; the former state comes back."""
    without = wisher.run("up", server.name)
    yield without, keyed.run("up", server.name, "--json")
    out(server.box, f"sed -i /_API_KEY=/d {ENV}")
    again = server.owner.run("up", server.name, "--json")
    assert again.exit == 0, again


def test_a_key_that_nobody_has_is_named_before_anything_is_changed(
    applied: tuple[Said, Said],
) -> None:
    without, _ = applied
    assert without.refused(5, "ANTHROPIC_API_KEY is set neither here nor on the server")
    assert "export ANTHROPIC_API_KEY=..." in without.err


def test_keys_and_models_are_one_restart(applied: tuple[Said, Said]) -> None:
    _, said = applied
    assert said.exit == 0, said
    assert said.done == [f"secret:{ENV}", f"file:{CONFIG}", "service:clawdbot-gateway"]


def test_the_gateway_says_that_it_has_the_models(
    server: Server, applied: tuple[Said, Said]
) -> None:
    told = json.loads(out(server.box, "clawdbot config get agents.defaults.model"))
    assert told == {"primary": MODELS["default"], "fallbacks": MODELS["fallbacks"]}


def test_the_gateway_has_the_values_as_they_were(
    server: Server, applied: tuple[Said, Said]
) -> None:
    environ = out(server.box, f"cat /proc/{show(server.box, 'MainPID')['MainPID']}/environ")
    for line in map("=".join, zip(KEYS, VALUES, strict=True)):
        assert line in environ.split("\0")


def test_they_are_in_one_file_and_on_no_screen(
    server: Server, keyed: Person, applied: tuple[Said, Said]
) -> None:
    folders = "/etc /opt/clawprov /var/lib /var/log /run"
    found = server.box.run(f"grep -rasl CanaryModel {folders}", seconds=240).stdout.split()
    assert found == [ENV]
    screens = [keyed.run(verb, server.name) for verb in ("plan", "render", "verify")]
    for said in (*screens, keyed.run("plan", server.name, "--script"), *applied):
        assert "CanaryModel" not in said.out + said.err


def test_with_or_without_the_keys_there_is_nothing_left_to_do(
    server: Server, wisher: Person, keyed: Person, applied: tuple[Said, Said]
) -> None:
    assert keyed.run("plan", server.name, "--json").planned == []
    assert wisher.run("plan", server.name, "--json").planned == []
    assert wisher.run("verify", server.name).exit == 0


def test_another_value_is_a_restart(
    server: Server, keyed: Person, applied: tuple[Said, Said]
) -> None:
    other = replace(keyed, variables=(*keyed.variables, ("OPENAI_API_KEY", "sk-other")))
    planned = other.run("plan", server.name, "--json").planned
    assert planned == [f"secret:{ENV}", "service:clawdbot-gateway"]
