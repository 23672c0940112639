"""A secret from a command: the right forms, and every wrong one as one clear error."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from provision.cli.root import run
from provision.errors import SecretError
from provision.model.secret import Secret
from provision.secrets.command import run_command


def shell(script: str, *, limit_s: float = 10.0) -> Secret:
    return run_command(["sh", "-c", script], limit_s=limit_s, show=lambda text: None)


def failure(*words: str, limit_s: float = 10.0) -> SecretError:
    with pytest.raises(SecretError) as caught:
        run_command(words, limit_s=limit_s, show=lambda text: None)
    error = caught.value
    assert error.hint
    assert error.where == f"the secret's command {words[0]}"
    assert "canary" not in f"{error.what} {error.where}"
    return error


@pytest.mark.parametrize("end", ["", "\\n", "\\r\\n"])
def test_the_one_line_that_it_prints_is_the_secret(end: str) -> None:
    assert shell(f"printf 'a \"b$c #é{end}'") == Secret('a "b$c #é')


def test_no_shell_comes_between() -> None:
    words = ["printf", "%s", "$(id) `id` ; 'a' \"b\" | *"]
    assert run_command(words).value == words[2]


def test_the_program_may_be_in_ones_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "give it"
    program.write_text("#!/bin/sh\necho hunter2\n")
    program.chmod(0o700)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run_command(["~/give it"]) == Secret("hunter2")


def test_what_it_says_meanwhile_is_shown_as_it_comes() -> None:
    said: list[str] = []
    script = "printf 'touch the key: ' >&2; sleep 0.2; echo thanks >&2; echo hunter2"
    run_command(["sh", "-c", script], show=said.append)
    assert said == ["touch the key: ", "thanks\n"]


def test_a_command_that_does_not_exist() -> None:
    error = failure("no-such-command", "canary")
    assert error.what == "there is no such command here"
    assert error.exit == 2


def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "it").write_text("canary")
    assert failure(str(tmp_path / "it")).what == "cannot be run: permission denied"
    (tmp_path / "it").chmod(0o700)
    assert failure(str(tmp_path / "it")).what == "cannot be run: exec format error"


def test_a_command_that_fails_is_told_with_its_last_words() -> None:
    script = "echo canary; echo first >&2; echo 'no entry for canary, token=canary' >&2; exit 3"
    assert failure("sh", "-c", script).what == (
        "failed with exit code 3: no entry for ***, token=***"
    )
    assert failure("sh", "-c", "echo canary; exit 4").what == "failed with exit code 4"
    assert failure("sh", "-c", "kill -TERM $$").what == "was ended by signal 15"


@pytest.mark.parametrize("verb", ["up", "plan", "verify"])
def test_a_failure_is_told_before_anybody_is_called(
    verb: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    inventory = tmp_path / "i.yml"
    inventory.write_text("hosts: {192.0.2.1: {auth: {command: no-such-command show x}}}\n")
    assert run([verb, "192.0.2.1", "-I", str(inventory)]) == 2
    said = capfd.readouterr().err
    assert said.startswith("error: the secret's command no-such-command: there is no such command")
    assert "\n  next: install it, or correct its name" in said


@pytest.mark.parametrize(
    ("script", "what"),
    [
        ("true", "printed nothing"),
        ("echo", "printed nothing"),
        ("echo canary; echo canary2", "printed 2 lines, and a secret is one"),
        ("echo; echo canary", "printed 2 lines, and a secret is one"),
        ("printf 'canary\\n\\n'", "printed 2 lines, and a secret is one"),
        ("printf 'canary\\377'", "printed what is no text in UTF-8"),
        ("printf 'can\\033[0mary'", "printed a control character, or a space at an end of"),
        ("printf 'canary\\0'", "printed a control character, or a space at an end of"),
        ("echo ' canary'", "printed a control character, or a space at an end of"),
        ("yes canary", "printed more than any secret"),
    ],
)
def test_what_is_no_secret_is_refused_and_never_told(script: str, what: str) -> None:
    assert failure("sh", "-c", script).what.startswith(what)


def gone(pid: int) -> bool:
    """Whether no such process is at work."""
    try:
        return " Z " in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True


def test_one_that_hangs_is_ended_with_all_that_it_has_started(tmp_path: Path) -> None:
    script = f"sleep 600 & echo $! >{tmp_path}/pid; wait"
    started = time.monotonic()
    assert failure("sh", "-c", script, limit_s=0.5).what == (
        "has not answered in 0 s, and was ended"
    )
    assert time.monotonic() - started < 5
    child = int((tmp_path / "pid").read_text())
    time.sleep(0.2)
    assert gone(child)


def test_one_that_has_closed_its_output_and_hangs_is_ended_too() -> None:
    assert "has not answered" in failure("sh", "-c", "exec >&- 2>&-; sleep 600", limit_s=0.5).what


def test_an_agent_that_it_leaves_behind_is_not_waited_for(tmp_path: Path) -> None:
    started = time.monotonic()
    assert shell(f"sleep 600 & echo $! >{tmp_path}/pid; echo hunter2") == Secret("hunter2")
    assert time.monotonic() - started < 5
    agent = int((tmp_path / "pid").read_text())
    assert not gone(agent)
    os.kill(agent, signal.SIGKILL)


ASKING = """
import fcntl, signal, sys, termios
signal.signal(signal.SIGINT, signal.default_int_handler)  # who started the tests may ignore it
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from provision.errors import SecretError
from provision.secrets.command import run_command
script = "printf 'phrase: ' >/dev/tty; stty -echo </dev/tty; read answer </dev/tty; "
try:
    got = run_command(["sh", "-c", script + sys.argv[1]], limit_s=float(sys.argv[2]))
    print("got", len(got.value))
except SecretError as error:
    print("failed:", error.what)
print("echo", bool(termios.tcgetattr(0)[3] & termios.ECHO))
input("mine again: ")
"""


def at_terminal(after: str, typed: bytes, limit_s: float = 20.0) -> tuple[str, int]:
    """What stands on a terminal where a command asks and goes on with `after`, and how it ended."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", ASKING, after, str(limit_s)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    seen, waiting = "", {"phrase: ": typed, "mine again: ": b"\n"}
    while True:
        try:
            seen += os.read(master, 1024).decode()
        except OSError:  # nobody is at the other end any more
            break
        for question in [question for question in waiting if question in seen]:
            time.sleep(0.3)
            os.write(master, waiting.pop(question))
    os.close(master)
    return seen, process.wait(10)


def test_a_command_may_ask_at_the_terminal_which_is_ours_again_afterwards() -> None:
    seen, code = at_terminal('echo "$answer"', b"hunter2\n")
    assert code == 0, seen
    assert "got 7" in seen
    assert "echo True" in seen
    assert "hunter2" not in seen


def test_one_that_is_ended_while_it_asks_leaves_a_terminal_that_echoes() -> None:
    seen, code = at_terminal("sleep 600", b"hunter2\n", limit_s=1.5)
    assert code == 0, seen
    assert "failed: has not answered in 2 s" in seen
    assert "echo True" in seen


def test_ctrl_c_ends_it_and_us() -> None:
    seen, code = at_terminal("sleep 600", b"hunter2\n\x03")
    assert "KeyboardInterrupt" in seen
    assert "mine again" not in seen
    assert code != 0
