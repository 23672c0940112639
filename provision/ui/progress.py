"""How far it is: a live line on a terminal, a line per step elsewhere."""

from __future__ import annotations

import shutil
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import TextIO

from provision.model.plan import Plan
from provision.ui.code import draw_code
from provision.ui.style import Style, clean

TICK_S = 0.1
WIDTH = 60
QUIET_S = 20
"""Elsewhere than on a terminal, a step that takes long says so this often."""
_SPIN = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class Steps:
    """Steps with their times, written to `stream` as they begin, go on and end."""

    def __init__(self, stream: TextIO, style: Style) -> None:
        self._stream, self._style, self._live = stream, style, stream.isatty()
        self._lock, self._stop = Lock(), Event()
        self._name = self._why = self._detail = ""
        self._began = self._told = 0.0
        self._numbers: dict[str, str] = {}
        self._frame = 0
        self._asking = False
        self._thread: Thread | None = None

    def plan(self, plan: Plan) -> None:
        """The next steps are those of this plan, and are numbered."""
        names = [change.resource for change in plan.changes]
        self._numbers = {name: f"{n}/{len(names)} " for n, name in enumerate(names, 1)}

    def step(self, name: str, why: str = "") -> None:
        with self._lock:
            self._name = f"{self._numbers.get(name, ''):>6}{name}"
            self._why, self._detail = why, ""
            self._began = self._told = time.monotonic()
        if self._live and self._thread is None:
            self._thread = Thread(target=self._tick, daemon=True)
            self._thread.start()

    def detail(self, line: str) -> None:
        with self._lock:
            self._detail = line = clean(line)
            now = time.monotonic()
            if not self._live and now - self._told >= QUIET_S:
                self._told = now
                self._write(f"  … {self._name}  {line}\n")

    def ask(self, words: str, url: str) -> None:
        """The words and the URL stay on the screen; on a terminal with room a QR code, too."""
        with self._lock:
            room, encoding = shutil.get_terminal_size(), self._stream.encoding or "utf-8"
            code = draw_code(url, self._style, room, encoding) if self._live else ""
            words = self._style("bold", clean(words))
            self._write(f"{self._clear()}{words}\n  {clean(url)}\n{code}")

    def done(self, exit: int) -> None:
        with self._lock:
            if not self._name:
                return
            seconds = time.monotonic() - self._began
            mark = self._style("red", "✗") if exit else self._style("green", "✓")
            why = self._style("dim", self._why)
            line = f"{mark} {self._name:<{WIDTH}} {seconds:5.1f} s  {why}".rstrip()
            self._write(f"{self._clear()}{line}\n")
            self._name = ""

    @contextmanager
    def asking(self) -> Iterator[None]:
        """While a question stands on the terminal, nothing is drawn over it."""
        with self._lock:
            self._write(self._clear())
            self._asking = True
        try:
            yield
        finally:
            with self._lock:
                self._asking = False

    def close(self) -> None:
        """No more steps; the live line goes away."""
        self._stop.set()
        if self._thread:
            self._thread.join()
        with self._lock:
            self._write(self._clear())

    def _tick(self) -> None:
        while not self._stop.wait(TICK_S):
            with self._lock:
                if self._name and not self._asking:
                    self._draw()

    def _draw(self) -> None:
        self._frame += 1
        seconds = time.monotonic() - self._began
        spin = self._style("yellow", _SPIN[self._frame % len(_SPIN)])
        text = f"{self._name:<{WIDTH}} {seconds:5.1f} s  {self._detail or self._why}"
        room = shutil.get_terminal_size().columns - 3
        self._write(f"{self._clear()}{spin} {_fit(text, room)}")

    def _clear(self) -> str:
        return "\r\x1b[K" if self._live else ""

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _fit(text: str, columns: int) -> str:
    """As much of `text` as fits into so many columns."""
    shown, used = [], 0
    for character in text:
        used += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if used > columns:
            break
        shown.append(character)
    return "".join(shown)
