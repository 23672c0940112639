"""`clawprov funnel`: a gateway for the whole internet, for a while."""

from __future__ import annotations

import sys

import click

from provision.app import funnel as use
from provision.cli.options import Options, find_host, host_options
from provision.cli.server import HOST, answer, asking, quiet_operator
from provision.inventory.values import DURATION
from provision.model.funnel import PORTS
from provision.ui.style import choose_style
from provision.ui.text import show_verdicts


@click.group()
def funnel() -> None:
    """Open a gateway to the whole internet by Tailscale Funnel, and close it again."""


@funnel.command()
@HOST
@click.option("--for", "span", metavar="2h", help="Closed again after this, by the server itself.")
@click.option("--port", type=click.Choice([*map(str, PORTS)]), help="Public port.")
@click.option("--yes", is_flag=True, help="Do not ask before it is opened.")
@host_options
def on(host: str, span: str | None, port: str | None, yes: bool, options: Options) -> int:
    """Let the whole internet get to HOST's gateway, which asks for its password."""
    seconds = DURATION.parse(span) if span else 0
    spec = find_host(host, options)
    with asking(options, yes=yes) as operator:
        report = use.funnel_on(spec, operator, seconds=seconds, port=int(port or 0))
    return answer(report, options)


@funnel.command()
@HOST
@click.option("--yes", is_flag=True, help="Do not ask before it is closed.")
@host_options
def off(host: str, yes: bool, options: Options) -> int:
    """Close HOST's gateway to the internet; the tailnet still gets there."""
    spec = find_host(host, options)
    with asking(options, yes=yes) as operator:
        report = use.funnel_off(spec, operator)
    return answer(report, options)


@funnel.command()
@HOST
@host_options
def status(host: str, options: Options) -> int:
    """Say whether HOST's gateway is open to the internet, and until when."""
    report = use.funnel_status(find_host(host, options), quiet_operator())
    if not options.as_json:
        silent = tuple(v for v in report.verdicts if v.silent)
        click.echo(show_verdicts(silent, choose_style(sys.stdout)), nl=False)
    return answer(report, options)
