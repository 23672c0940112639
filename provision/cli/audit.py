"""The verb that grades a server."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

import click

from provision import __version__
from provision.app import adopt as app_adopt
from provision.app import audit as app_audit
from provision.cli.options import Options, find_host, host_options
from provision.cli.server import HOST, answer, asking, demand_consent, print_json
from provision.errors import Exit, UsageError
from provision.model.audit import GRADES, Audit
from provision.model.spec import Host
from provision.ui.audit import show_adopted, show_audit, show_brief, show_page
from provision.ui.style import choose_style


@click.command()
@HOST
@click.option("--undo", is_flag=True, help="Give it back: theirs runs again, ours no more.")
@click.option("--yes", is_flag=True, help="Do not ask before the first change.")
@host_options
def adopt(host: str, undo: bool, yes: bool, options: Options) -> int:
    """Take over the gateway that somebody has set up on HOST, with its state."""
    spec = find_host(host, options)
    demand_consent(yes, options)
    with asking(options, yes=yes) as operator:
        if undo:
            report = app_adopt.give_back(spec, operator)
            if report.ok and not options.as_json:
                again = f"clawprov adopt {options.again(host)}"
                click.echo(f"given back, and it answers; again: {again}")
            return answer(report, options)
        wish, report = app_adopt.adopt(spec, operator, lambda found: _before(found, options))
    if report.ok and not options.as_json:
        click.echo(show_adopted(adopted(spec, wish, options).again(host)))
    return answer(report, options)


def adopted(spec: Host, wish: Host, options: Options) -> Options:
    """The options that mean the gateway that was found, and ours by now, where `spec` did not."""
    return replace(
        options,
        product=options.product if wish.product == spec.product else wish.product,
        auth=options.auth if wish.auth.kind == "token" else wish.auth.kind,
        existing=None,
    )


def _before(found: Audit, options: Options) -> None:
    """What was there, shown above the plan and the question."""
    if not options.as_json:
        click.echo(show_brief(found, choose_style(sys.stderr)), err=True, nl=False)


@click.command()
@HOST
@click.option("--fix", is_flag=True, help="Mend what harms nothing: modes of files.")
@click.option("--yes", is_flag=True, help="Do not ask before it is mended.")
@click.option(
    "--fail-under",
    type=click.Choice(GRADES),
    default="B",
    show_default=True,
    help=f"Exit with {Exit.VERIFY:d} when the grade is worse.",
)
@click.option("--html", type=click.Path(dir_okay=False), help="Write one page to keep or send.")
@host_options
def audit(
    host: str, fix: bool, yes: bool, fail_under: str, html: str | None, options: Options
) -> int:
    """Grade HOST from A to F, with evidence; it may be anybody's, not only clawprov's."""
    spec = find_host(host, options)
    if fix:
        demand_consent(yes, options)
    with asking(options, yes=yes) as operator:
        found = app_audit.audit(spec, operator, fix=fix)
    if html:
        write_page(html, found)
    if options.as_json:
        print_json(found.to_dict())
    else:
        click.echo(show_audit(found, choose_style(sys.stdout), verbose=options.verbose), nl=False)
    return code(found, fail_under)


def write_page(path: str, found: Audit) -> None:
    """The audit as a page in a file that only its owner can read."""
    text = show_page(found, __version__)
    try:
        with open(path, "w", encoding="utf-8", errors="replace", opener=_privately) as file:
            os.fchmod(file.fileno(), 0o600)  # of one that was there, too
            file.write(text)
    except OSError as error:
        raise UsageError(
            f"cannot write it: {(error.strerror or str(error)).lower()}",
            where=path,
            hint="name another file: --html FILE",
        ) from error


def _privately(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def code(found: Audit, fail_under: str) -> Exit:
    """The exit code of a grade."""
    good = GRADES.index(found.grade) <= [*GRADES].index(fail_under)  # type: ignore[arg-type]
    return Exit.OK if good else Exit.VERIFY
