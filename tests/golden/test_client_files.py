"""What a laptop gets: byte for byte, and before the judges that will read it."""

from __future__ import annotations

import plistlib
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from fresh_box import NONCE
from judges import SHELLS, need, shellcheck, verify
from stored import Golden

from provision.engine.frames import equipped, pack_changes, whole
from provision.engine.gather import Stack, gather_script
from provision.engine.laptop import LAPTOP
from provision.engine.plan import build_plan
from provision.model.facts import Facts, Reading
from provision.model.laptop import Laptop, Route
from provision.model.secret import Secret, reveal
from provision.model.spec import Host
from provision.model.tunnel import Tunnel
from provision.resources.client_config import ClientConfig
from provision.resources.file import File
from provision.stacks.client import Wished, build_client, build_no_client
from provision.stacks.laptop import build_questions
from provision.ui.style import Style
from provision.ui.text import show_plan

HOME = "/home/ada"
DIRECT, JUMP = Route("192.0.2.1", 22), Route("fe80::1%%eth0", 2222, "ProxyJump bastion,ada@gate:23")
COMMAND = Route("10.0.0.1", 22, 'ProxyCommand nc -X 5 "a b" %h %p')
WISHES = {
    "first": (Tunnel("vps1", "vps1", "clawdbot", "", 18789, "ada@desk:1"), "systemd", DIRECT),
    "second": (Tunnel("vps2", "vps2", "openclaw", "-vps2", 18790, "x"), "systemd", JUMP),
    "command": (Tunnel("a.b", "a.b", "clawdbot", "-a.b", 18791, "x"), "systemd", COMMAND),
    "macos": (Tunnel("vps1", "vps1", "clawdbot", "", 18789, "x"), "launchd", DIRECT),
}
HOST = Host("vps1", "vps1")
EMPTY = {
    "up": "type=absent\n",
    "down": "there\nours=1\ntype=file\nUnitFileState=enabled\nloaded=yes\n"
    "before=_e30=\ntext=_e30=\n",
    "ask": "",
}
# `man 5 launchd.plist`: the keys that we use, and their types.
DOCUMENTED = {
    "Label": str,
    "ProgramArguments": list,
    "RunAtLoad": bool,
    "KeepAlive": dict,
    "ThrottleInterval": int,
    "StandardOutPath": str,
    "StandardErrorPath": str,
}


def wish(name: str, home: str = HOME) -> Stack:
    """Everything that a laptop of one wish gets."""
    tunnel, supervisor, route = WISHES[name]
    laptop = Laptop(home, route, supervisor)  # type: ignore[arg-type]
    fresh = Secret("the private half\n")
    config = ClientConfig(f"{home}/.p/p.json", tunnel.url, "token", Secret("the secret"))
    memory, public = f"{home}/tunnels.json", "ssh-ed25519 AAAA"
    wished = Wished(tunnel, (tunnel,), memory, public, fresh, "t k", config)
    return build_client(Host(tunnel.host, tunnel.host), laptop, wished)


def scripts() -> dict[str, str]:
    """Every script that a laptop's shell gets."""
    made = {}
    for name, (tunnel, *_) in WISHES.items():
        config = ClientConfig(f"{HOME}/.p/p.json", tunnel.url)
        stacks = {"up": wish(name), "down": build_no_client(HOST, HOME, tunnel, (), "m", (config,))}
        stacks["ask"] = build_questions(HOST, HOME, "k", (tunnel,))
        for verb, stack in stacks.items():
            made[f"{name}-{verb}-gather"] = gather_script(stack, NONCE).text
            facts = Facts({r.id: Reading(0, EMPTY[verb]) for r in stack.resources})
            changes = pack_changes(build_plan("x", stack.resources, facts).changes)
            made[f"{name}-{verb}-apply"] = whole(equipped(changes, LAPTOP), NONCE, LAPTOP).text
        made[f"{name}-script"] = files(name)[f"{tunnel.name}.sh"]
    return made


def files(name: str, home: str = HOME) -> dict[str, str]:
    """The files of one wish, by their names."""
    found = [resource for resource in wish(name, home).resources if isinstance(resource, File)]
    return {file.path.rpartition("/")[2]: reveal(file.content) for file in found}


SCRIPTS = scripts()


@pytest.mark.parametrize("shell", SHELLS, ids=lambda s: s[0])
@pytest.mark.parametrize("name", SCRIPTS)
def test_every_shell_understands_every_script(name: str, shell: list[str]) -> None:
    need(shell[0])
    said = subprocess.run([*shell, "-n"], input=SCRIPTS[name], capture_output=True, text=True)
    assert (said.returncode, said.stderr) == (0, "")


