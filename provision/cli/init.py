"""`clawprov init`: five questions, or options, and an inventory that works."""

from __future__ import annotations

import json

import click

from provision.app import init as use
from provision.cli.files import USUAL
from provision.cli.server import at_terminal
from provision.errors import Exit, ProvisionError, UsageError


@click.command()
@click.argument("file", default=USUAL)
@click.option("--host", metavar="[USER@]ADDRESS[:PORT]", help="The server, or an ssh alias.")
@click.option("--user", help="Log in as this user.")
@click.option("--product", metavar="NAME[@VERSION]", help="clawdbot (default) or openclaw.")
@click.option("--auth", metavar="KIND", help="token (default) or password.")
@click.option("--profile", metavar="NAME", help="strict, balanced (default) or off.")
@click.option("--yes", is_flag=True, help="Ask nothing; take defaults.")
@click.option("--force", is_flag=True, help="Replace FILE.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of inventories instead.")
@click.option("--json", "as_json", is_flag=True, help="Ask nothing; print one JSON document.")
@click.option("--debug", is_flag=True, help="Show a traceback when something fails.")
def init(
    file: str, yes: bool, force: bool, schema: bool, as_json: bool, debug: bool, **given: str | None
) -> int:
    """Write a commented inventory of one server to FILE (clawprov.yml here)."""
    if schema:
        click.echo(use.show_schema(), nl=False)
        return Exit.OK
    use.check_free(file, force=force)
    asking = at_terminal() and not yes and not as_json
    made = use.write_inventory(file, _answers(given, asking=asking), force=force)
    if as_json:
        click.echo(json.dumps({"host": made.name, "inventory": made.file, "schema": made.schema}))
    else:
        click.echo(f"wrote {made.file}, and {made.schema} for your editor\nnext: {made.next}")
    return Exit.OK


def _answers(given: dict[str, str | None], *, asking: bool) -> use.Answers:
    """All answers: those of the options first, so that nobody types for a mistake there."""
    said = {q: _read(q, text) for q in use.QUESTIONS if (text := given[q.option]) is not None}
    answers: dict[str, object] = {}
    for question in use.QUESTIONS:
        if question in said:
            answers.update(said[question])
        elif asking and question.option not in answers:
            answers.update(_ask(question))
        elif question.option not in answers:
            answers.update(_usual(question))
    return answers


def _read(question: use.Question, text: str) -> use.Answers:
    try:
        return question.read(text)
    except UsageError as error:
        raise UsageError(f"--{question.option}: {error.what}", hint=error.hint) from None


def _usual(question: use.Question) -> use.Answers:
    if question.usual is None:
        raise UsageError(
            f"--{question.option} is missing, and nobody can be asked here",
            hint=f"clawprov init --{question.option} ADDRESS",
        )
    return question.read(question.usual)


def _ask(question: use.Question) -> use.Answers:
    """What a person answers; they are asked again until it means something."""

    def read(text: str) -> use.Answers:
        try:
            return question.read(text.strip())
        except ProvisionError as error:
            raise click.UsageError(f"{error.what}\n{error.hint}".strip()) from None

    answers: use.Answers = click.prompt(
        question.text,
        default=question.usual,
        show_default=bool(question.usual),
        value_proc=read,
        err=True,
    )
    return answers
