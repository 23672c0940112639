"""Scripts that go to a real shell over a real SSH connection, and what comes back."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from home import Home, sudo
from server import Server

from provision.errors import ConnectError
from provision.model.shell import Sh, sh


def test_a_script_of_a_megabyte_goes_through_in_a_second(home: Home, server: Server) -> None:
    comment = "# " + "x" * 98 + "\n"
    script = sh("{}", Sh(comment * 10_000 + "echo done\nexit 3\n", ""))
    with home.logged_in(server) as ssh:
        started = time.monotonic()
        completed = ssh.execute(script)
        seconds = time.monotonic() - started
    assert (completed.exit, completed.out) == (3, "done\n")
    assert server.scripts == [script.text]
    assert seconds < 2


def test_five_megabytes_of_output_come_line_by_line(home: Home, server: Server) -> None:
    lines: list[str] = []
    with home.logged_in(server) as ssh:
        completed = ssh.execute(sh("seq -f %0100g 50000"), lines.append)
    assert len(completed.out) == 101 * 50_000
    assert lines == completed.out.splitlines()


def test_lines_arrive_while_the_script_runs(home: Home, server: Server) -> None:
    seen: list[float] = []
    with home.logged_in(server) as ssh:
        ssh.execute(sh("echo 1; sleep 0.4; echo 2"), lambda line: seen.append(time.monotonic()))
    assert seen[1] - seen[0] > 0.2


def test_the_last_line_counts_also_without_a_newline(home: Home, server: Server) -> None:
    lines: list[str] = []
    with home.logged_in(server) as ssh:
        assert ssh.execute(sh("echo 1; printf 2"), lines.append).out == "1\n2"
    assert lines == ["1", "2"]


def test_a_letter_that_is_split_between_packets_stays_whole(home: Home, server: Server) -> None:
    lines: list[str] = []
    split = sh(r"printf 'a\303'; sleep 0.1; printf '\244\360\237'; sleep 0.1; printf '\246\236\n'")
    with home.logged_in(server) as ssh:
        assert ssh.execute(split, lines.append).out == "aä🦞\n"
        assert ssh.execute(sh(r"printf '\377ok'")).out == "\N{REPLACEMENT CHARACTER}ok"
    assert lines == ["aä🦞"]


def test_an_error_keeps_its_place_between_the_lines_of_output(home: Home, server: Server) -> None:
    script = sh("echo 1; echo 2 >&2; ls /nowhere >/dev/null; echo 4")
    for user in ("root", "alice"):
        server.path = sudo(home, 'shift; exec "$@"', os.environ["PATH"])
        with home.logged_in(server, user=user) as ssh:
            lines = ssh.execute(script).out.splitlines()
        assert [line for line in lines if "nowhere" not in line] == ["1", "2", "4"]
        assert "nowhere" in lines[2]


def test_errors_and_output_share_one_stream_and_never_block_each_other(
    home: Home, server: Server
) -> None:
    loud = sh("i=0; while [ $i -lt 3 ]; do seq -f %0100g 10000; seq 200000 >&2; i=$((i+1)); done")
    with home.logged_in(server) as ssh:
        assert len(ssh.execute(loud).out) > 6_000_000


def test_a_shell_that_ends_early_leaves_the_rest_of_its_script(home: Home, server: Server) -> None:
    with home.logged_in(server) as ssh:
        completed = ssh.execute(Sh("echo no; exit 7\n" + "# filler\n" * 500_000, ""))
    assert (completed.exit, completed.out) == (7, "no\n")


def test_many_scripts_share_one_connection(home: Home, server: Server) -> None:
    with home.logged_in(server) as ssh:
        assert [ssh.execute(sh("exit {}", n)).exit for n in range(5)] == list(range(5))
    assert server.connections == 1
    assert server.execs == ["sh -c 'echo clawprov is root; exec sh -s 2>&1'"] * 5


def test_nothing_of_a_script_shows_in_any_process_list(home: Home, server: Server) -> None:
    look = "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'"
    script = Sh(f": hush-hush; t=$({look}); case $t in *hush''-hush*) echo seen ;; esac", "")
    with home.logged_in(server) as ssh:
        assert ssh.execute(script).out == ""
    with home.logged_in(server, user="alice") as ssh:
        server.path = sudo(home, 'shift; exec "$@"', server.path)
        assert ssh.execute(script).out == ""
    assert "hush-hush" not in "".join(server.execs)


def test_a_script_that_is_cut_on_its_way_runs_nothing(home: Home, tmp_path: Path) -> None:
    from provision.engine.frames import whole

    script = whole(sh("touch {}\n{}", str(tmp_path / "ran"), Sh(": filler\n" * 50_000, "")), "n")
    for at in (100, len(script.text) // 2, len(script.text) - 6):
        with home.server("cut upload", at=at).serving() as server:
            with home.logged_in(server) as ssh, pytest.raises(ConnectError, match="lost"):
                ssh.execute(script)
            server.processes[0].wait(10)
    assert not (tmp_path / "ran").exists()


def test_a_cut_connection_is_told_with_what_to_do(home: Home) -> None:
    with (
        home.server("cut output", at=len("clawprov is root\n") + 20).serving() as server,
        home.logged_in(server) as ssh,
    ):
        lines: list[str] = []
        with pytest.raises(ConnectError, match="the connection was lost") as caught:
            ssh.execute(sh("seq 100; sleep 60"), lines.append)
        assert "run the same command again" in caught.value.hint
        assert lines[:3] == ["1", "2", "3"]
        with pytest.raises(ConnectError, match="the connection was lost"):
            ssh.execute(sh("true"))
        with pytest.raises(ConnectError, match="the connection was lost"):
            ssh.open_stream(1)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("no channel", "the connection was lost"),
        ("no exec", "the connection was lost"),
        ("frozen", "the connection was lost"),
        ("cut exec", "the connection was lost"),
        ("no status", "the server ended our shell before it was through"),
    ],
)
def test_a_server_that_does_not_answer_is_given_up(home: Home, fault: str, told: str) -> None:
    with home.server(fault, at=1).serving() as server:  # type: ignore[arg-type]
        started = time.monotonic()
        with home.logged_in(server, patience=0.4) as ssh, pytest.raises(ConnectError) as caught:
            ssh.execute(sh("echo begun; [ {} != frozen ] || sleep 60", fault))
        assert time.monotonic() - started < 4
    assert caught.value.what.startswith(told)
    assert caught.value.hint


def test_a_script_may_be_silent_as_long_as_the_server_answers(home: Home, server: Server) -> None:
    with home.logged_in(server, patience=0.2) as ssh:
        assert ssh.execute(sh("sleep 1.5; echo done")).out == "done\n"
