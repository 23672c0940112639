"""testinfra looks at a server that `up` has made, and shares no code with our own checks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from machines import Server, listeners
from persons import Person

from provision.lab import Box

SMOKE = Path(__file__).parents[2] / "smoke"


def write_config(box: Box, folder: Path) -> Path:
    """What leads ssh to a box by its name, over one connection for all that is asked."""
    config = folder / "ssh_config"
    config.write_text(
        f"Host {box.name}\n  HostName {box.address}\n  User {box.user}\n"
        f"  IdentityFile {box.identity}\n  IdentitiesOnly yes\n"
        f"  UserKnownHostsFile {box.known_hosts}\n"
        f"  ControlPath /tmp/{box.name}.ssh\n"  # below `folder` it would be too long
    )
    return config


def look_at(box: Box, folder: Path, *words: str) -> str:
    """The smoke tests as a user runs them, over SSH; all of them have passed."""
    return look_with(write_config(box, folder), box.name, *words)


def look_with(config: Path, name: str, *words: str) -> str:
    """The same, of a host that an ssh config knows."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(SMOKE)]
    command += [f"--hosts=ssh://{name}", f"--ssh-config={config}", *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=SMOKE.parents[1])
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_testinfra_agrees_as_a_user_with_sudo(yard: Box, person: Person, tmp_path: Path) -> None:
    assert person.run("up", yard.name).exit == 0
    assert " passed" in look_at(yard, tmp_path, "--sudo", "-k", "files or service or command")


def test_nothing_else_listens_than_before(server: Server) -> None:
    new = listeners(server.box) - server.listened
    assert new == {"tcp 127.0.0.1:18789", "tcp [::1]:18789"}
