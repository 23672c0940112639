"""The verbs that look whether a gateway is well: once, again and again, all of them."""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from provision.app import status as app_status
from provision.app import verify as app
from provision.cli.options import Options, find_host, host_options, list_hosts
from provision.cli.server import HOST, answer, print_json, quiet_operator
from provision.cli.watching import watch_it
from provision.errors import ConnectError, Exit, ProvisionError, UsageError
from provision.model.report import Report
from provision.model.spec import Host
from provision.ui.checkpoints import build_rows, show_table
from provision.ui.status import show_status
from provision.ui.style import choose_style
from provision.ui.text import show_plan


@click.command()
@HOST
@click.option("--junit", metavar="FILE", help="Write the checks as JUnit XML, too.")
@click.option("--watch", is_flag=True, help="Look again and again, until Ctrl-C.")
@click.option("--every", type=click.FloatRange(1, 3600), default=5, help="Seconds between looks.")
@host_options
def verify(host: str, junit: str | None, watch: bool, every: float, options: Options) -> int:
    """Check HOST and prove its gateway from here; nothing is changed."""
    spec = find_host(host, options)
    if watch and junit:
        raise UsageError("--junit is for one look", hint="leave out --watch, or --junit")
    if watch:
        return watch_it(spec, every, options)
    report = _verify(spec, Path(junit)) if junit else app.verify(spec, quiet_operator())
    if options.as_json:
        return answer(report, options)
    style = choose_style(sys.stdout)
    if options.verbose and report.plan.changes:
        click.echo(show_plan(report.plan, style, verbose=True), nl=False)
    table = show_table(report, style, width=columns(), verbose=options.verbose)
    click.echo(table, nl=False)
    return Exit.OK if report.ok else Exit.VERIFY


@click.command()
@click.argument("hosts", metavar="[HOST...]", nargs=-1)
@host_options
def status(hosts: tuple[str, ...], options: Options) -> int:
    """Tell how HOSTs are, all at once; without HOST, all of the inventory."""
    specs = [find_host(host, options) for host in hosts or list_hosts(options)]
    states = app_status.status(specs)
    if options.as_json:
        print_json({"hosts": [state.to_dict() for state in states]})
    else:
        looks = [(state.host, state.found) for state in states]
        style, width = choose_style(sys.stdout), columns()
        click.echo(show_status(looks, style, width=width, verbose=options.verbose), nl=False)
    ill = [state.found for state in states if not state.ok]
    away = all(isinstance(found, ConnectError) for found in ill)
    return Exit.OK if not ill else Exit.CONNECTION if away else Exit.VERIFY


def columns() -> int:
    """How wide a line may be, 0 where nobody cares."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 0


def _verify(host: Host, file: Path) -> Report:
    """A report that is written to `file`, too; so is why there is none."""
    from provision.ui.junit import show_junit, show_junit_error

    at = datetime.now(UTC).isoformat(timespec="seconds")
    _write(file, "")
    try:
        report = app.verify(host, quiet_operator())
    except ProvisionError as error:
        _write(file, show_junit_error(host.name, error, at=at))
        raise
    rows = build_rows(report)
    _write(file, show_junit(host.name, rows, seconds=report.seconds, at=at))
    return report


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UsageError(
            f"cannot write it: {why}", where=str(file), hint="name another file with --junit"
        ) from error
