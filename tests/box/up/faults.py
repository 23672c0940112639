"""Gateways that are made wrong on purpose, each a unit of its own beside the server's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from machines import UNIT, await_in, during, out

from provision.lab import Box
from provision.products import find_product

LONG_S = 600


@dataclass(frozen=True, slots=True)
class Odd:
    """A unit that runs a real gateway with something wrong; it falls, and is left at that.

    `command` takes the place of the real one, `lines` stand in [Service]; `config` is its
    configuration, None for a file that is not there.
    """

    name: str
    config: Mapping[str, object] | None = None
    command: str = ""
    lines: tuple[str, ...] = field(default=())

    def text(self, product: str, port: int, node: str) -> str:
        """The unit, as people write them."""
        made = find_product(product)
        prefix, home = made.env_prefix, f"/var/lib/{product}/{self.name}"
        command = self.command or f"{node} {made.current}/{made.entry} {' '.join(made.arguments)}"
        lines = [
            f"User={product}",
            f"WorkingDirectory=/var/lib/{product}",
            f"Environment=HOME={home} TMPDIR=/var/lib/{product}/tmp {prefix}_NO_RESPAWN=1",
            f"Environment={prefix}_DISABLE_BONJOUR=1 {prefix}_GATEWAY_PORT={port}",
            f"ExecStart={command}",
            "Restart=always",
            f"RestartSec={LONG_S}",
            *self.lines,
        ]
        return "[Service]\n" + "\n".join(lines) + "\n"


@contextmanager
def crowd(box: Box, product: str, odds: list[Odd], *, seconds: float = 240) -> Iterator[None]:
    """All of them have started, and fallen; in the end nothing of them is left."""
    names = " ".join(f"{odd.name}.service" for odd in odds)
    folders = " ".join(f"/var/lib/{product}/{odd.name}" for odd in odds)
    started = f"systemctl cat {product}-gateway | sed -n 's/^ExecStart=//p' | cut -d ' ' -f 1"
    node = out(box, started)
    steps = [
        step
        for number, odd in enumerate(odds)
        for step in _made(odd, product, 19100 + number * 10, node)
    ]
    try:
        out(box, "\n".join([*steps, "systemctl daemon-reload", f"systemctl start {names} || :"]))
        fallen = f'[ -z "$(systemctl is-active {names} | grep -x active)" ]'
        await_in(box, fallen, seconds=seconds)
        yield
    finally:
        out(
            box,
            f"systemctl stop {names} 2>/dev/null || :; cd /etc/systemd/system; rm -f {names}; "
            f"rm -rf {folders}; systemctl daemon-reload; systemctl reset-failed {names} "
            "2>/dev/null || :",
        )


def _made(odd: Odd, product: str, port: int, node: str) -> list[str]:
    home = f"/var/lib/{product}/{odd.name}"
    made = [f"install -d -o {product} -m 700 {home} {home}/.{product}"]
    if odd.config is not None:
        path = f"{home}/.{product}/{product}.json"
        made += [f"cat >{path} <<'E'\n{json.dumps(odd.config)}\nE", f"chown {product}: {path}"]
    unit = f"/etc/systemd/system/{odd.name}.service"
    return [*made, f"cat >{unit} <<'E'\n{odd.text(product, port, node)}E"]


@contextmanager
def drop_in(box: Box, *lines: str, section: str = "", unit: str = UNIT) -> Iterator[None]:
    """Lines of [Service], and of [Unit], in a drop-in of the gateway's unit meanwhile."""
    folder = f"/etc/systemd/system/{unit}.d"
    text = "\n".join(["[Unit]", section, "[Service]", *lines])
    make = f"mkdir -p {folder}; cat >{folder}/wrong.conf <<'E'\n{text}\nE\nsystemctl daemon-reload"
    with during(box, make, f"rm -r {folder}; systemctl daemon-reload"):
        yield
