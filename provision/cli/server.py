"""The verbs that make and show a gateway."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import click

from provision.app import look
from provision.app import up as app_up
from provision.app.operator import Operator
from provision.cli.options import Options, find_host, host_options
from provision.engine.gather import Seen
from provision.errors import Exit, UsageError
from provision.model.report import Report
from provision.model.secret import Secret
from provision.model.spec import TunnelSpec
from provision.ui.progress import Steps
from provision.ui.style import choose_style
from provision.ui.text import show_plan, show_report, show_verdicts, show_ways

HOST = click.argument("host", metavar="HOST")


@click.command()
@HOST
@click.option("--tunnel", is_flag=True, help="Keep a tunnel from this laptop, too.")
@click.option("--yes", is_flag=True, help="Do not ask before the first change.")
@host_options
def up(host: str, tunnel: bool, yes: bool, options: Options) -> int:
    """Make HOST a running, proved gateway; run again, it changes nothing."""
    spec = find_host(host, options)
    if tunnel and spec.tunnel is None:
        spec = replace(spec, tunnel=TunnelSpec())
    with asking(options, yes=yes) as operator:
        report = app_up.up(spec, operator)
    code = answer(report, options)
    if report.ok and report.outcomes and not options.as_json:
        path = report.proof.path if report.proof else ""
        click.echo(show_ways(spec, options.again(host), path), nl=False)
    return code


@click.command()
@HOST
@click.option("--script", is_flag=True, help="Print the script that up would run as root.")
@click.option("--exit-code", is_flag=True, help=f"Exit with {Exit.CHANGES:d} on changes.")
@host_options
def plan(host: str, script: bool, exit_code: bool, options: Options) -> int:
    """Show what `up` would change on HOST; nothing is changed."""
    operator = quiet_operator()
    seen = look.plan(find_host(host, options), operator)
    if script:
        click.echo(str(look.build_script(seen, operator)), nl=False)
    elif options.as_json:
        verdicts = (*seen.preflight, *(v for v in seen.verdicts if v.note))
        print_json(Report(seen.plan.target, seen.plan, verdicts=verdicts).to_dict())
    else:
        style = choose_style(sys.stdout)
        refused = tuple(v for v in seen.preflight if not v.ok)
        click.echo(show_plan(seen.plan, style, verbose=options.verbose), nl=False)
        click.echo(show_verdicts((*refused, *seen.notes), style), nl=False)
    return Exit.CHANGES if exit_code and seen.plan.changes else Exit.OK


@click.command()
@HOST
@click.argument("file", required=False, default="")
@host_options
def render(host: str, file: str, options: Options) -> int:
    """Print the files that `up` would write on HOST, or FILE alone; secrets are masked."""
    files = look.render_files(find_host(host, options), file)
    if options.as_json:
        print_json({"host": host, "files": files})
        return Exit.OK
    for path, text in files.items():
        click.echo(text if file else f"# {path}\n{text}", nl=not file)
    return Exit.OK


def answer(report: Report, options: Options) -> int:
    if options.as_json:
        print_json(report.to_dict())
    else:
        click.echo(show_report(report, choose_style(sys.stdout)), nl=False)
    return Exit.OK if report.ok else Exit.VERIFY


def print_json(document: dict[str, object]) -> None:
    """A document on stdout; half a character that a server has told is a question mark."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    click.echo(text.encode(errors="replace").decode())


def at_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def demand_consent(yes: bool, options: Options) -> None:
    """Raise UsageError where nobody has said yes, and nobody can be asked."""
    if not yes and (options.as_json or not at_terminal()):
        raise UsageError("this needs your consent", hint="add --yes")


@contextmanager
def asking(options: Options, *, yes: bool, usual: bool = True) -> Iterator[Operator]:
    """An operator who sees the plan and is asked, unless `yes` or nobody is there.

    `usual` is what the Enter key alone says.
    """
    steps = Steps(sys.stderr, choose_style(sys.stderr))

    def confirm(seen: Seen) -> None:
        if yes or options.as_json or not seen.plan.changes or not at_terminal():
            return
        style = choose_style(sys.stderr)
        click.echo(show_plan(seen.plan, style, verbose=options.verbose), err=True, nl=False)
        click.echo(show_verdicts(seen.notes, style), err=True, nl=False)
        click.confirm(f"go on with {seen.plan.target}?", abort=True, default=usual, err=True)

    try:
        yield build_operator(steps, confirm)
    finally:
        steps.close()


def quiet_operator() -> Operator:
    """An operator for verbs that only look; nobody confirms what changes nothing."""
    return build_operator(Steps(sys.stderr, choose_style(sys.stderr)), lambda seen: None)


def build_operator(steps: Steps, confirm: Callable[[Seen], None]) -> Operator:
    """Whoever sits at this terminal; while they are asked, no step is drawn."""

    def trust(host: str, kind: str, fingerprint: str) -> bool:
        with steps.asking():
            return _trust(host, kind, fingerprint)

    def password(host: str) -> Secret | None:
        with steps.asking():
            return _password(host)

    return Operator(trust, confirm, steps, password)


def _password(host: str) -> Secret | None:
    """Ask for the password that sudo wants on a host."""
    if not at_terminal():
        return None
    return Secret(click.prompt(f"sudo's password on {host}", hide_input=True, err=True))


def _trust(host: str, kind: str, fingerprint: str) -> bool:
    """Ask whether a host key that nobody has seen before is the server's."""
    if not at_terminal():
        return False
    click.echo(f"{host} shows a {kind} key for the first time:\n  {fingerprint}", err=True)
    click.echo("compare it with what your provider's console shows", err=True)
    return click.confirm("is this your server?", default=False, err=True)
