"""A user who is not root becomes it by sudo, or hears why not."""

from __future__ import annotations

import pytest
from home import Home, sudo
from server import Server

from provision.errors import ConnectError
from provision.model.secret import Secret
from provision.model.shell import Sh, sh


def test_a_user_becomes_root_by_sudo_and_others_words_are_no_output(
    home: Home, server: Server
) -> None:
    motd = 'echo \'Welcome to the box\'; [ "$1" = -n ]; shift; exec "$@"'
    server.path = sudo(home, motd, server.path)
    lines: list[str] = []
    with home.logged_in(server, user="alice") as ssh:
        completed = ssh.execute(sh("echo 'sudo: a password is required'; exit 1"), lines.append)
    assert (completed.exit, completed.out) == (1, "sudo: a password is required\n")
    assert lines == ["sudo: a password is required"]


LECTURE = """
We trust you have received the usual lecture from the local System
Administrator. It usually boils down to these three things:

    #1) Respect the privacy of others.
"""


@pytest.mark.parametrize(
    "said",
    [
        "sudo: a password is required",
        "sudo: a terminal is required to read the password; either use the -S option",
        "alice is not in the sudoers file.  This incident will be reported.",
        "Sorry, user alice is not allowed to execute '/usr/bin/sh -s' as root on box.",
        "sudo: /etc/sudo.conf is owned by uid 1000, should be 0",
        LECTURE + "sudo: a password is required",
    ],
)
def test_a_user_who_may_not_become_root_is_told_what_sudo_says(
    home: Home, server: Server, said: str
) -> None:
    server.path = sudo(home, f'cat >&2 <<"E"\n{said}\nE\nexit 1', server.path)
    with home.logged_in(server, user="alice") as ssh, pytest.raises(ConnectError) as caught:
        ssh.execute(sh("echo never"))
    reason = said.splitlines()[-1]
    assert caught.value.what == f"alice may not become root without a password: {reason}"
    assert "NOPASSWD" in caught.value.hint


def test_a_server_without_sudo_says_so(home: Home, server: Server) -> None:
    (home.path / "empty").mkdir()
    for tool in ("sh", "cat"):
        (home.path / "empty" / tool).symlink_to(f"/bin/{tool}")
    server.path = str(home.path / "empty")
    with home.logged_in(server, user="alice") as ssh, pytest.raises(ConnectError) as caught:
        ssh.execute(Sh("echo never\n" * 100_000, ""))
    assert "sudo: not found" in caught.value.what
    assert "log in as root" in caught.value.hint


ASKING = """
case $1 in
  -n) echo 'sudo: a password is required' >&2; exit 1 ;;
  -k) [ "$2 $3" = "-S -p" ] && shift 4 ;;
esac
read -r given
[ "$given" = 'pass word$1' ] || { echo 'Sorry, try again.' >&2; exit 1; }
exec "$@"
"""


def test_a_password_is_asked_for_once_and_is_in_no_command(home: Home, server: Server) -> None:
    server.path = sudo(home, ASKING, server.path)
    asked: list[str] = []

    def ask() -> Secret:
        asked.append("sudo")
        return Secret("pass word$1")

    with home.logged_in(server, user="alice", ask=ask) as ssh:
        said = [ssh.execute(sh("echo {}", f"run {number}")).out for number in (1, 2)]
    assert said == ["run 1\n", "run 2\n"]
    assert asked == ["sudo"]
    assert not [command for command in server.execs if "pass word" in command]


def test_a_wrong_password_ends_it(home: Home, server: Server) -> None:
    server.path = sudo(home, ASKING, server.path)
    with (
        home.logged_in(server, user="alice", ask=lambda: Secret("wrong")) as ssh,
        pytest.raises(ConnectError) as caught,
    ):
        ssh.execute(sh("echo never"))
    assert "Sorry, try again." in caught.value.what
