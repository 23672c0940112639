"""Judges of rendered files that are not ours."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SHELLS = (["dash"], ["bash", "--posix"], ["busybox", "sh"])
# What shellcheck cannot know about our scripts:
UNKNOWABLE = (
    "SC1091",  # it cannot follow the environment file of the wrapper
    "SC2034",  # `set -a` exports what the wrapper sets
    "SC1010",  # `frame done` ends no loop
    "SC2046",  # the words of uname and id have no spaces
)


def need(tool: str) -> str:
    """The tool's path; without it the test skips here, and fails in CI."""
    path = shutil.which(tool)
    if path is None and not os.environ.get("CI"):
        pytest.skip(f"{tool} is not installed")
    assert path, f"{tool} must be installed in CI"
    return path


def verify(unit: str, folder: Path) -> str:
    """What systemd says about a unit, "" when it is content."""
    path = folder / "judged-gateway.service"
    path.write_text(unit)
    said = subprocess.run(
        [need("systemd-analyze"), "verify", "--recursive-errors=no", str(path)],
        capture_output=True,
        text=True,
        timeout=30,
    )
    lines = (said.stdout + said.stderr).splitlines()
    mine = [line for line in lines if "judged-gateway" in line or said.returncode]
    return "\n".join(mine)


def shellcheck(script: str) -> str:
    """What shellcheck finds in a script, "" when it is content."""
    words = ["--shell=dash", "--severity=warning", "-e", ",".join(UNKNOWABLE), "-f", "gcc", "-"]
    command = [need("shellcheck"), *words]
    return subprocess.run(command, input=script, capture_output=True, text=True).stdout
