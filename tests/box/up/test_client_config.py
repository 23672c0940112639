"""The products' own command lines with the settings that a laptop gets, and without them again."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator

import pytest
from desk import CLAWPROV, Desk
from machines import Server, copy_gateway, out

from provision.engine.frames import equipped, pack_changes, pack_probes, unpack, whole
from provision.engine.laptop import LAPTOP
from provision.lab import Box
from provision.model.facts import Facts
from provision.model.secret import Secret
from provision.model.shell import Sh
from provision.resources.client_config import ClientConfig

NONCE = "5ca1ab1e5ca1ab1e"
URL = "ws://127.0.0.1:18789"
CLI = "/srv/cli"
ENTRY = f"{CLI}/opt/clawprov/clawdbot/releases/*/node_modules/clawdbot/dist/entry.js"
SHIM = f'#!/bin/sh\nexec {CLI}/usr/bin/node {ENTRY} "$@"\n'
THEIRS = "// mine\n{ gateway: { mode: 'local' }, /* the rest */ logging: { level: 'info' } }"
AS_ANN = "setpriv --reuid=ann --regid=ann --init-groups env -i HOME=/home/ann PATH=/usr/bin:/bin"


def run(box: Box, script: Sh) -> str:
    return out(box, f"{AS_ANN} sh <<'END_OF_SCRIPT'\n{script.text}\nEND_OF_SCRIPT\n")


def settle(box: Box, config: ClientConfig) -> None:
    """What is wished is made, after which nothing is left to do."""

    def look() -> Facts:
        probes = pack_probes([config.probe()], NONCE, LAPTOP)
        return Facts(unpack(run(box, probes), NONCE))

    change = config.diff(look())
    assert change
    run(box, whole(equipped(pack_changes([change]), LAPTOP), NONCE, LAPTOP))
    assert config.diff(look()) is None


@pytest.mark.parametrize(("product", "kind"), [("clawdbot", "token"), ("openclaw", "password")])
def test_the_real_command_line_finds_a_healthy_gateway_and_all_is_as_it_was_again(
    request: pytest.FixtureRequest, product: str, kind: str
) -> None:
    server: Server = request.getfixturevalue("server" if product == "clawdbot" else "openclaw")
    box, path = server.box, f"/home/ann/.{product}/{product}.json"
    secret = server.owner.run("secret", "show", server.name, "--yes").out.removesuffix("\n")
    entry = out(box, f"sed -n 's/^  \\(.*\\) \"$@\"$/\\1/p' /usr/local/bin/{product}")
    out(box, "id ann 2>/dev/null || useradd -m ann")
    out(box, f"{AS_ANN} mkdir -p {path.rpartition('/')[0]}")
    out(box, f"printf %s {shlex.quote(THEIRS)} >{path}; chown ann: {path}")
    before = out(box, f"sha256sum {path}; stat -c %a {path}")
    settle(box, ClientConfig(path, URL, kind, Secret(secret)))
    assert out(box, f"stat -c %a {path}") == "600"
    said = out(box, f"cd /home/ann; {AS_ANN} {entry} gateway health", seconds=180)
    assert "OK (" in said
    settle(box, ClientConfig(path, "ws://127.0.0.1:18799", kind, Secret(secret)))
    failed = box.run(f"cd /home/ann; {AS_ANN} {entry} gateway health", seconds=180)
    assert failed.returncode != 0  # so it was these settings that it went by
    settle(box, ClientConfig(path, "ws://127.0.0.1:18799"))
    assert out(box, f"sha256sum {path}; stat -c %a {path}") == before


@pytest.fixture
def with_cli(desk: Desk, server: Server) -> Iterator[Desk]:
    """The laptop of somebody who has installed Clawdbot's command line, and settings of hers."""
    copy_gateway(server.box, desk.box, CLI)
    desk.put(f"{CLI}/clawdbot", SHIM.encode())
    out(desk.box, f"chmod 755 {CLI}/clawdbot")
    desk.know(server.box, "vps3")
    desk.out(f"mkdir .clawdbot; printf %s {shlex.quote(THEIRS)} >.clawdbot/clawdbot.json")
    yield desk
    desk.out("rm -r .clawdbot")
    out(desk.box, f"rm -r {CLI}")


def test_a_tunnel_takes_the_command_line_along_and_leaves_it_as_it_was(with_cli: Desk) -> None:
    desk, path = with_cli, f"PATH={CLI}:$PATH"
    seen = "cd .clawdbot; sha256sum clawdbot.json; stat -c %a clawdbot.json"
    before = desk.out(seen)
    made = json.loads(desk.out(f"{path} {CLAWPROV} tunnel up vps3 --yes --json"))
    assert made["proof"]["ok"], made
    changed = [one["id"] for one in made["outcomes"]]
    assert "client:/home/ada/.clawdbot/clawdbot.json" in changed, made
    assert "OK (" in desk.out(f"{path} clawdbot gateway health")
    assert json.loads(desk.out(f"{path} {CLAWPROV} tunnel up vps3 --json"))["outcomes"] == []
    desk.clawprov("tunnel down vps3")
    assert desk.out(seen) == before
