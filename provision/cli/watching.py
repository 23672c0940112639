"""`verify --watch`: drawn anew on a terminal, told by its changes elsewhere."""

from __future__ import annotations

import json
import shutil
import sys
from contextlib import closing
from dataclasses import replace
from datetime import datetime

import click

from provision.app.operator import Silence
from provision.app.verify import keep_verifying
from provision.cli.options import Options
from provision.cli.server import quiet_operator
from provision.errors import ConnectError, Exit
from provision.model.report import Report
from provision.model.spec import Host
from provision.ui.checkpoints import Row, build_rows, show_changes, show_table
from provision.ui.style import choose_style, clean

CLEAR, HOME, REST, LINE = "\x1b[2J", "\x1b[H", "\x1b[J", "\x1b[K"


def watch_it(host: Host, every: float, options: Options) -> int:
    """Look again and again; the code is that of the last look when Ctrl-C ends it."""
    screen = Screen(every, options)
    operator = replace(quiet_operator(), progress=Silence())
    try:
        with closing(keep_verifying(host, operator, every)) as looks:
            for look in looks:
                screen.show(host.name, look)
    except KeyboardInterrupt:
        screen.leave()
    return screen.code


class Screen:
    """Where the looks are shown, and what was shown last."""

    def __init__(self, every: float, options: Options) -> None:
        self._every, self._options, self._style = every, options, choose_style(sys.stdout)
        self._live = sys.stdout.isatty() and not options.as_json
        self._rows: tuple[Row, ...] | None = None
        self.code = Exit.OK

    def show(self, name: str, look: Report | ConnectError) -> None:
        if isinstance(look, Report):
            self.code = Exit.OK if look.ok else Exit.VERIFY
        else:
            self.code = look.exit
        if self._options.as_json:
            click.echo(json.dumps(_document(name, look), ensure_ascii=False))
        elif self._live:
            self._draw(name, look)
        else:
            self._tell(look)

    def leave(self) -> None:
        if self._live:
            click.echo()

    def _draw(self, name: str, look: Report | ConnectError) -> None:
        size = shutil.get_terminal_size()
        if isinstance(look, Report):
            text = show_table(look, self._style, width=size.columns, verbose=self._options.verbose)
        else:
            text = f"{name}\n{self._style('red', '✗')} connect  {clean(look.what)}\n"
        *lines, last = text.splitlines()
        lines = [*lines[: size.lines - 3], last]
        foot = f"{datetime.now():%H:%M:%S}, every {self._every:g} s; ctrl-c ends it"
        start = HOME if self._rows is not None else CLEAR + HOME
        self._rows = ()
        drawn = "".join(f"{line}{LINE}\n" for line in lines) + self._style("dim", foot)
        click.echo(f"{start}{drawn}{LINE}{REST}", nl=False)

    def _tell(self, look: Report | ConnectError) -> None:
        if isinstance(look, ConnectError):
            now = (*(self._rows or ()), Row("connect", "ill", look.what))
        else:
            now = build_rows(look)
        for line in show_changes(self._rows, now, self._style):
            click.echo(f"{datetime.now():%H:%M:%S} {line}")
        sys.stdout.flush()
        self._rows = now


def _document(name: str, look: Report | ConnectError) -> dict[str, object]:
    if isinstance(look, Report):
        return look.to_dict()
    error = {"what": look.what, "where": look.where, "hint": look.hint}
    return {"host": name, "errors": [error], "exit": int(look.exit)}
