"""The verb for the clients of a gateway: listed, let in, shut out."""

from __future__ import annotations

import json
import sys
import time

import click

from provision.app import devices as app
from provision.cli.inside import ask
from provision.cli.options import Options, find_host, host_options
from provision.cli.server import HOST, quiet_operator
from provision.errors import Exit
from provision.protocol.pairing import Paired, Request
from provision.ui.devices import show_client, show_devices, show_rights
from provision.ui.style import choose_style


class Listing(click.Group):
    """A group in which a first word that is no verb is the HOST of `list`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        known = (*self.commands, *ctx.help_option_names)
        return super().parse_args(ctx, args if not args or args[0] in known else ["list", *args])


@click.group(cls=Listing, subcommand_metavar="[list|approve|revoke] HOST [ID]")
def devices() -> None:
    """List, let in or shut out the devices that are paired with a gateway."""


@devices.command("list")
@HOST
@host_options
def list_(host: str, options: Options) -> int:
    """Show who is paired with HOST's gateway and who asks to be."""
    found = app.list_devices(find_host(host, options), quiet_operator())
    if options.as_json:
        _answer(
            host,
            asking=[request.to_dict() for request in found.requests],
            paired=[
                one.to_dict() | {"ours": found.ours.get(one.client.device, "")}
                for one in found.paired
            ],
        )
        return Exit.OK
    style = choose_style(sys.stdout)
    text = show_devices(found.requests, found.paired, found.ours, style, now=time.time())
    click.echo(text, nl=False)
    if found.requests:
        click.echo(f"let one in:  clawprov devices approve {options.again(host)} ID")
    return Exit.OK


@devices.command()
@HOST
@click.argument("id")
@click.option("--yes", is_flag=True, help="Do not ask before it is let in.")
@host_options
def approve(host: str, id: str, yes: bool, options: Options) -> int:
    """Let in the device whose request on HOST has this ID (its first characters do)."""

    def confirm(request: Request) -> None:
        client = request.client
        ask(yes, options, f"let in {show_client(client)} as {show_rights(client)}?")

    request = app.approve(find_host(host, options), quiet_operator(), id, confirm)
    if options.as_json:
        _answer(host, approved=request.to_dict())
    else:
        click.echo(f"paired: {show_client(request.client)}")
    return Exit.OK


@devices.command()
@HOST
@click.argument("id")
@click.option("--yes", is_flag=True, help="Do not ask before it is shut out.")
@host_options
def revoke(host: str, id: str, yes: bool, options: Options) -> int:
    """Turn away a request, or take from a paired device what lets it in without the secret."""

    def confirm(one: Request | Paired) -> None:
        ask(yes, options, f"shut out {show_client(one.client)}?")

    one = app.revoke(find_host(host, options), quiet_operator(), id, confirm)
    if options.as_json:
        _answer(host, revoked=one.to_dict())
        return Exit.OK
    click.echo(f"shut out: {show_client(one.client)}")
    if isinstance(one, Paired):
        change = f"clawprov secret set {options.again(host)}"
        click.echo(f"if it knows the secret, change that too:  {change}")
    return Exit.OK


def _answer(host: str, **members: object) -> None:
    click.echo(json.dumps({"host": host, **members}, indent=2, ensure_ascii=False))
