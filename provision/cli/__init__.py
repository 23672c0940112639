"""The command: the front door answers `--help` itself and opens only the room that is asked for."""

from __future__ import annotations

import io
import os
import sys

from provision import __version__
from provision.cli.verbs import show_help


def main() -> int:
    """Run the command with this process's arguments; the exit code is one of errors.Exit.

    Whoever reads our output may stop reading: that is no failure.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a mark that a terminal lacks is no failure
    try:
        code = _enter(sys.argv[1:])
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _enter(arguments: list[str]) -> int:
    if arguments in ([], ["--help"], ["-h"]):
        sys.stdout.write(show_help())
        return 0
    if arguments == ["--version"]:
        sys.stdout.write(f"clawprov {__version__}\n")
        return 0
    from provision.cli.root import run

    return run(arguments)
