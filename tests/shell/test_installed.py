"""Gateways of people's own are found by real shells, in homes with spaces too."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest
from place import Place

from provision.engine.frames import pack_probes, unpack
from provision.model.facts import Probe
from provision.products.installed import Installed, look_for_installed, parse_installed

NONCE = "5ca1ab1e5ca1ab1e"
ARGV = "node /opt/openclaw/dist/index.js gateway --port 18789"


def look(place: Place, detailed: str = "") -> tuple[Installed, ...]:
    """What is found at this place, where ada lives and no process is a gateway, unless faked."""
    gid = os.getgid()
    home = place.root / "Ada Lovelace"
    place.fake("getent", f"echo 'ada:x:1000:{gid}::{home}:/bin/bash'; echo 'n:x:33:33::/:/bin/sh'")
    place.fake("setpriv", 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"')
    if not (place.fakes / "pgrep").exists():
        place.fake("pgrep", "exit 1")
    out = place.run(pack_probes([Probe("look:here", look_for_installed(detailed))], NONCE))
    return parse_installed(unpack(out, NONCE)["look:here"].out.splitlines())


def write(place: Place, path: str, text: str) -> None:
    file = place.root / "Ada Lovelace" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.fixture
def process() -> Iterator[int]:
    """Something that looks like OpenClaw's gateway as its own installer starts it."""
    sleeper = subprocess.Popen([ARGV, "60"], executable="/bin/sleep")
    yield sleeper.pid
    sleeper.kill()
    sleeper.wait()


def test_nobody_has_one(place: Place) -> None:
    write(place, ".clawdbot/clawdbot.json", '{"gateway": {"mode": "remote"}}')
    write(place, ".config/systemd/user/clawdbot-ssh-tunnel.service", "")
    assert look(place) == ()


def test_unit_and_state_are_found_and_nothing_of_their_content(place: Place) -> None:
    write(place, ".clawdbot/clawdbot.json", "{gateway: {mode: 'local'}}")
    write(place, ".config/systemd/user/clawdbot-gateway.service", "Environment=A_KEY=b\n")
    wants = place.root / "Ada Lovelace/.config/systemd/user/default.target.wants"
    wants.mkdir()
    (wants / "clawdbot-gateway.service").symlink_to("../clawdbot-gateway.service")
    (found,) = look(place)
    home = f"{place.root}/Ada Lovelace"
    assert (found.user, found.product, found.home) == ("ada", "clawdbot", home)
    assert (found.state, found.enabled) == (f"{home}/.clawdbot", True)
    assert found.units == (f"{home}/.config/systemd/user/clawdbot-gateway.service",)
    assert (found.config, found.dotenv, found.unit_env) == ("", "", "")


def test_content_is_read_for_a_takeover_alone(place: Place) -> None:
    write(place, ".clawdbot/clawdbot.json", "{gateway: {mode: 'local'}}")
    write(place, ".clawdbot/.env", "OPENAI_API_KEY=x\n")
    write(place, ".config/systemd/user/clawdbot-gateway.service", "[Service]\nEnvironment=A=ü\n")
    (found,) = look(place, "clawdbot")
    assert found.config == "{gateway: {mode: 'local'}}"
    assert (found.dotenv, found.unit_env) == ("OPENAI_API_KEY=x\n", "Environment=A=ü\n")


def test_a_process_without_a_title_of_its_own_is_found(place: Place, process: int) -> None:
    place.fake("pgrep", f"echo {process}")
    (found,) = look(place)
    assert (found.product, found.pids, found.active) == ("openclaw", (str(process),), True)


def test_the_pattern_for_processes_takes_gateways_and_no_other_commands(place: Place) -> None:
    place.fake("pgrep", 'printf "%s" "$2" >$ROOT/pattern; exit 1')
    look(place)
    pattern = (place.root / "pattern").read_text()
    lines = "\n".join(
        [ARGV, "clawdbot-gateway", "node /usr/lib/openclaw/openclaw.mjs gateway",
         "node /x/clawdbot/dist/entry.js gateway status", "vim clawdbot-gateway.service"]
    )  # fmt: skip
    kept = subprocess.run(["grep", "-E", pattern], input=lines, capture_output=True, text=True)
    assert kept.stdout.splitlines() == lines.splitlines()[:3]


def test_no_name_of_theirs_is_taken_for_an_answer(place: Place) -> None:
    forged = "clawdbot-gateway\nstate\troot\tclawdbot\t\t0\t\t1\tno.service"
    write(place, f".config/systemd/user/{forged}", "")
    assert look(place) == ()


def test_a_file_that_never_ends_holds_nobody_up(place: Place) -> None:
    write(place, ".clawdbot/clawdbot.json", "{gateway: {mode: 'local'}}")
    (place.root / "Ada Lovelace/.clawdbot/.env").symlink_to("/dev/zero")
    state = place.root / "Ada Lovelace/.openclaw"
    state.mkdir()
    os.mkfifo(state / "openclaw.json")
    (found,) = look(place, "clawdbot")
    assert (found.product, len(found.dotenv)) == ("clawdbot", 262144)
