"""`clawprov down`: what `up` has made, taken away."""

from __future__ import annotations

from dataclasses import replace

import click

from provision.app.up import up
from provision.cli.options import Options, closing_options, find_host
from provision.cli.server import HOST, answer, asking
from provision.errors import UsageError


@click.command()
@HOST
@click.option("--access", "ways", is_flag=True, help="Close every way in but SSH.")
@click.option("--yes", is_flag=True, help="Do not ask before the first change.")
@closing_options
def down(host: str, ways: bool, yes: bool, options: Options) -> int:
    """Leave HOST's gateway to SSH alone, and the tailnet if clawprov has joined it.

    Tailscale stays installed; routes that others have made stay as they are.
    """
    if not ways:
        hint = f"clawprov down {host} --access   closes every way in but SSH"
        raise UsageError("say what is to go", hint=hint)
    spec = replace(find_host(host, options), access=(), tunnel=None)
    with asking(options, yes=yes) as operator:
        report = up(spec, operator, leave=True)
    return answer(report, options)
