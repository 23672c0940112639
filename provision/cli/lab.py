"""`clawprov lab`: disposable boxes on this machine."""

from __future__ import annotations

import json
import os

import click

from provision.app import lab as use

NAME = click.argument("name")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def say(line: str) -> None:
    """Progress goes to stderr."""
    click.echo(line, err=True)


@click.group()
def lab() -> None:
    """Disposable real servers on this machine, up in a second (Linux, as root)."""


@lab.command()
@NAME
@click.option("--image", default="bookworm", show_default=True, help="bookworm or trixie.")
@click.option("--disk", default="", help="ram:SIZE or SIZE (a file).  [default: ram:4G]")
@click.option("--mem", "memory", default="", help="Limit the box's memory, such as 512M.")
@click.option("--user", default="", help="Log in as this user, who may sudo without a password.")
@click.option("--node", "majors", type=int, multiple=True, help="Node majors to mirror: 22, 24.")
@AS_JSON
def up(
    name: str,
    image: str,
    disk: str,
    memory: str,
    user: str,
    majors: tuple[int, ...],
    as_json: bool,
) -> None:
    """Start a box; the first time the lab makes what it needs, in a minute or two."""
    answer = use.up(name, image=image, disk=disk, memory=memory, user=user, majors=majors, say=say)
    click.echo(json.dumps(answer) if as_json else use.show_up(answer))


@lab.command("list")
@AS_JSON
def list_boxes(as_json: bool) -> None:
    """Show the boxes that run."""
    boxes = use.list_boxes()
    click.echo(json.dumps(boxes) if as_json else use.show_list(boxes))


@lab.command(context_settings={"ignore_unknown_options": True})
@NAME
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def ssh(name: str, command: tuple[str, ...]) -> None:
    """Log in to a box, or run a command there."""
    argv = use.ssh(name, command)
    os.execvp(argv[0], argv)  # noqa: S606, ssh takes this process's place and terminal


@lab.command()
@click.argument("names", metavar="NAME...", nargs=-1)
@click.option("--all", "all_boxes", is_flag=True, help="Every box, and every trace of the lab.")
@click.option("--purge", is_flag=True, help="With --all: images and mirror, too.")
def down(names: tuple[str, ...], all_boxes: bool, purge: bool) -> None:
    """Take boxes away; images and mirror stay for the next time."""
    use.down(names, all_boxes=all_boxes, purge=purge, say=say)


@lab.command()
@NAME
@click.option("--delay", default=0.0, help="Milliseconds, each way.")
@click.option("--jitter", default=0.0, help="Milliseconds more or less.")
@click.option("--loss", default=0.0, help="Percent of the frames, each way.")
@click.option("--kbit", default=0.0, help="Kilobits a second, each way.")
def wire(name: str, delay: float, jitter: float, loss: float, kbit: float) -> None:
    """Make a box's cable slow and lossy, until `restore`."""
    use.slow(name, delay_ms=delay, jitter_ms=jitter, loss_percent=loss, kbit=kbit)


@lab.command()
@NAME
def cut(name: str) -> None:
    """Cut a box's cable, until `restore`."""
    use.cut(name)


@lab.command()
@NAME
def restore(name: str) -> None:
    """Make a box's cable whole and fast again."""
    use.restore(name)


@lab.command()
@NAME
def crash(name: str) -> None:
    """Cut a box's power and boot it again."""
    use.crash(name)
