"""A folder that stands for a server."""

from __future__ import annotations

import os
import stat
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from provision.model.shell import Sh

SHELLS = {"dash": ["dash"], "bash": ["bash"], "busybox": ["busybox", "sh"]}


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
