"""The shell tier: the real scripts in real shells, in a folder of their own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from place import SHELLS, Place


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