@pytest.mark.parametrize("name", SCRIPTS)
def test_shellcheck_finds_no_mistake(name: str) -> None:
    assert shellcheck(SCRIPTS[name]) == ""


@pytest.mark.parametrize("name", WISHES)
def test_what_is_rendered_is_what_is_stored(name: str, golden: Golden) -> None:
    for path, text in files(name).items():
        golden.compare(f"client/{name}/{path}", text)


@pytest.mark.parametrize("name", WISHES)
def test_ssh_reads_its_file_as_it_is_meant(name: str, tmp_path: Path) -> None:
    tunnel, _, route = WISHES[name]
    path = tmp_path / "config"
    path.write_text(files(name)[f"{tunnel.name}.conf"])
    words = [need("ssh"), "-G", "-F", str(path), tunnel.alias]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    found = dict(line.partition(" ")[::2] for line in said.splitlines())
    expected = {
        "hostname": route.hostname.replace("%%", "%"),
        "port": str(route.port),
        "user": "clawprov-tunnel",
        "identityfile": f"~/.ssh/clawprov/{tunnel.name}.key",
        "identitiesonly": "yes",
        "exitonforwardfailure": "yes",
        "serveraliveinterval": "5",
        "serveralivecountmax": "2",
        "controlmaster": "false",
        "stricthostkeychecking": "true",
        "hostkeyalias": tunnel.alias,
        "localforward": f"[127.0.0.1]:{tunnel.port} [127.0.0.1]:18789",
        "batchmode": "yes",
        "forwardagent": "no",
    }
    assert {key: found.get(key) for key in expected} == expected
    assert "controlpath" not in found
    assert found["userknownhostsfile"].endswith(f"/.ssh/clawprov/{tunnel.name}.known_hosts")
    word, _, value = route.jump.partition(" ")
    assert not word or found[word.lower()] == value


@pytest.mark.parametrize("name", [name for name, wish in WISHES.items() if wish[1] == "systemd"])
def test_systemd_understands_every_line_of_the_unit(name: str, tmp_path: Path) -> None:
    tunnel = WISHES[name][0]
    assert verify(files(name)[tunnel.unit], tmp_path) == ""


def test_launchd_gets_documented_keys_of_the_right_type_alone() -> None:
    home = "/Users/ada & <co> ü"
    plist = plistlib.loads(files("macos", home)["com.clawdbot.ssh-tunnel.plist"].encode())
    assert {key: type(value) for key, value in plist.items()} == DOCUMENTED
    assert plist["Label"] == "com.clawdbot.ssh-tunnel"
    shell, script, digest = plist["ProgramArguments"]
    assert (shell, script) == ("/bin/sh", f"{home}/.ssh/clawprov/vps1.sh")
    assert re.fullmatch("[0-9a-f]{12}", digest)
    assert (plist["RunAtLoad"], plist["KeepAlive"]) == (True, {"SuccessfulExit": False})
    assert plist["StandardErrorPath"] == f"{home}/.ssh/clawprov/vps1.log"


def test_nothing_goes_to_the_background_behind_its_supervisor() -> None:
    for name in WISHES:
        texts = "\n".join(text for path, text in files(name).items() if path.endswith(".sh"))
        assert "ssh -N" in texts
        assert not re.search(r"ssh( -\w+)* -\w*f", texts)


def test_another_key_or_host_key_starts_the_tunnel_anew() -> None:
    tunnel, _, route = WISHES["first"]
    wished = Wished(tunnel, (tunnel,), "m", "ssh-ed25519 AAAA", None, "t k")
    host, laptop = Host("vps1", "vps1"), Laptop(HOME, route, "systemd")
    units = {
        str(build_client(host, one, other).resources[-2].content)  # type: ignore[attr-defined]
        for one, other in (
            (laptop, wished),
            (laptop, replace(wished, public="ssh-ed25519 BBBB")),
            (laptop, replace(wished, pin="t l")),
            (replace(laptop, route=COMMAND), wished),
        )
    }
    assert len(units) == 4


def test_a_private_key_is_in_its_file_and_nowhere_else() -> None:
    stack = wish("first")
    facts = Facts({r.id: Reading(0, EMPTY["up"]) for r in stack.resources})
    plan = build_plan("x", stack.resources, facts)
    script = whole(equipped(pack_changes(plan.changes), LAPTOP), NONCE, LAPTOP)
    assert script.text.count("the private half") == 1
    shown = [str(script), repr(plan), show_plan(plan, Style(False), verbose=True)]
    assert [text for text in shown if "the private half" in text] == []
    assert [text for text in files("first").values() if "the private half" in text] == []
