"""What runs before our shell, and what it says is no output of ours."""

from __future__ import annotations

import os

import pytest
from home import Home, sudo
from server import Server

from provision.errors import ConnectError
from provision.model.shell import Sh, sh

CLOUD = """
echo 'Please login as the user "ubuntu" rather than the user "root".'; echo; exit 142
"""


def refusal(home: Home, server: Server, user: str = "root") -> ConnectError:
    with home.logged_in(server, user=user) as ssh, pytest.raises(ConnectError) as caught:
        ssh.execute(Sh("echo never\n" * 100_000, ""))
    assert caught.value.where == "box"
    return caught.value


@pytest.mark.parametrize("user", ["root", "alice"])
@pytest.mark.parametrize(
    "login",
    [
        "echo Welcome; echo",
        "printf 'no newline: '",
        "echo warning: setlocale >&2",
        "printf 'a\\303' >&2; seq 200000 >&2",
        "seq 50000",
    ],
)
def test_what_a_login_shell_says_is_no_output(
    home: Home, server: Server, user: str, login: str
) -> None:
    server.path = sudo(home, 'shift; exec "$@"', os.environ["PATH"])
    server.login = login
    lines: list[str] = []
    with home.logged_in(server, user=user) as ssh:
        completed = ssh.execute(sh("echo 1; echo 2 >&2; exit 3"), lines.append)
    assert (completed.exit, completed.out) == (3, "1\n2\n")
    assert lines == ["1", "2"]


def test_a_cloud_image_that_forbids_root_names_the_user_to_log_in_as(
    home: Home, server: Server
) -> None:
    server.login = CLOUD
    error = refusal(home, server)
    said = 'Please login as the user "ubuntu" rather than the user "root".'
    assert error.what == f"it gives root no shell: {said}"
    assert f"ubuntu@127.0.0.1:{server.port} " in error.hint
    assert not error.log


def test_the_user_is_found_also_behind_what_others_say(home: Home, server: Server) -> None:
    server.login = f"echo locale >&2; echo Hi; {CLOUD.strip()}"
    error = refusal(home, server, user="admin")
    assert "ubuntu@127.0.0.1" in error.hint
    assert error.log == ("Hi", error.what.partition(": ")[2], "locale")


@pytest.mark.parametrize(
    ("login", "reason"),
    [
        ("echo This account is currently not available.; exit 1", "This account is currently not"),
        ("echo Your password has expired. >&2; exit 1", "Your password has expired."),
        ("echo hello; exit 0", "hello"),
        ("exit 0", "and says nothing"),
        (CLOUD.replace("ubuntu", "NONE"), "Please login as"),
        (CLOUD.replace("ubuntu", "-oProxyCommand=x"), "Please login as"),
        ("seq 100000; exit 1", "100000"),
    ],
)
def test_a_root_without_a_shell_shows_why(
    home: Home, server: Server, login: str, reason: str
) -> None:
    server.login = login
    error = refusal(home, server)
    assert error.what.startswith(f"it gives root no shell: {reason}")
    assert f"log in as another user: USER@127.0.0.1:{server.port} " in error.hint
    assert len(error.log) <= 10


def test_a_cut_before_our_shell_begins_is_a_lost_connection(home: Home) -> None:
    with home.server("cut output", at=5).serving() as server:
        server.login = "echo Welcome to the box"
        error = refusal(home, server)
    assert "lost" in error.what
