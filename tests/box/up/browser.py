"""A real Chromium without a screen, driven as WebDriver says (w3.org/TR/webdriver2)."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
FIND = """
const found = [], look = (node) => {
  for (const one of node.querySelectorAll("*")) {
    if (one.matches(arguments[0])) found.push(one);
    if (one.shadowRoot) look(one.shadowRoot);
  }
};
look(document);
"""
TEXT = FIND + "return [document.body.innerText, ...found.map((one) => one.innerText)].join('\\n');"
FOCUS = FIND + (
    "const one = found.find((one) => one.offsetParent && "
    "(one.closest('label') ?? one).innerText.includes(arguments[1]));"
    "if (!one) return false; one.focus(); one.click(); return true;"
)


@dataclass(frozen=True, slots=True)
class Browser:
    """One window of a browser whose profile is in a folder of its own."""

    driver: str
    profile: Path

    def ask(self, path: str, **body: Any) -> Any:
        request = urllib.request.Request(
            f"{self.driver}/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def open(self, url: str) -> None:
        self.ask("url", url=url)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.ask("execute/sync", script=script, args=list(arguments))

    def text(self) -> str:
        """All that can be read on the page."""
        return str(self.run(TEXT, "main, section, dialog"))

    def press(self, selector: str, label: str = "") -> bool:
        """Whether there is such an element, with that label; it is clicked and has the focus."""
        return bool(self.run(FOCUS, selector, label))

    def paste(self, text: str) -> None:
        """A text comes to where the focus is, as from the clipboard."""
        self.ask("goog/cdp/execute", cmd="Input.insertText", params={"text": text})

    def wait(self, words: str, *, seconds: float = 30) -> None:
        """Until the page says some words."""
        deadline = time.monotonic() + seconds
        while words not in self.text():
            assert time.monotonic() < deadline, f"no {words!r} in: {self.text()[:3000]}"
            time.sleep(0.2)

    def end(self) -> None:
        """It closes, and has written all that it writes."""
        request = urllib.request.Request(self.driver, method="DELETE")
        urllib.request.urlopen(request, timeout=60).close()

    def has_written(self, text: str) -> list[str]:
        """The files of the profile, but for where pages keep their own things, with a text."""
        raw = text.encode()
        found = [path for path in self.profile.rglob("*") if path.is_file()]
        own = ("Local Storage", "Session Storage", "IndexedDB", "Service Worker")
        return [str(p) for p in found if raw in p.read_bytes() and not {*own} & {*p.parts}]


@contextmanager
def browser(profile: Path, *flags: str, home: Path | None = None) -> Iterator[Browser]:
    """A browser that is gone after the block; in a `home` it finds whom else it may trust."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = shutil.which("chromedriver")
    assert program, "chromedriver is not installed"
    env = os.environ | ({"HOME": str(home)} if home else {})
    argv = [program, f"--port={port}"]
    with subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL) as process:
        try:
            yield _begin(f"http://127.0.0.1:{port}", profile, flags)
        finally:
            process.terminate()


def _begin(driver: str, profile: Path, more: tuple[str, ...]) -> Browser:
    flags = [*FLAGS, f"--user-data-dir={profile}", *more]
    wish = {"goog:chromeOptions": {"args": flags}, "browserName": "chrome"}
    for _ in range(100):
        try:
            made = Browser(driver, profile).ask("session", capabilities={"alwaysMatch": wish})
        except urllib.error.URLError:
            time.sleep(0.1)
            continue
        return Browser(f"{driver}/session/{made['sessionId']}", profile)
    raise AssertionError("chromedriver does not start")
