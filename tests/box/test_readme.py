"""What the README shows is run, word by word."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml
from desk import CLAWPROV, Desk

from provision.lab import Box, Lab

ROOT = Path(__file__).parents[2]
BOX, READER = "t-readme", "rita"
BLOCKS = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)
LINES = [line.partition("#")[0].strip() for block in BLOCKS for line in block.splitlines()]
COMMANDS = [line for line in LINES if line.startswith("clawprov ")]


def make(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "-C", str(ROOT), *words]
    own = os.environ | {"HOME": str(home), "XDG_CONFIG_HOME": f"{home}/.config"}
    return subprocess.run(command, capture_output=True, text=True, timeout=600, env=own)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of somebody who has never typed `make demo`."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def demo(lab: Lab, home: Path):
    """The box that `make demo` makes, with what it printed."""
    done = make(home, "demo", f"BOX={BOX}")
    yield done
    if lab.find(BOX):
        lab.down(BOX)


@pytest.fixture
def reader(lab: Lab, demo, desk: Desk):
    """`reader(COMMAND)` is what a new user of a laptop gets to see, who knows the demo's box."""
    box: Box = desk.box
    entry = yaml.safe_load(lab.folder.inventory.read_text())["hosts"][BOX]
    files = {"admin": box.identity, "node.asc": Path(entry["node"]["key"])}
    entry |= {"identity": "~/admin", "node": entry["node"] | {"key": "~/node.asc"}}
    del entry["tailscale"]
    root(box, f"useradd -m -s /bin/bash {READER} && loginctl enable-linger {READER}")
    root(box, f"cp -r /home/{desk.box.user}/.ssh /home/{READER}/")
    desk.put(f"/home/{READER}/clawprov.yml", yaml.safe_dump({"hosts": {BOX: entry}}).encode())
    for name, file in files.items():
        desk.put(f"/home/{READER}/{name}", file.read_bytes())
    root(box, f"chmod 600 ~{READER}/admin; chown -R {READER}: /home/{READER}")

    def run(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            box.ssh(command, user=READER),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
        )

    yield run
    root(box, f"loginctl terminate-user {READER}; loginctl disable-linger {READER}")
    root(box, f"systemctl unmask --quiet --runtime user@$(id -u {READER})")
    root(box, f"pkill -9 -u {READER}; until userdel -rf {READER} 2>/dev/null; do sleep 0.2; done")


def root(box: Box, command: str) -> None:
    done = box.run(command)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


def test_make_demo_ends_with_the_proof_and_with_what_to_do_next(demo):
    assert demo.returncode == 0, demo.stderr[-2000:]
    assert "✓ proved: clawdbot" in demo.stdout
    assert "a wrong secret and none are refused" in demo.stdout
    assert "make demo-down" in demo.stdout


def test_make_demo_again_changes_nothing(demo, home):
    again = make(home, "demo", f"BOX={BOX}")
    assert again.returncode == 0
    assert "✓ proved: clawdbot" in again.stdout
    assert "release:clawdbot" not in again.stderr


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("make ")])
def test_make_knows_the_targets_that_the_readme_names(home, line):
    assert make(home, "-n", *shlex.split(line)[1:]).returncode == 0


def test_the_commands_of_the_readme_work_one_after_the_other(reader):
    assert len(COMMANDS) >= 5
    for line in COMMANDS:
        done = reader(typed(line))
        assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
        assert done.stdout, line


def test_where_nothing_keeps_a_tunnel_running_the_reader_starts_what_is_told(reader, desk):
    """As on a machine without a systemd for users."""
    root(desk.box, f"systemctl mask --quiet --runtime --now user@$(id -u {READER})")
    up, state, page = (
        f"{CLAWPROV} {words} {BOX} -I clawprov.yml"
        for words in ("tunnel up", "tunnel status", "open")
    )
    made = reader(up)
    assert made.returncode == 0, made.stdout + made.stderr
    assert "start it yourself" in made.stdout
    assert (reader(state).returncode, reader(page).returncode) == (7, 4)  # nothing has started it
    told = re.search(r"until sh ~/\.ssh/clawprov/\S+\.sh; do .*; done", made.stdout)
    assert told, made.stdout
    try:
        reader(f"nohup setsid sh -c {shlex.quote(told[0])} >/dev/null 2>&1 &")
        opened = f"for n in $(seq 20); do {page} && exit; sleep 0.3; done; exit 1"
        for _ in ("as it was started", "after ssh has been killed"):
            done = reader(opened)
            assert done.returncode == 0, done.stdout + done.stderr
            assert "http://127.0.0.1:" in done.stdout
            told_state = reader(state)
            assert told_state.returncode == 0, told_state.stdout + told_state.stderr
            root(desk.box, f"pkill -9 -x -u {READER} ssh")
    finally:
        root(desk.box, f"pkill -u {READER} -f '^sh -c until'; pkill -x -u {READER} ssh; :")


def typed(line: str) -> str:
    """A command of the README as the reader types it, with the name of a server that is there."""
    verb, host, rest = line.partition(" root@203.0.113.7")
    return f"{verb.replace('clawprov', CLAWPROV, 1)} -I clawprov.yml {BOX if host else ''}{rest}"
