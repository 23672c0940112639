"""What is masked in files that anybody may have written."""

from __future__ import annotations

import json

import pytest

from provision.model.secret import hide


@pytest.mark.parametrize(
    ("config", "secret"),
    [
        ({"botToken": "hunter2"}, "hunter2"),
        ({"api-key": "hunter2"}, "hunter2"),
        ({"headers": {"X-Any": "hunter2"}}, "hunter2"),
        ({"mcp": {"args": ["-y", "--api-key", "hunter2", "stdio"]}}, "hunter2"),
        ({"mcp": {"args": ["--token=hunter2"]}}, "hunter2"),
        ({"url": "https://ada:hunter2@db.example/x"}, "hunter2"),
        ({"hooks": {"secrets": ["a", {"b": "hunter2"}]}}, "hunter2"),
    ],
)
def test_no_secret_of_a_configuration_is_shown(config: object, secret: str) -> None:
    shown = hide(json.dumps(config))
    assert secret not in shown
    assert "***" in shown


def test_what_is_no_secret_is_shown() -> None:
    config = {
        "args": ["-y", "stdio", "--port", "80"],
        "url": "https://db.example:8443/a@b",
        "model": "anthropic/claude",
        "ref": {"source": "file", "provider": "systemd", "id": "value"},
        "on": True,
    }
    assert json.loads(hide(json.dumps(config))) == config


@pytest.mark.parametrize(
    "line",
    [
        "node /x/dist/index.js gateway --token hunter2 --port 18789",
        "ExecStart=/x gateway --password 'hunter2 is long' --port 18789",
        'openclaw onboard --anthropic-api-key "hunter2"',
        "Authorization: Bearer hunter2hunter2",
    ],
)
def test_a_secret_among_the_words_of_a_command_is_not_shown(line: str) -> None:
    assert "hunter2" not in hide(line)
    assert "***" in hide(line)


def test_the_next_argument_is_no_secret() -> None:
    for line in ("x --auth token --port 1", "x --token --port 1", "x --token-file /a --port 1"):
        assert hide(line) == line
