"""The verb that names what is wrong, why, and what to type."""

from __future__ import annotations

import sys
from dataclasses import replace

import click

from provision.app import doctor as app
from provision.cli.options import Options, find_host, host_options
from provision.cli.server import HOST, asking, demand_consent, print_json
from provision.errors import Exit
from provision.ui.findings import show_findings
from provision.ui.style import choose_style


@click.command()
@HOST
@click.option("--fix", is_flag=True, help="Mend what can be mended without harm, and look again.")
@click.option("--yes", is_flag=True, help="Do not ask before it is mended.")
@host_options
def doctor(host: str, fix: bool, yes: bool, options: Options) -> int:
    """Name what is wrong with HOST's gateway, the most severe first; anybody's, not only ours."""
    spec = find_host(host, options)
    if fix:
        demand_consent(yes, options)
    with asking(options, yes=yes) as operator:
        found = app.doctor(spec, operator, fix=fix)
    if options.as_json:
        print_json(found.to_dict())
    else:
        style = choose_style(sys.stdout)
        mended = [style("green", f"✓ fixed {one.resource}") for one in found.outcomes]
        click.echo("".join(f"{line}\n" for line in mended), nl=False)
        told = found.findings
        if not options.verbose:
            told = tuple(replace(finding, evidence=()) for finding in told)
        click.echo(show_findings(told, style, verbose=options.verbose), nl=False)
        if not told:
            well = f"{found.host}: nothing found ({found.product}, {len(found.asked)} rules)"
            click.echo(f"{style('green', '✓')} {well}")
    return Exit.VERIFY if found.findings else Exit.OK
