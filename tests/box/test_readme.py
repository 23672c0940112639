"""What the README shows is run, word by word."""

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from provision.lab import Lab

ROOT = Path(__file__).parents[2]
BOX = "t-readme"
BLOCKS = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)
LINES = [line.partition("#")[0].strip() for block in BLOCKS for line in block.splitlines()]


def make(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "-C", str(ROOT), *words], capture_output=True, text=True, timeout=600
    )


@pytest.fixture(scope="module")
def demo(lab: Lab):
    """The box that `make demo` makes, with what it printed."""
    done = make("demo", f"BOX={BOX}")
    yield done
    if lab.find(BOX):
        lab.down(BOX)


def test_make_demo_ends_with_the_proof_and_with_what_to_do_next(demo):
    assert demo.returncode == 0, demo.stderr[-2000:]
    assert "✓ proved: clawdbot" in demo.stdout
    assert "a wrong secret and none are refused" in demo.stdout
    assert "make demo-down" in demo.stdout


def test_make_demo_again_changes_nothing(demo):
    again = make("demo", f"BOX={BOX}")
    assert again.returncode == 0
    assert "✓ proved: clawdbot" in again.stdout
    assert "release:clawdbot" not in again.stderr


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("make ")])
def test_make_knows_the_targets_that_the_readme_names(line):
    assert make("-n", *shlex.split(line)[1:]).returncode == 0


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("clawprov ")])
def test_a_command_of_the_readme_works_on_a_box(demo, line):
    answer = json.loads((ROOT / f".venv/{BOX}.json").read_text())
    words = [BOX if word == "root@203.0.113.7" else word for word in shlex.split(line)]
    command = [str(ROOT / ".venv/bin" / words[0]), *words[1:], "-I", answer["inventory"]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=os.environ)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_readme_shows_commands_at_all():
    assert len([line for line in LINES if line.startswith("clawprov ")]) >= 5
