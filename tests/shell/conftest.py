"""The shell tier: the real scripts in real shells, in a folder of their own."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from provision.model.shell import Sh

SHELLS = {"dash": ["dash"], "bash": ["bash"], "busybox": ["busybox", "sh"]}
OWN = f"{os.getuid()}:{os.getgid()}"


@dataclass
class Place:
    """A folder that stands for a server: scripts see it where they look for ours.

    `fakes` are programs that scripts find first; `shell` is what runs them, fed on standard input.
    """

    root: Path
    shell: list[str]
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def fakes(self) -> Path:
        return self.root / "fakes"

    def fake(self, name: str, body: str) -> None:
        """A program `name` that is found before the real one; `$ROOT` is this place."""
        path = self.fakes / name
        path.write_text(f"#!/bin/dash\nROOT={self.root}\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def moved(self, text: str) -> str:
        """A script that finds our folders and the fakes here."""
        moved = text.replace("/var/lib/clawprov", f"{self.root}/var").replace(
            "/run/clawprov", f"{self.root}/run"
        )
        return moved.replace("\nPATH=", f"\nPATH={self.fakes}:", 1)

    def run(self, script: Sh | str) -> str:
        """What the shell prints for the script, errors included, as a transport would hand it."""
        text = self.moved(script.text if isinstance(script, Sh) else script)
        done = subprocess.run(
            self.shell,
            input=text.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.root,
            env=os.environ | self.environment,
            timeout=20,
        )
        return done.stdout.decode(errors="replace")


@pytest.fixture(params=SHELLS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """One place for each shell; busybox may be missing here, but not in CI."""
    name = request.param
    if shutil.which(SHELLS[name][0]) is None:
        if not os.environ.get("CI"):
            pytest.skip(f"{name} is not installed")
        pytest.fail(f"{name} must be installed in CI")
    for folder in ("fakes", "var", "run"):
        (tmp_path / folder).mkdir()
    return Place(tmp_path, SHELLS[name])
