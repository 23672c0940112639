"""The verbs as one Click group, and the one place where failures end."""

from __future__ import annotations

import importlib
import json
import os
import sys

import click

from provision.cli.verbs import VERBS, show_help
from provision.errors import Exit, InventoryError, ProvisionError, UsageError
from provision.ui.style import choose_style
from provision.ui.text import show_error

INTERRUPTED = (
    "\ninterrupted: a run that had begun goes on there to its end; "
    "the same command joins it (systemctl stop clawprov-apply ends it)\n"
)


class Rooms(click.Group):
    """A group that imports a verb's module when the verb is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [verb for verbs in VERBS.values() for verb in verbs]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for verbs in VERBS.values():
            if cmd_name in verbs:
                module = importlib.import_module(f"provision.cli.{verbs[cmd_name][0]}")
                found = (c for c in vars(module).values() if isinstance(c, click.Command))
                return next(command for command in found if command.name == cmd_name)
        return None

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write(show_help())


@click.group(cls=Rooms, context_settings={"help_option_names": ["-h", "--help"]})
def clawprov() -> None:
    """From a fresh server to a proved gateway."""


def run(arguments: list[str], system: str = os.name) -> int:
    """Run one verb; every failure becomes a sentence and an exit code."""
    debug = "--debug" in arguments
    try:
        if system != "posix":
            hint = "on Windows: wsl --install, then the same inside WSL"
            raise UsageError("clawprov runs on Linux, macOS and WSL", hint=hint)
        code = clawprov.main(arguments, prog_name="clawprov", standalone_mode=False)
        return code if isinstance(code, int) else Exit.OK
    except click.exceptions.Exit as exit:
        return exit.exit_code
    except click.ClickException as error:
        error.show()
        return Exit.USAGE
    except (KeyboardInterrupt, click.Abort) as stop:
        asked = isinstance(stop, click.Abort) and stop.__cause__ is None
        sys.stderr.write("nothing was changed\n" if asked else INTERRUPTED)
        return Exit.INTERRUPTED
    except SystemExit as left:  # Click's answer to a reader who has gone
        raise BrokenPipeError from left
    except ProvisionError as error:
        if debug:
            raise
        return _tell(error, "--json" in arguments)
    except Exception as error:
        if debug:
            raise
        told = ProvisionError(
            f"clawprov itself failed: {type(error).__name__}: {error}",
            hint="run it again with --debug, and report what it prints",
        )
        _tell(told, as_json=False)
        return 1


def _tell(error: ProvisionError, as_json: bool) -> int:
    sys.stderr.write(show_error(error, choose_style(sys.stderr)))
    if as_json:
        mistakes = error.mistakes if isinstance(error, InventoryError) else (error,)
        errors = [{"what": e.what, "where": e.where, "hint": e.hint} for e in mistakes]
        click.echo(json.dumps({"errors": errors, "exit": int(error.exit)}))
    return error.exit
