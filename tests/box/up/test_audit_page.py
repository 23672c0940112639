"""The page of an audit in a real browser: on a phone, in the dark, on paper, with nobody else."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser, browser

from provision.model.audit import Audit
from provision.model.finding import Finding
from provision.ui.audit import show_page

LONG = "/home/ada/" + "a-folder-without-an-end/" * 20
NASTY = "<script>document.title = 'taken'</script><img src=http://192.0.2.1/x onerror=alert(1)>"
PAGE = Audit(
    "box",
    "2026-11-23 08:08 UTC",
    (
        Finding("audit:modes", "critical", NASTY, NASTY, NASTY, (LONG, NASTY)),
        Finding("audit:rights", "serious", "runs as root", "why", "clawprov adopt box"),
        Finding("audit:updates", "minor", "no updates"),
    ),
    asked=("audit:history",),
    unknown=("audit:own",),
)
SEEN = """
const size = (one) => one.getBoundingClientRect();
const shade = (text) => text.match(/\\d+/g).slice(0, 3).reduce((sum, n) => sum + Number(n), 0);
return {
  wide: document.documentElement.scrollWidth,
  cut: [...document.querySelectorAll("body *")]
    .filter((one) => size(one).right > innerWidth).length,
  loaded: performance.getEntriesByType("resource").length,
  paper: shade(getComputedStyle(document.body).backgroundColor),
  ink: shade(getComputedStyle(document.body).color),
  scripts: document.scripts.length, title: document.title, text: document.body.innerText,
};
"""


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Browser]:
    """The page on a phone of 360 pixels."""
    (tmp_path / "page.html").write_text(show_page(PAGE, "1.0"), encoding="utf-8")
    with browser(tmp_path / "profile") as one:
        screen = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
        one.ask("goog/cdp/execute", cmd="Emulation.setDeviceMetricsOverride", params=screen)
        one.open(f"file://{tmp_path}/page.html")
        yield one
        one.end()


def test_a_phone_shows_all_of_it_without_scrolling_sideways(page: Browser) -> None:
    seen = page.run(SEEN)
    assert (seen["wide"], seen["cut"]) == (360, 0)
    for words in ("box", "1 critical, 1 serious, 1 minor", "runs as root", "no updates", LONG[:60]):
        assert words in seen["text"]


def test_what_a_server_says_is_text_and_nothing_is_loaded(page: Browser) -> None:
    seen = page.run(SEEN)
    assert (seen["scripts"], seen["loaded"], seen["title"]) == (0, 0, "box: grade F")
    assert NASTY in seen["text"]


@pytest.mark.parametrize(("scheme", "darker"), [("light", "ink"), ("dark", "paper")])
def test_it_is_light_or_dark_as_its_reader_likes(page: Browser, scheme: str, darker: str) -> None:
    wish = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    page.ask("goog/cdp/execute", cmd="Emulation.setEmulatedMedia", params=wish)
    seen = page.run(SEEN)
    other = {"ink": "paper", "paper": "ink"}[darker]
    assert seen[other] - seen[darker] > 450


def test_it_goes_on_paper(page: Browser) -> None:
    printed = page.ask("goog/cdp/execute", cmd="Page.printToPDF", params={})
    assert b64decode(printed["data"]).startswith(b"%PDF")
