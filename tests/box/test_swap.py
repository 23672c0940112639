"""The swap file of an installation on a small server, on this machine's own kernel.

Boxes may not swap, so the very shell text of the step runs here, with a file of its own.
"""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from provision.engine.frames import equipped, whole
from provision.model.shell import joined, sh
from provision.resources.release import _SWAP


def used() -> str:
    return Path("/proc/swaps").read_text()


@pytest.fixture
def script(tmp_path: Path) -> str:
    """A step that has its swap file for as long as `sleep` runs."""
    if os.geteuid():
        pytest.skip("only root may swap")
    step = sh("(\nset -e\n{}\ncat /proc/swaps; sleep 2\n) </dev/null\nexit $?", _SWAP)
    text = whole(equipped(joined([step])), "nonce").text
    own = text.replace("/var/lib/clawprov/swap", str(tmp_path / "swap")).replace("-l 1G", "-l 64M")
    assert own != text
    return own


def test_it_is_there_while_the_step_runs_and_gone_afterwards(script: str, tmp_path: Path) -> None:
    done = subprocess.run(["sh"], input=script, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr
    assert str(tmp_path / "swap") in done.stdout
    assert str(tmp_path) not in used()
    assert list(tmp_path.iterdir()) == []


def test_it_goes_too_when_the_step_is_ended(script: str, tmp_path: Path) -> None:
    running = subprocess.Popen(["sh", "-c", script], start_new_session=True)
    deadline = time.monotonic() + 10
    while str(tmp_path) not in used():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGTERM)
    running.wait(10)
    while str(tmp_path) in used():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert list(tmp_path.iterdir()) == []
