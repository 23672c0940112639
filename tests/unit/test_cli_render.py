"""`render`: the files that `up` would write, on stdout, without secrets."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from provision.app.look import render_files
from provision.cli.options import Options, find_host
from provision.cli.root import run
from provision.errors import UsageError
from provision.model.secret import Secret
from provision.model.spec import AuthSpec, Host

HOST = Host("box", "192.0.2.1")
Render = Callable[..., str]


@pytest.fixture
def rendered(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Render:
    for name in ("CLAWPROV_INVENTORY", "CLAWDBOT_GATEWAY_TOKEN", "OPENCLAW_GATEWAY_TOKEN"):
        monkeypatch.delenv(name, raising=False)

    def command(*arguments: str) -> str:
        code = run(["render", *arguments])
        said = capsys.readouterr()
        assert (code, said.err) == (0, "")
        return said.out

    return command


def test_all_files_are_printed_each_under_its_path(rendered: Render) -> None:
    out = rendered("192.0.2.1")
    paths = [line[2:] for line in out.splitlines() if line.startswith("# /")]
    assert paths == list(render_files(HOST))
    assert "ExecStart=/usr/bin/node" in out


def test_one_file_is_printed_byte_for_byte(rendered: Render) -> None:
    path = "/etc/systemd/system/clawdbot-gateway.service"
    assert rendered("192.0.2.1", path) == render_files(HOST)[path]


def test_the_end_of_a_path_is_enough(rendered: Render) -> None:
    out = rendered("192.0.2.1", "clawdbot.json")
    assert json.loads(out)["gateway"]["port"] == 18789


@pytest.mark.parametrize("part", ["bot.json", "json", "service"])
def test_a_part_of_a_name_is_no_name(part: str) -> None:
    with pytest.raises(UsageError, match=f"no file {part} is rendered") as caught:
        render_files(HOST, part)
    assert "/usr/local/bin/clawdbot" in caught.value.hint


def test_json_holds_every_file_by_its_path(rendered: Render) -> None:
    answer = json.loads(rendered("192.0.2.1", "--json"))
    assert answer == {"host": "192.0.2.1", "files": render_files(HOST)}


@pytest.mark.parametrize("mode", ["token", "password"])
def test_a_secret_is_masked(mode: str) -> None:
    host = Host("box", "192.0.2.1", auth=AuthSpec(mode, Secret("hunter2")))  # type: ignore[arg-type]
    files = render_files(host)
    assert files["/etc/clawdbot/gateway.env"] == f"CLAWDBOT_GATEWAY_{mode.upper()}=***\n"
    assert "hunter2" not in json.dumps(files)


def test_a_secret_of_the_environment_is_masked(
    rendered: Render, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAWDBOT_GATEWAY_TOKEN", "hunter2")
    assert "hunter2" not in rendered("192.0.2.1")


def test_a_command_is_not_run_to_render(rendered: Render, tmp_path: Path) -> None:
    path = tmp_path / "i.yml"
    path.write_text("hosts:\n  box: {auth: {command: no-such-command, mode: password}}\n")
    assert "CLAWDBOT_GATEWAY_PASSWORD=***" in rendered("box", "-I", str(path))


def test_options_win_over_the_inventory(rendered: Render, tmp_path: Path) -> None:
    path = tmp_path / "i.yml"
    path.write_text("hosts:\n  box: {product: openclaw, profile: off, auth: {mode: token}}\n")
    inventory = ("-I", str(path))
    assert "NoNewPrivileges" not in rendered("box", *inventory, "openclaw-gateway.service")
    own = rendered("box", *inventory, "--profile", "strict", "openclaw-gateway.service")
    assert "NoNewPrivileges=yes" in own
    config = rendered("box", *inventory, "--auth", "password", "openclaw.json")
    assert json.loads(config)["gateway"]["auth"]["mode"] == "password"
    assert "# /usr/local/bin/clawdbot\n" in rendered("box", *inventory, "--product", "clawdbot")


@pytest.mark.parametrize(
    ("product", "version"),
    [("openclaw", "2026.9.6"), ("openclaw@2026.9.7", "2026.9.7"), ("clawdbot", "")],
)
def test_a_version_of_the_inventory_is_that_of_its_product(
    tmp_path: Path, product: str, version: str
) -> None:
    path = tmp_path / "i.yml"
    path.write_text("hosts:\n  box: {product: openclaw, version: 2026.9.6}\n")
    assert find_host("box", Options(str(path), product=product)).version == version


def test_the_inventory_may_be_named_by_the_environment(
    rendered: Render, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "i.yml"
    path.write_text("hosts:\n  box: {gateway_port: 20001}\n")
    monkeypatch.setenv("CLAWPROV_INVENTORY", str(path))
    assert json.loads(rendered("box", "clawdbot.json"))["gateway"]["port"] == 20001


def test_a_key_is_taken_from_the_environment_and_masked(
    rendered: Render, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "hosts.yml"
    path.write_text("hosts: {192.0.2.1: {keys: [A_KEY, B_KEY], models: {default: a/b}}}\n")
    monkeypatch.setenv("A_KEY", "hunter2")
    monkeypatch.delenv("B_KEY", raising=False)
    out = rendered("192.0.2.1", "-I", str(path))
    assert "hunter2" not in out
    assert "=***\nA_KEY=***\nB_KEY=***\n" in out
    assert '"primary": "a/b"' in out
    (host,) = [find_host("192.0.2.1", Options(str(path)))]
    assert [key.value for key in host.keys] == [Secret("hunter2"), None]


def test_a_key_that_cannot_be_a_line_is_refused_without_being_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "hosts.yml"
    path.write_text("hosts: {192.0.2.1: {keys: [A_KEY]}}\n")
    monkeypatch.setenv("A_KEY", "hunter2\n")
    assert run(["render", "192.0.2.1", "-I", str(path)]) == 2
    said = capsys.readouterr().err
    assert "$A_KEY has a control character, or a space" in said
    assert "hunter2" not in said
