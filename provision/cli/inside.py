"""The verbs that reach into a gateway that is there."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

import click

from provision.app.secret import keep_secret, read_secret
from provision.app.shell import find_shell
from provision.app.up import up
from provision.cli.options import Options, find_host, host_options
from provision.cli.server import (
    HOST,
    answer,
    asking,
    at_terminal,
    demand_consent,
    print_json,
    quiet_operator,
)
from provision.errors import Exit, UsageError
from provision.model.secret import Secret
from provision.secrets.form import check_secret


@click.command("exec", context_settings={"allow_interspersed_args": False})
@HOST
@click.argument("words", metavar="[--] WORDS...", nargs=-1, type=click.UNPROCESSED)
@host_options
def exec_(host: str, words: tuple[str, ...], options: Options) -> int:
    """Run the gateway's own command line on HOST: clawprov exec HOST channels login.

    All that follows HOST is the gateway's, its options too; the options below stand before HOST.
    """
    words = _find_words(host, words)
    spec, operator = find_host(host, options), quiet_operator()
    command = find_shell(spec, words, operator, terminal=at_terminal())
    sys.stdout.flush()
    try:
        os.execvp(command[0], command)  # noqa: S606 - a list, and meant to take our place
    except FileNotFoundError as error:
        hint = f"clawprov up {host}, or install openssh-client for a server far away"
        raise UsageError(f"there is no command {command[0]} here", hint=hint) from error


def _find_words(host: str, given: tuple[str, ...]) -> tuple[str, ...]:
    """What the gateway's CLI is told; raises UsageError for an option that is surely ours."""
    if given[:1] == ("--",):
        return given[1:]
    for word in given[: given.index("--") if "--" in given else None]:
        if word in ("-I", "--inventory") or word.startswith("--inventory="):
            raise UsageError(
                f"{word} stands after {host}, where all is the gateway's",
                hint=f"clawprov exec {word.partition('=')[0]} FILE {host} ..., "
                f"or, if the gateway is to have it: clawprov exec {host} -- ...",
            )
    return given


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
    ask(yes, options, f"show the {spec.auth.kind} of {spec.name} here?")
    found = read_secret(spec, quiet_operator())
    if options.as_json:
        print_json({"host": spec.name, "kind": spec.auth.kind, "secret": found.value})
    else:
        click.echo(found.value)
    keep_secret(spec, found)
    return Exit.OK


@secret.command("set")
@HOST
@click.option("--yes", is_flag=True, help="Do not ask before it is changed.")
@host_options
def set_(host: str, yes: bool, options: Options) -> int:
    """Give HOST's gateway the secret on standard input, restart it, and prove it."""
    spec = find_host(host, options)
    if spec.auth.command:
        raise UsageError(
            f"the {spec.auth.kind} of {spec.name} comes from the command {spec.auth.command[0]}",
            hint=f"change it there, then: clawprov up {host}",
        )
    demand_consent(yes, options)
    if at_terminal():
        value = click.prompt(f"new {spec.auth.kind}", hide_input=True, confirmation_prompt=True)
    else:
        value = sys.stdin.readline().rstrip("\n")
    check_secret(value, "the new secret")
    click.echo(f"every client of {spec.name} will need the new {spec.auth.kind}", err=True)
    wished = replace(spec, auth=replace(spec.auth, secret=Secret(value)))
    with asking(options, yes=yes, usual=False) as operator:
        return answer(up(wished, operator), options)


def ask(yes: bool, options: Options, question: str) -> None:
    """Go on when `yes` was said or the person at the terminal agrees; else raise."""
    demand_consent(yes, options)
    if not yes:
        click.confirm(question, abort=True, err=True)
