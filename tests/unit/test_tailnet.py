"""A node as Tailscale tells of it, and a person who is asked to log it in."""

from __future__ import annotations

import io
import json
from os import terminal_size

import pytest

from provision.engine.watch import Watch
from provision.model.facts import Facts, Reading
from provision.model.plan import Change
from provision.model.secret import Secret
from provision.model.tailnet import CONTROL, Node, parse_node, same_control
from provision.resources.tailnet import Join
from provision.ui.code import draw_code
from provision.ui.progress import Steps
from provision.ui.style import Style
from tests.unit.fake_machine import Diary

URL = "https://login.tailscale.com/a/0123456789abcd"
SCREEN = terminal_size((80, 40))
STATUS = {
    "Version": "1.102.3-t53a0d659",
    "BackendState": "Running",
    "HaveNodeKey": True,
    "TailscaleIPs": ["100.64.0.1", "fd7a:115c:a1e0::1"],
    "Self": {
        "DNSName": "vps1-1.tail1abcd.ts.net.",
        "UserID": 7,
        "Tags": ["tag:gateway"],
        "CapMap": {"https": None, "https://tailscale.com/cap/funnel-ports?ports=443": None},
        "KeyExpiry": "2027-05-22T10:00:00Z",
    },
    "CertDomains": ["vps1-1.tail1abcd.ts.net"],
    "CurrentTailnet": {"Name": "example.com", "MagicDNSEnabled": True},
    "User": {"7": {"LoginName": "alice@example.com"}},
}
PREFS = {"ControlURL": "https://head.example.org/", "Hostname": "vps1", "OperatorUser": "claw"}


def test_a_node_is_what_tailscale_tells_of_it() -> None:
    node = parse_node(f"Warning: client version\n{json.dumps(STATUS)}", json.dumps(PREFS))
    assert node.joined
    assert (node.state, node.version, node.name) == (
        "Running",
        "1.102.3",
        "vps1-1.tail1abcd.ts.net",
    )
    assert node.ips == ("100.64.0.1", "fd7a:115c:a1e0::1")
    assert node.caps >= {"https"}
    assert node.cert_domains == ("vps1-1.tail1abcd.ts.net",)
    assert (node.tags, node.user) == (("tag:gateway",), "alice@example.com")
    assert (node.tailnet, node.magic_dns) == ("example.com", True)
    assert node.key_expiry == 1810980000
    assert (node.hostname, node.operator) == ("vps1", "claw")
    assert node.control_url == "https://head.example.org"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"Self": null}', '{"Health": [1], "User": []}'])
def test_what_is_missing_or_strange_counts_as_not_said(text: str) -> None:
    assert parse_node(text, text) == Node(prefs=parse_node("", text).prefs)
    assert not parse_node(text, text).joined


@pytest.mark.parametrize("name", ["", "https://login.tailscale.com", CONTROL, f"{CONTROL}/"])
def test_tailscales_own_control_server_has_several_names(name: str) -> None:
    assert same_control(name) == CONTROL


def found(join: Join) -> Change:
    change = join.diff(Facts({join.id: Reading(0, "status=\n\nprefs=\n")}))
    assert isinstance(change, Change)
    return change


def test_an_auth_key_is_in_no_word_of_a_command() -> None:
    (command,) = found(Join(Secret("tskey-auth-k1"))).commands
    lines = command.text.splitlines()
    assert lines.count("tskey-auth-k1") == 1
    assert [line for line in lines if "tskey" in line] == ["tskey-auth-k1"]
    assert "tskey" not in str(command)


def test_an_oauth_secret_lets_in_a_machine_that_stays() -> None:
    command, _ = found(Join(Secret("tskey-client-k1"), ("tag:gateway",))).commands
    assert "tskey-client-k1?ephemeral=false&preauthorized=true\n" in command.text
    own, _ = found(Join(Secret("tskey-client-k1?ephemeral=true"), ("tag:gateway",))).commands
    assert "tskey-client-k1?ephemeral=true\n" in own.text


def test_what_a_server_asks_of_a_person_reaches_them() -> None:
    diary = Diary()
    watch = Watch("00ff", (), diary)
    for line in ("00ff begin tailnet:join", f"00ff ask log it in: {URL}", "~ 9:59 left", "?"):
        watch.line(line)
    assert diary.told == ["step tailnet:join", f"ask log it in: {URL}", "detail 9:59 left"]
    assert watch.word == ""


class Screen(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_elsewhere_than_on_a_terminal_the_url_stands_alone() -> None:
    stream = io.StringIO()
    Steps(stream, Style(False)).ask("log it in:", URL)
    assert stream.getvalue() == f"log it in:\n  {URL}\n"


def test_a_server_cannot_paint_with_what_it_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    stream = Screen()
    Steps(stream, Style(False)).ask("log\x1b[2J it in:", f"{URL}\x07")
    assert stream.getvalue().removeprefix("\r\x1b[K") == f"log it in:\n  {URL}\n"


def test_a_code_has_the_same_colours_on_dark_and_on_light() -> None:
    lines = draw_code(URL, Style(True), SCREEN, "utf-8").splitlines()
    assert len(lines) > 10
    assert {(line[:8], line[-4:]) for line in lines} == {("\x1b[97;40m", "\x1b[0m")}


@pytest.mark.parametrize(
    ("room", "encoding"),
    [(terminal_size((30, 40)), "utf-8"), (terminal_size((80, 15)), "utf-8"), (SCREEN, "ascii")],
)
def test_a_code_that_has_no_room_is_left_out(room: terminal_size, encoding: str) -> None:
    assert draw_code(URL, Style(True), room, encoding) == ""


def test_a_login_that_ends_in_the_year_1_never_ends() -> None:
    assert parse_node('{"Self": {"KeyExpiry": "0001-01-01T00:00:00Z"}}').key_expiry is None
