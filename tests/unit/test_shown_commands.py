"""The commands that the shipped inventories show are commands that there are."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from provision.cli.root import clawprov

INVENTORIES = sorted((Path(__file__).parents[2] / "inventories").glob("*.yml"))


def shown(path: Path) -> list[str]:
    """Every command in the comments of a file: on a line of its own, or between backticks."""
    notes = [line.partition("#")[2] for line in path.read_text().splitlines()]
    blocks = [note.strip() for note in notes if note.startswith("   ")]
    quoted = re.findall(r"`([^`]+)`", " ".join(note.strip() for note in notes))
    parts = [part for text in (*blocks, *quoted) for part in text.split(" && ")]
    return [part for part in parts if part.startswith("clawprov ")]


@pytest.mark.parametrize(
    ("file", "line"), [(path.name, line) for path in INVENTORIES for line in shown(path)]
)
def test_a_command_in_a_comment_is_understood(file: str, line: str) -> None:
    command: click.Command | None = clawprov
    words = shlex.split(line)[1:]
    while isinstance(command, click.Group):
        first, *words = words
        command = command.get_command(click.Context(command), first)
    assert command, f"{file}: {line}"
    if words:  # else it is the verb that is spoken of
        command.make_context(command.name, words)


def test_the_comments_show_some() -> None:
    assert {path.name for path in INVENTORIES if shown(path)} == {p.name for p in INVENTORIES}
