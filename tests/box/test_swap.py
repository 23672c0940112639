"""Swap files on this machine's own kernel: that of an installation, and the lasting one.

Boxes may not swap, so the very shell text of the steps runs here, with files of its own.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from provision.engine.frames import equipped, pack_changes, pack_probes, unpack, whole
from provision.model.facts import Facts
from provision.model.plan import Change
from provision.model.shell import Sh, joined, sh
from provision.resources import swap
from provision.resources.release import _SWAP
from provision.resources.swap import Swap


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


# What systemd does with a swap unit.
SYSTEMCTL = """
systemctl() {
  case $* in
    enable*) swapon FILE && : >ENABLED ;;
    disable*) rm -f ENABLED ;;
    is-enabled*) [ ! -e ENABLED ] || echo enabled ;;
  esac
}
"""


class Kernel:
    """This machine, with a lasting swap file in a folder of the test."""

    def __init__(self, folder: Path) -> None:
        self.file, self.enabled = folder / "swapfile", folder / "enabled"
        self.own = {swap.PATH: str(self.file), "/etc/systemd/system": str(folder)}
        self.own["systemd-detect-virt --container"] = "echo none"

    def run(self, script: Sh) -> str:
        text = SYSTEMCTL.replace("FILE", str(self.file)).replace("ENABLED", str(self.enabled))
        text += script.text
        for theirs, ours in self.own.items():
            text = text.replace(theirs, ours)
        return subprocess.run(
            ["sh"], input=text, capture_output=True, text=True, timeout=60, check=False
        ).stdout

    def diff(self, wish: Swap) -> Change | None:
        return wish.diff(Facts(unpack(self.run(pack_probes([wish.probe()], "nonce")), "nonce")))

    def make(self, wish: Swap) -> bool:
        change = self.diff(wish)
        assert change
        return "nonce end 0\n" in self.run(whole(equipped(pack_changes([change])), "nonce"))


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    if os.geteuid():
        pytest.skip("only root may swap")
    if "\n" in used().strip():
        pytest.skip("this machine swaps already")
    kernel = Kernel(tmp_path)
    yield kernel
    subprocess.run(["swapoff", str(kernel.file)], capture_output=True)


def test_lasting_swap_is_made_once_and_grows_when_more_is_wished(kernel: Kernel) -> None:
    assert kernel.make(Swap("64M"))
    assert f"{kernel.file} " in used()
    assert kernel.file.stat().st_mode & 0o777 == 0o600
    assert kernel.diff(Swap("64M")) is None
    larger = kernel.diff(Swap("96M"))
    assert larger
    assert (larger.verb, larger.why) == ("update", "64 MB are there")
    assert kernel.make(Swap("96M"))
    assert kernel.file.stat().st_size == 96 * 2**20
    assert kernel.diff(Swap("96M")) is None
    kernel.enabled.unlink()
    lost = kernel.diff(Swap("96M"))
    assert lost
    assert lost.why == "gone after the next boot"


def test_swap_for_which_there_is_no_room_leaves_nothing(kernel: Kernel) -> None:
    assert not kernel.make(Swap("90000G"))
    assert not kernel.file.exists()
