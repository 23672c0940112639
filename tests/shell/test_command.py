"""The command as a process: what a person's shell sees of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = str(Path(sys.executable).with_name("clawprov"))


def run(*arguments: str, shell: str = "") -> subprocess.CompletedProcess[str]:
    command = ["bash", "-o", "pipefail", "-c", shell] if shell else [COMMAND, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=20)


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_needs_nothing_of_what_the_verbs_need(arguments: list[str]) -> None:
    script = (
        "import sys; sys.argv = ['clawprov', *sys.argv[1:]]; from provision.cli import main; "
        "code = main(); heavy = {'click', 'fabric', 'paramiko', 'jinja2', 'yaml'}; "
        "sys.exit(code or bool(heavy & {*sys.modules}))"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=20
    )
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("Usage: clawprov VERB")


def test_the_version_is_told() -> None:
    said = run("--version")
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("clawprov ")


def test_an_exit_code_reaches_the_shell() -> None:
    assert run("frobnicate").returncode == 2
    assert run("render", "box", "-I", "/nowhere.yml").returncode == 3


def test_a_reader_that_leaves_early_is_no_failure() -> None:
    said = run(shell=f"{COMMAND} render 192.0.2.1 | head -n 1")
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("# /")


def test_a_pipe_gets_no_escape_codes() -> None:
    said = run("render", "192.0.2.1", "no-such-file")
    assert said.returncode == 2
    assert "\x1b" not in said.stdout + said.stderr


@pytest.mark.parametrize("rest", ["", "--json"])
def test_an_answer_larger_than_a_pipe_may_be_left_early(rest: str) -> None:
    said = run(shell=f"{COMMAND} render 192.0.2.1 {rest} | true")
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")
