"""The JSON Schema of inventories: takes what parsing takes, and has every key of the table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from provision.inventory.keys import DEFAULTS, HOST, Table
from provision.inventory.notes import Note, parse_notes, read_notes
from provision.inventory.schema import build_schema

ROOT = Path(__file__).parents[2]
SCHEMA = build_schema()
JUDGE = Draft202012Validator(SCHEMA)


def faults(text: str) -> list[str]:
    return sorted(
        ".".join(map(str, fault.path)) for fault in JUDGE.iter_errors(yaml.safe_load(text))
    )


def one_host(body: str) -> list[str]:
    return faults(f"hosts:\n  x: {{{body}}}\n")


def tables(table: Table, schema: dict[str, Any]) -> Iterator[tuple[Table, dict[str, Any]]]:
    yield table, schema
    for name, entry in table.keys.items():
        if isinstance(entry, Table):
            yield from tables(entry, schema["properties"][name])


def below(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else ():
        yield from below(one)


PROPERTIES = SCHEMA["properties"]
HOST_SCHEMA = PROPERTIES["hosts"]["additionalProperties"]


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("file", ["example.yml", "vagrant.yml"])
def test_the_inventories_that_are_shipped_fit(file: str) -> None:
    assert faults((ROOT / "inventories" / file).read_text()) == []


@pytest.mark.parametrize("top", [(HOST, HOST_SCHEMA), (DEFAULTS, PROPERTIES["defaults"])])
def test_every_key_of_the_table_is_in_the_schema_and_no_other(top: Any) -> None:
    for table, schema in tables(*top):
        assert list(schema["properties"]) == list(table.keys)
        assert schema["additionalProperties"] is False


def test_every_value_has_a_kind_and_a_description() -> None:
    for table, schema in tables(HOST, HOST_SCHEMA):
        for name, entry in table.keys.items():
            said = schema["properties"][name]
            assert {"type", "enum", "anyOf"} & said.keys(), name
            assert isinstance(entry, Table) or said["description"], name


def test_every_pattern_is_one_that_editors_understand() -> None:
    patterns = [schema["pattern"] for schema in below(SCHEMA) if "pattern" in schema]
    assert len(patterns) > 10
    for pattern in patterns:
        assert isinstance(pattern, str)
        assert not re.search(r"\(\?[^:!=<]|\(\?P|\\[AZz\"'-]", pattern), pattern


@pytest.mark.parametrize(
    "body",
    [
        "",
        "port: 22",
        "port: '22'",
        "profile: off",
        "profile: 'off'",
        "full: yes",
        "full: 'On'",
        "user: svc$",
        "node:",
        "auth: {mode: password}",
        "auth: {keep: keyring, command: pass show x}",
        "auth: {command: [head, -n, 1, x]}",
        "config: {gateway: {auth: {mode: token}}, x: [1, {y: null}]}",
        "host_key: 'SHA256:" + "a" * 43 + "='",
    ],
)
def test_a_right_host_fits(body: str) -> None:
    assert one_host(body) == []


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("profil: strict", "hosts.x"),
        ("token: hunter2", "hosts.x"),
        ("port: 0", "hosts.x.port"),
        ("port: 65536", "hosts.x.port"),
        ("port: ssh", "hosts.x.port"),
        ("gateway_port: 1023", "hosts.x.gateway_port"),
        ("full: 1", "hosts.x.full"),
        ("full: maybe", "hosts.x.full"),
        ("profile: loose", "hosts.x.profile"),
        ("product: moltbot", "hosts.x.product"),
        ("version: 22", "hosts.x.version"),
        ("identity: 2026", "hosts.x.identity"),
        ("user: '-oProxyCommand=id'", "hosts.x.user"),
        ("user: " + "a" * 33, "hosts.x.user"),
        ("journal_max: 200", "hosts.x.journal_max"),
        ("host_key: ssh-dss AAAA", "hosts.x.host_key"),
        ("auth: token", "hosts.x.auth"),
        ("auth: {mode: none}", "hosts.x.auth.mode"),
        ("auth: {keep: vault}", "hosts.x.auth.keep"),
        ("auth: {command: []}", "hosts.x.auth.command"),
        ("auth: {command: 7}", "hosts.x.auth.command"),
        ("node: {version: 22}", "hosts.x.node.version"),
        ("node: {urls: x}", "hosts.x.node"),
        ("config: [1]", "hosts.x.config"),
        ("config: {gateway: {auth: {token: hunter2}}}", "hosts.x.config.gateway.auth"),
    ],
)
def test_a_wrong_host_does_not_fit_and_the_place_is_told(body: str, place: str) -> None:
    assert one_host(body) == [place]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{}", ""),
        ("defaults: {}", ""),
        ("hosts: [a]", "hosts"),
        ("hosts: {'a b': }", "hosts"),
        ("host: {}\nhosts: {}", ""),
        ("hosts: {}\ndefaults: {address: 203.0.113.7}", "defaults"),
    ],
)
def test_a_wrong_inventory_does_not_fit(text: str, place: str) -> None:
    assert faults(text) == [place]


def test_an_empty_inventory_fits() -> None:
    assert faults("hosts:") == faults("hosts: {x: }\ndefaults:") == []


def cases() -> Iterator[Any]:
    """Inventories that have a single value of the wrong form, which the cases of parsing hold."""
    for path in sorted((ROOT / "tests/cases/inventory").glob("*.yml")):
        for case in yaml.safe_load(path.read_text()):
            told = " ".join(case["mistakes"])
            if re.search(r": unknown key|does not belong here|holds no secrets$", told):
                yield pytest.param(case["inventory"], id=case["title"])


@pytest.mark.parametrize("text", list(cases()))
def test_what_parsing_does_not_know_does_not_fit_either(text: str) -> None:
    assert faults(text)


def test_a_note_is_what_stands_beside_or_above_a_key() -> None:
    notes = parse_notes(
        "hosts:\n"
        "  x:\n"
        "    # About both:\n"
        "    # two lines.\n"
        "    port: 22   # of SSH\n"
        "    user: root\n"
        "    # Free.\n"
        "    config:\n"
        "      a:\n"
        "        b: '#'\n"
        "\n"
        "  # Another.\n"
        "  y: {user: a, full: true}   # some user\n"
        "  z:\n"
        "    user: b   # a user\n"
    )
    port, user, config = notes["port"], notes["user"], notes["config"]
    assert (port.heading, port.text, port.example) == ("About both: two lines.", "of SSH", "22")
    assert (config.heading, config.text, config.example) == ("", "Free.", "a:\n  b: '#'")
    assert (user.heading, user.text, user.example) == ("", "a user", "b")
    assert notes["full"] == Note("", "", "true"), "who knows what a comment on such a line is about"


def test_the_example_explains_nearly_every_key() -> None:
    notes = read_notes()
    assert set(HOST.keys) <= set(notes)
    assert all(notes[key].example for key in HOST.keys)
