"""The Control UI in a real browser: it connects, and the secret is nowhere but in its field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from browser import browser
from machines import Server, out
from persons import Person
from strangers import forwarded

from provision.model.tunnel import Tunnel, show_tunnels
from provision.products import find_product

FIELDS = {"clawdbot": ("input", "Gateway Token"), "openclaw": ("#login-gate-credential", "")}
WELL = {"clawdbot": "Health\nOK", "openclaw": "Ask OpenClaw"}


@contextmanager
def remembered(person: Person, server: Server, product: str, port: int) -> Iterator[None]:
    """This laptop has a tunnel to the server at that port, meanwhile."""
    folder = person.home / ".config/clawprov"
    folder.mkdir(parents=True, exist_ok=True)
    tunnel = Tunnel(server.name, server.name, product, "", port, "x")
    (folder / "tunnels.json").write_text(show_tunnels([tunnel]))
    yield
    (folder / "tunnels.json").unlink()


def desk(person: Person, folder: Path) -> Person:
    """With a browser and a clipboard that write down what they get."""
    folder.mkdir()
    for name, body in {
        "xclip": f"cat >{folder}/clipboard; tr '\\0' ' ' </proc/$$/cmdline >>{folder}/argv",
        "browser": f'printf "%s\\n" "$@" >{folder}/url',
    }.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    path = f"{folder}:/usr/local/bin:/usr/bin:/bin"
    return person.knowing(PATH=path, DISPLAY=":9", BROWSER=f"{folder}/browser %s")


@pytest.mark.parametrize("product", ["clawdbot", "openclaw"])
def test_the_control_ui_connects_and_no_history_log_or_argument_has_the_secret(
    request: pytest.FixtureRequest, tmp_path: Path, product: str
) -> None:
    server: Server = request.getfixturevalue("server" if product == "clawdbot" else "openclaw")
    secret = server.owner.run("secret", "show", server.name, "--yes").out.removesuffix("\n")
    person, folder = desk(server.owner, tmp_path / "desk"), tmp_path / "desk"
    with forwarded(server.box) as port, remembered(person, server, product, port):
        said = person.run("open", server.name)
        assert said.exit == 0, said
        url = (folder / "url").read_text().strip()
        assert url == f"http://127.0.0.1:{port}/{find_product(product).ui_path}"
        assert (folder / "clipboard").read_text() == secret
        with browser(tmp_path / "profile") as window:
            window.open(url)
            window.wait("Connect")
            while not window.press(*FIELDS[product]):
                pass
            window.paste((folder / "clipboard").read_text())
            assert window.press("button", "Connect")
            window.wait(WELL[product])
            window.open(url)  # again, without the secret
            window.wait(WELL[product])
            assert "127.0.0.1" in str(window.run("return location.href"))
            window.end()
        paired = person.run("devices", server.name, "--json").answer["paired"]
        assert f"{product}-control-ui" in {one["name"] for one in paired}
        assert window.has_written(f"127.0.0.1:{port}"), "it has no history"
        assert window.has_written(secret) == []
    assert secret not in said.out + said.err + (folder / "argv").read_text() + url
    assert secret not in out(server.box, f"journalctl -o cat -u {product}-gateway --since -10min")


def test_a_copy_that_another_laptop_has_outdated_is_not_pasted(
    openclaw: Server, tmp_path: Path
) -> None:
    person, folder = desk(openclaw.owner, tmp_path / "desk"), tmp_path / "desk"
    copy = person.copy(openclaw.name)
    kept = copy.read_text()
    with forwarded(openclaw.box) as port, remembered(person, openclaw, "openclaw", port):
        for known in (kept, "changed-since\n"):
            copy.write_text(known)
            said = person.run("open", openclaw.name)
            copy.write_text(kept)
            assert said.exit == 0, said
            assert (folder / "clipboard").read_text() == kept.strip()


def test_without_a_tunnel_the_command_for_one_is_told(person: Person, server: Server) -> None:
    said = person.run("open", server.name)
    assert said.refused(2, "this laptop has no tunnel to it")
    assert f"clawprov tunnel up {server.name}" in said.err


def test_with_a_tunnel_that_is_down_the_command_for_it_is_told(
    person: Person, server: Server
) -> None:
    with remembered(person, server, "clawdbot", 1025):
        said = person.run("open", server.name)
    assert said.refused(4, "on port 1025")
    assert f"clawprov tunnel up {server.name}" in said.err


def test_without_a_browser_and_a_clipboard_it_says_what_to_do(
    server: Server, tmp_path: Path
) -> None:
    bare = server.owner.knowing(PATH=str(tmp_path), DISPLAY="", WAYLAND_DISPLAY="", BROWSER="")
    with forwarded(server.box) as port, remembered(bare, server, "clawdbot", port):
        for words in ([], ["--print"]):
            said = bare.run("open", server.name, *words)
            assert said.out.startswith(f"open:     http://127.0.0.1:{port}/overview\n")
            assert f"clawprov secret show -I {bare.inventory} {server.name}" in said.out
        answer = json.loads(bare.run("open", server.name, "--json").out)
    assert (answer["opened"], answer["copied"]) == (False, False)
