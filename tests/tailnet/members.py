"""Boxes as nodes of a tailnet, made by hand: what tests do without clawprov."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from machines import await_in

from provision.lab import Box
from provision.lab.authority import TAILNET, issue
from provision.lab.site import Folder
from provision.lab.workshop import making
from tests.tailnet.packages import HOST, KEYRING

CERTIFICATES = "/var/lib/tailscale/certs"
LIST = "etc/apt/sources.list.d/tailscale.list"
PROMPT = Path(__file__).with_name("prompt.py")
STATUS = "tailscale status --json --peers=false"
NEEDS_LOGIN = f"{STATUS} | grep -q NeedsLogin"
JOINED = f"{STATUS} | grep -q 'State.*Running'"
ANSWERS = "test -S /run/tailscale/behind.sock && test -S /run/tailscale/tailscaled.sock"


def out(box: Box, command: str, *, seconds: float = 120) -> str:
    """What a command prints in the box; it must succeed."""
    done = box.run(command, seconds=seconds)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def name_of(host: str) -> str:
    """The node's name in MagicDNS."""
    return f"{host}.{TAILNET}"


def certify(folder: Folder, box: Box, *hosts: str, days: int = 90) -> None:
    """The box has the certificates its node would get for these names, before or after it joins.

    The boxes trust who issued them. Tailscale finds them in its cache and asks nobody.
    """
    root = CERTIFICATES.rpartition("/")[0]
    out(box, f"install -d -m 700 {root} {CERTIFICATES}")
    for host in hosts or (box.name,):
        name = name_of(host)
        with making(folder, f"node-{host}") as part:
            issue(folder.keys / "authority", part, name, [f"DNS:{name}"], str(days))
            chain = (part / f"{name}.crt").read_text()
            key = (part / f"{name}.key").read_text()
        out(
            box,
            f"cd {CERTIFICATES} && umask 077 && cat >{name}.crt <<'E'\n{chain}\nE\n"
            f"cat >{name}.key <<'E'\n{key}\nE",
        )


def install(box: Box, version: str = "") -> None:
    """Tailscale as its own instructions install it, by hand."""
    tailscale = f"tailscale={version}" if version else "tailscale"
    for line in (
        f"curl -fsS https://{HOST}/$(. /etc/os-release; echo $VERSION_CODENAME).noarmor.gpg"
        f" >/{KEYRING}",
        f"curl -fsS https://{HOST}/$(. /etc/os-release; echo $VERSION_CODENAME)"
        f".tailscale-keyring.list >/{LIST}",
        "apt-get update -qq",
        f"apt-get install -qq -y {tailscale} tailscale-archive-keyring",
    ):
        out(box, f"export DEBIAN_FRONTEND=noninteractive; {line}")


def join(
    box: Box, url: str, key: str = "", *, hostname: str = "", flags: str = ""
) -> dict[str, Any]:
    """The box is a node of the tailnet behind `url`; returns what it says of itself."""
    words = f"--login-server={url} --hostname={hostname or box.name} --timeout=30s {flags}"
    if key:
        out(box, f"umask 077; echo {key} >/run/join.key")
        words += " --auth-key=file:/run/join.key"
    out(box, f"tailscale up {words} </dev/null; code=$?; rm -f /run/join.key; exit $code")
    return status(box)["Self"]


def status(box: Box) -> dict[str, Any]:
    """`tailscale status --json`."""
    return json.loads(out(box, "tailscale status --json"))


@contextmanager
def asked_to_enable(box: Box, *, wait: bool) -> Iterator[None]:
    """Meanwhile `tailscale serve` meets what the public service says to a tailnet without HTTPS.

    With `wait` it never returns, without it exits 0; the tailnet must really lack HTTPS.
    """
    out(box, f"cat >/root/prompt.py <<'E'\n{PROMPT.read_text()}\nE")
    how = "wait" if wait else "go"
    out(box, f"systemd-run -q --collect --unit=prompt python3 /root/prompt.py {how}")
    try:
        await_in(box, ANSWERS)
        yield
    finally:
        out(box, "systemctl stop prompt || :")
