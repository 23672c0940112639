"""What is left to a person once a tunnel is installed, by what keeps it running."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from provision.app.client import build_no_configs
from provision.app.keeping import LEFT, tell_keeping, tell_left
from provision.app.laptop import memory_path
from provision.model.laptop import Laptop, Route
from provision.model.report import Verdict
from provision.model.spec import AuthSpec, Host, TunnelSpec
from provision.model.tunnel import Tunnel, show_tunnels

TUNNEL = Tunnel("vps1", "vps1", "clawdbot", "", 18789, "ada@desk:1")
HOST = Host("vps1", "192.0.2.1")
PASSWORD = Host("vps1", "192.0.2.1", auth=AuthSpec("password"))


def told(
    supervisor: Literal["systemd", "launchd", ""], host: Host = HOST, *, lingers: bool = False
) -> tuple[Verdict, ...]:
    laptop = Laptop("/home/ada", Route("192.0.2.1", 22), supervisor, lingers)
    verdicts = tell_keeping(laptop, TUNNEL, host)
    assert all(verdict.ok and verdict.note and verdict.hint for verdict in verdicts)
    return verdicts


def test_where_nothing_keeps_it_running_what_is_to_be_typed_comes_back_after_a_cut() -> None:
    (one,) = told("")
    assert one.hint == "until sh ~/.ssh/clawprov/vps1.sh; do sleep 3; done"


def test_linger_is_offered_where_systemd_waits_for_a_login() -> None:
    (one,) = told("systemd")
    assert one.note == "it starts when you log in, not before"
    assert "sudo loginctl enable-linger" in one.hint
    assert told("systemd", lingers=True) == ()


@pytest.mark.parametrize(
    ("host", "hint"),
    [
        (
            HOST,
            'launchctl setenv CLAWDBOT_GATEWAY_TOKEN "$(clawprov secret show vps1 --yes)"',
        ),
        (PASSWORD, "clawprov tunnel up vps1 --client-config"),
    ],
)
def test_what_the_macos_app_needs_is_said(host: Host, hint: str) -> None:
    (one,) = told("launchd", host)
    assert (one.check, one.hint) == ("laptop:app", hint)


def test_an_app_that_a_product_has_not_is_not_spoken_of() -> None:
    assert told("launchd", Host("vps1", "192.0.2.1", product="openclaw")) == ()


SERVED = replace(HOST, access=("tailscale-serve",))


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a laptop remembers that has a tunnel to vps1."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = memory_path()
    path.parent.mkdir()
    path.write_text(show_tunnels([TUNNEL]))
    return path


@pytest.mark.parametrize(("host", "leave"), [(SERVED, False), (HOST, True)])
def test_a_tunnel_that_is_left_when_the_way_changes_is_told(
    memory: Path, host: Host, leave: bool
) -> None:
    (one,) = tell_left(host, leave=leave)
    assert (one.ok, one.note, one.hint) == (True, LEFT, "clawprov tunnel down vps1")
    (same,) = tell_left(replace(host, name="root@vps1"), leave=leave)
    assert same.note == LEFT
    assert tell_left(replace(host, name="vps2"), leave=leave) == ()


@pytest.mark.parametrize(
    "host",
    [
        HOST,  # whoever has typed `tunnel up` knows of it
        replace(SERVED, tunnel=TunnelSpec()),
        replace(SERVED, access=("tailscale-serve", "ssh-tunnel")),
    ],
)
def test_a_tunnel_that_nobody_wants_gone_is_not_told(memory: Path, host: Host) -> None:
    assert tell_left(host, leave=False) == ()


def test_a_spoilt_memory_does_not_spoil_the_run(memory: Path) -> None:
    memory.write_text("{")
    (one,) = tell_left(SERVED, leave=False)
    assert (one.ok, str(memory) in one.note) == (True, True)


def test_the_settings_of_either_product_are_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv("OPENCLAW_CONFIG_PATH", "/x/o.json")
    made = build_no_configs(TUNNEL, (replace(TUNNEL, port=18790),))
    assert [config.path for config in made] == ["/home/ada/.clawdbot/clawdbot.json", "/x/o.json"]
    assert {(config.url, config.others, config.secret) for config in made} == {
        ("ws://127.0.0.1:18789", ("ws://127.0.0.1:18790",), None)
    }
