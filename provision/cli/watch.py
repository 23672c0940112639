"""The verb for somebody who looks after a gateway when nobody is there."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from provision.app import watch as app
from provision.app.operator import Silence
from provision.cli.options import Options, find_host, find_inventory, host_options
from provision.cli.server import HOST, answer, asking, print_json, quiet_operator
from provision.errors import Exit, UsageError
from provision.inventory.values import DURATION
from provision.model.spec import Host
from provision.stacks.watch import Wish
from provision.ui.style import choose_style
from provision.ui.text import show_verdicts


@click.command()
@HOST
@click.option("--install", is_flag=True, help="Look again and again, by a timer.")
@click.option("--uninstall", is_flag=True, help="Remove that timer, and all that belongs to it.")
@click.option("--tell", is_flag=True, hidden=True, help="What the laptop's timer runs.")
@click.option("--on", "place", type=click.Choice(["server", "laptop"]), default="server")
@click.option("--every", metavar="TIME", default="15m", help="Such as 90s, 15m (default), 1h.")
@click.option("--notify", metavar="COMMAND", help="Gets each message on its standard input.")
@click.option("--yes", is_flag=True, help="Do not ask before the first change.")
@host_options
def watch(
    host: str,
    install: bool,
    uninstall: bool,
    tell: bool,
    place: str,
    every: str,
    notify: str | None,
    yes: bool,
    options: Options,
) -> int:
    """Look at HOST's gateway once; or again and again, with a message for what is new."""
    if install + uninstall + tell > 1:
        raise UsageError("--install, --uninstall and --tell exclude each other", hint="say one")
    spec = find_host(host, options)
    if tell:
        app.tell(spec, replace(quiet_operator(), progress=Silence()))
        return Exit.OK
    if not install and not uninstall:
        return _look(spec, options)
    here = place == "laptop"
    with asking(options, yes=yes) as operator:
        if uninstall:
            report = (app.uninstall_here if here else app.uninstall)(spec, operator)
        elif here:
            report = app.install_here(spec, operator, _wish(every, notify), _again(options))
        else:
            report = app.install(spec, operator, _wish(every, notify))
    code = answer(report, options)
    if not options.as_json:
        done = "removed" if uninstall else f"looks every {every}"
        click.echo(f"{spec.name}: {done if report.outcomes else 'nothing to change'}")
    return code


def _look(host: Host, options: Options) -> int:
    found = app.look_once(host, quiet_operator())
    if options.as_json:
        print_json({"host": host.name, "verdicts": [verdict.to_dict() for verdict in found]})
    elif found:
        click.echo(show_verdicts(found, choose_style(sys.stdout)), nl=False)
    else:
        click.echo(f"{host.name}: nothing that a watch would tell")
    return Exit.VERIFY if found else Exit.OK


def _wish(every: str, notify: str | None) -> Wish:
    if not notify or not notify.strip():
        raise UsageError(
            "nobody would hear of it: --notify COMMAND is missing",
            hint="--notify 'mail -s \"$CLAWPROV_SUBJECT\" ada@example.com'   (docs/watching.md)",
        )
    if "\0" in notify:
        raise UsageError("--notify holds a NUL", hint="leave it out")
    seconds = DURATION.parse(every)
    if not 60 <= seconds <= 7 * 86400:
        raise UsageError(f"--every {every} is too often, or too rarely", hint="from 1m to 7d")
    return Wish(seconds, notify.strip())


def _again(options: Options) -> list[str]:
    """The options that lead to the same host from anywhere."""

    def absolute(path: str | None) -> str | None:
        return path and str(Path(path).expanduser().absolute())

    inventory, identity = find_inventory(options), options.identity
    return replace(options, inventory=absolute(inventory), identity=absolute(identity)).words()
