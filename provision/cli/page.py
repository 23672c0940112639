"""The verb that opens the gateway's Control UI."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from provision.app import page
from provision.cli.options import Options, find_host, host_options
from provision.cli.server import HOST, quiet_operator
from provision.errors import Exit


@click.command("open")
@HOST
@click.option("--print", "only_print", is_flag=True, help="Only say what to do.")
@click.option("--no-copy", is_flag=True, help="Leave the clipboard alone.")
@host_options
def open_(host: str, only_print: bool, no_copy: bool, options: Options) -> int:
    """Open the Control UI of HOST's gateway in the browser, through the tunnel or over https."""
    spec, operator = find_host(host, options), quiet_operator()
    door = page.find_door(spec, operator)
    found = page.find_page(spec, door)
    copied = not (only_print or no_copy) and page.copy(page.find_secret(spec, operator, door))
    opened = not only_print and page.show(found.url)
    if options.as_json:
        done = {"opened": opened, "copied": copied}
        click.echo(json.dumps({"host": host, **asdict(found), **done}, indent=2))
        return Exit.OK
    click.echo(f"{'opened:' if opened else 'open:':<9} {found.url}")
    where = "from the clipboard" if copied else f"of: clawprov secret show {options.again(host)}"
    click.echo(f"if asked: paste the {spec.auth.kind} {where}")
    click.echo(f'{"":<9} into "{found.field}" and press Connect; the browser keeps what it gets')
    if found.waits:
        click.echo(f"once:     let this browser in: clawprov devices {options.again(host)}")
    return Exit.OK
