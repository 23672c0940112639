"""The tailnet by hand: `python -m tests.tailnet COMMAND`, as root; docs/lab.md tells how."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import click

from provision.errors import ProvisionError
from provision.lab import Lab
from tests.tailnet.funnel import make_funnel_control, start_relay
from tests.tailnet.headscale import Headscale, make_headscale
from tests.tailnet.members import certify, install, join, name_of, status
from tests.tailnet.packages import make_packages

LAB = Lab(Path(os.environ.get("CLAWPROV_LAB") or "/var/tmp/clawprov-lab"))


def say(line: str) -> None:
    click.echo(line, err=True)


def read_tailnet(name: str) -> Headscale:
    return make_headscale(LAB.folder, LAB.site, make_packages(LAB.folder, say), name)


@click.group()
@click.option("--name", default="dev", show_default=True, help="Of several tailnets, which one.")
@click.pass_context
def main(context: click.Context, name: str) -> None:
    """Tailnets of the lab: each has a control server of its own, and keeps its nodes."""
    context.obj = name


@main.command()
def build() -> None:
    """Make what tailnets need: Tailscale, its packages, control servers."""
    click.echo(make_packages(LAB.folder, say))


@main.command()
@click.pass_obj
def up(name: str) -> None:
    """Start the control server; prints the login server and a reusable key."""
    tailnet = read_tailnet(name)
    tailnet.start()
    click.echo(f"login_server: {tailnet.url}\nkey: {tailnet.key(reusable=True)}")


@main.command()
@click.pass_obj
def down(name: str) -> None:
    """Stop the control servers; nodes are known again at the next up."""
    make_headscale(LAB.folder, LAB.site, Path(), name).server.stop()
    make_funnel_control(LAB.folder, LAB.site, Path(), f"{name}-funnel").server.stop()


@main.command()
@click.option("--tag", "tags", multiple=True, help="Such as tag:gateway.")
@click.option("--reusable", is_flag=True)
@click.option("--expired", is_flag=True)
@click.pass_obj
def key(name: str, tags: tuple[str, ...], reusable: bool, expired: bool) -> None:
    """Make a key to join with, for one node unless it is reusable."""
    click.echo(read_tailnet(name).key(tags=tags, reusable=reusable, expired=expired))


@main.command()
@click.argument("url")
@click.pass_obj
def register(name: str, url: str) -> None:
    """Be the person who opens a login URL and agrees."""
    read_tailnet(name).register(url)


@main.command()
@click.argument("switch", type=click.Choice(["on", "off"]))
@click.pass_obj
def https(name: str, switch: str) -> None:
    """Allow the nodes certificates, or no more."""
    read_tailnet(name).allow(https=switch == "on")


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def headscale(name: str, words: tuple[str, ...]) -> None:
    """Run Headscale's own command line, such as `nodes list`."""
    tailnet = read_tailnet(name)
    config = str(tailnet.place / "config.yaml")
    subprocess.run([str(tailnet.program), "-c", config, *words], check=False)


@main.command("certify")
@click.argument("box")
@click.argument("hosts", nargs=-1)
def certify_box(box: str, hosts: tuple[str, ...]) -> None:
    """Give a box the certificates of its own name, or of these."""
    certify(LAB.folder, LAB.get(box), *(hosts or (box, f"{box}-1")))


@main.command("join")
@click.argument("box")
@click.option("--funnel", is_flag=True, help="The tailnet that allows Funnel.")
@click.pass_obj
def join_box(name: str, box: str, funnel: bool) -> None:
    """Make a box a node by hand: install, certificate, key and all."""
    made = LAB.get(box)
    certify(LAB.folder, made)
    install(made)
    if funnel:
        binaries = make_packages(LAB.folder, say)
        control = make_funnel_control(LAB.folder, LAB.site, binaries, f"{name}-funnel")
        control.server.start()
        join(made, control.url)
        click.echo(f"login_server: {control.url}")
    else:
        tailnet = read_tailnet(name)
        tailnet.start()
        join(made, tailnet.url, tailnet.key())
    click.echo(status(made)["Self"]["DNSName"].rstrip("."))


@main.command()
@click.argument("peer")
@click.argument("node")
def relay(peer: str, node: str) -> None:
    """Let the public in: port 8443 of PEER leads to Funnel of NODE."""
    box = LAB.get(peer)
    start_relay(box, name_of(node))
    click.echo(f"curl --connect-to {name_of(node)}:443:{box.address}:8443 https://{name_of(node)}/")


if __name__ == "__main__":
    try:
        main()
    except ProvisionError as error:
        raise SystemExit(f"error: {error}") from None
