"""The npm registry as it answers over HTTP, and as it does not."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from provision.errors import Exit, RegistryError, UnsupportedError
from provision.products.published import Published
from provision.transport.registry import ask_registry

SUM = f"sha512-{'A' * 86}=="
DOCUMENT = {"version": "2026.9.5", "dist": {"integrity": SUM}, "engines": {"node": ">=22"}}
INDEX = {"versions": {"0.0.1": {}, "2026.9.5": {}, "2026.9.6": {}}}
GOOD = {
    "/r/openclaw/2026.9.5": (200, json.dumps(DOCUMENT)),
    "/r/openclaw/latest": (200, json.dumps(DOCUMENT)),
    "/r/openclaw": (200, json.dumps(INDEX)),
}

Answers = dict[str, tuple[int, str]]


class Shop(ThreadingHTTPServer):
    """A registry with an answer for each path, 404 for all others; it remembers what was asked."""

    answers: Answers
    asked: list[str]


class _Clerk(BaseHTTPRequestHandler):
    server: Shop

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        code, text = self.server.answers.get(self.path, (404, '{"error": "not found"}'))
        self.send_response(code)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is written to the tests' output."""


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """The registry that this laptop's environment names."""
    server = Shop(("127.0.0.1", 0), _Clerk)
    server.answers, server.asked = dict(GOOD), []
    monkeypatch.delenv("NPM_CONFIG_REGISTRY", raising=False)
    monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{server.server_port}/r/")
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_without_a_word_in_the_environment_npm_itself_tells(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".npmrc").write_text(f"registry=http://127.0.0.1:{shop.server_port}/r/\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in [name for name in os.environ if name.lower().startswith("npm_config_")]:
        monkeypatch.delenv(name)
    assert ask_registry("openclaw", "latest").version == "2026.9.5"


@pytest.mark.parametrize("wish", ["2026.9.5", "latest"])
def test_a_version_and_a_tag_are_one_question(shop: Shop, wish: str) -> None:
    assert ask_registry("openclaw", wish) == Published("2026.9.5", SUM, ">=22")
    assert shop.asked == [f"/r/openclaw/{wish}"]


def test_a_version_that_is_not_there_is_told_with_those_that_are(shop: Shop) -> None:
    with pytest.raises(UnsupportedError, match=r"there is no openclaw 2026\.9\.7") as caught:
        ask_registry("openclaw", "2026.9.7")
    assert caught.value.hint == "use 2026.9.6, the nearest one"


def test_a_registry_that_has_nothing_of_the_kind_is_told(shop: Shop) -> None:
    shop.answers.clear()
    with pytest.raises(UnsupportedError, match="the npm registry has no package openclaw"):
        ask_registry("openclaw", "2026.9.5")


@pytest.mark.parametrize(
    ("code", "text", "why"),
    [
        (500, "", "500 Internal Server Error"),
        (401, "", "401 Unauthorized"),
        (200, "<html>log in to this network</html>", "Expecting value"),
        (200, "[1]", "it does not speak as one"),
        (200, "", "Expecting value"),
        (302, "", "302 Found"),
    ],
)
def test_what_is_no_answer_of_a_registry_is_told_as_such(
    shop: Shop, code: int, text: str, why: str
) -> None:
    shop.answers["/r/openclaw/2026.9.5"] = (code, text)
    with pytest.raises(RegistryError, match=why) as caught:
        ask_registry("openclaw", "2026.9.5")
    assert f"http://127.0.0.1:{shop.server_port}/r does not tell of" in caught.value.what
    assert (caught.value.exit, bool(caught.value.hint)) == (Exit.CONNECTION, True)


def test_a_registry_that_nobody_runs_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("npm_config_registry", "http://ann:hunter2@127.0.0.1:9")
    with pytest.raises(RegistryError, match="Connection refused") as caught:
        ask_registry("openclaw", "latest")
    assert "hunter2" not in caught.value.what
