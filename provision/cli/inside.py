"""The verbs that reach into a gateway that is there."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

import click

from provision.app.secret import read_secret
from provision.app.shell import build_ssh
from provision.app.up import up
from provision.cli.options import Options, check_secret, find_host, host_options
from provision.cli.server import HOST, answer, at_terminal, quiet_operator
from provision.errors import Exit, UsageError
from provision.model.secret import Secret
from provision.model.spec import AuthSpec


@click.command("exec", context_settings={"ignore_unknown_options": True})
@HOST
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
@host_options
def exec_(host: str, words: tuple[str, ...], options: Options) -> int:
    """Run the gateway's own command line on HOST: clawprov exec HOST -- channels login."""
    command = build_ssh(find_host(host, options), words, terminal=at_terminal())
    sys.stdout.flush()
    try:
        os.execvp(command[0], command)  # noqa: S606 - a list, and meant to take our place
    except FileNotFoundError as error:
        hint = f"clawprov up {host}, or install openssh-client for a server far away"
        raise UsageError(f"there is no command {command[0]} here", hint=hint) from error


@click.group()
def secret() -> None:
    """Show or change the secret that clients need."""


@secret.command()
@HOST
@click.option("--yes", is_flag=True, help="Do not ask before it is shown.")
@host_options
def show(host: str, yes: bool, options: Options) -> int:
    """Print the secret that HOST's gateway has, on standard output."""
    spec = find_host(host, options)
    _ask(yes, f"show the {spec.auth.kind} of {spec.name} here?")
    click.echo(read_secret(spec, quiet_operator()).value)
    return Exit.OK


@secret.command("set")
@HOST
@click.option("--yes", is_flag=True, help="Do not ask before it is changed.")
@host_options
def set_(host: str, yes: bool, options: Options) -> int:
    """Give HOST's gateway the secret on standard input, restart it, and prove it."""
    spec = find_host(host, options)
    if at_terminal():
        value = click.prompt(f"new {spec.auth.kind}", hide_input=True, confirmation_prompt=True)
    else:
        value = sys.stdin.readline().rstrip("\n")
    check_secret(value, "the new secret")
    _ask(yes, f"every client of {spec.name} will need the new {spec.auth.kind}; go on?")
    wished = replace(spec, auth=AuthSpec(spec.auth.mode, Secret(value)))
    return answer(up(wished, quiet_operator()), options)


def _ask(yes: bool, question: str) -> None:
    if yes:
        return
    if not at_terminal():
        raise UsageError("this needs your consent", hint="add --yes")
    click.confirm(question, abort=True, err=True)
