"""`clawprov tunnel`: this laptop's way to a gateway."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import click

from provision.app import tunnel as use
from provision.cli.options import Options, find_host, host_options
from provision.cli.server import HOST, answer, asking
from provision.inventory.values import LOCAL_PORT
from provision.model.spec import TunnelSpec
from provision.ui.style import choose_style
from provision.ui.text import show_verdicts


@click.group()
def tunnel() -> None:
    """A way from this laptop to a gateway that is simply there, after sleep and reboots, too."""


@tunnel.command()
@HOST
@click.option("--local-port", metavar="N", help="Of this laptop; else the gateway's, if free.")
@click.option("--key", type=click.Choice(["ed25519", "rsa"]), help="Kind of key to make.")
@click.option("--key-file", metavar="FILE", help="Use this key, or the .pub of one in ssh-agent.")
@click.option("--new-key", is_flag=True, help="Make a new key in place of the old one.")
@click.option(
    "--client-config/--no-client-config",
    default=None,
    help="Lead the gateway's own CLI here through it (by default if there is one).",
)
@click.option("--yes", is_flag=True, help="Do not ask before the first change.")
@host_options
def up(
    host: str,
    local_port: str | None,
    key: str | None,
    key_file: str | None,
    new_key: bool,
    client_config: bool | None,
    yes: bool,
    options: Options,
) -> int:
    """Keep a tunnel from this laptop to HOST's gateway, and prove it."""
    spec = find_host(host, options)
    given: dict[str, Any] = {"port": local_port and LOCAL_PORT.parse(local_port), "key": key}
    given |= {"identity": key_file}
    wished = replace(spec.tunnel or TunnelSpec(), **{k: v for k, v in given.items() if v})
    with asking(options, yes=yes) as operator:
        report = use.tunnel_up(
            replace(spec, tunnel=wished), operator, anew=new_key, config=client_config
        )
    return answer(report, options)


@tunnel.command()
@HOST
@host_options
def status(host: str, options: Options) -> int:
    """Say how the tunnel to HOST is; only this laptop is asked, and the gateway through it."""
    spec = find_host(host, options)
    with asking(options, yes=True) as operator:
        report = use.tunnel_status(spec, operator)
    if not options.as_json:
        style = choose_style(sys.stdout)
        silent = tuple(v for v in report.verdicts if v.silent)
        click.echo(show_verdicts(silent, style), nl=False)
    return answer(report, options)


@tunnel.command()
@HOST
@click.option("--client", is_flag=True, help="Only what is on this laptop.")
@click.option("--yes", is_flag=True, help="Do not ask before the first change.")
@host_options
def down(host: str, client: bool, yes: bool, options: Options) -> int:
    """Remove the tunnel to HOST from this laptop, and its key from the server."""
    spec = find_host(host, options)
    with asking(options, yes=yes) as operator:
        report = use.tunnel_down(spec, operator, client=client)
    return answer(report, options)
