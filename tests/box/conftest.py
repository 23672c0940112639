"""Boxes for tests: real machines, taken down by whoever made them."""

from __future__ import annotations

import itertools
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from desk import USER, Desk

from provision.lab import Box, Lab, missing

FOLDER = Path(os.environ.get("CLAWPROV_LAB") or "/var/tmp/clawprov-lab")


@pytest.fixture(scope="session")
def lab() -> Lab:
    """The lab of this machine, which other people may be using at the same time."""
    lacks = missing()
    if lacks:
        pytest.skip(f"this machine cannot run boxes, it lacks: {', '.join(lacks)}")
    return Lab(FOLDER)


@pytest.fixture(scope="session")
def box_names() -> Iterator[str]:
    """Names no other session uses."""
    session = secrets.token_hex(3)
    return (f"t{session}-{number}" for number in itertools.count(1))


@pytest.fixture
def box(lab: Lab, box_names: Iterator[str]) -> Iterator[Callable[..., Box]]:
    """`box(name=..., **options)` starts a box that goes when the test ends."""
    made = []

    def start(name: str = "", **options: Any) -> Box:
        name = name or next(box_names)
        assert lab.find(name) is None, f"box {name} is somebody else's"
        made.append(name)
        return lab.up(name, **options)

    yield start
    for name in made:
        if lab.find(name) is not None:
            lab.down(name)


@pytest.fixture(scope="session")
def desk(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A laptop with clawprov on it, for all tests that need one."""
    name = f"t{secrets.token_hex(3)}-desk"
    desk = Desk(lab.up(name, user=USER))
    try:
        desk.install(tmp_path_factory.mktemp("wheel"))
        yield desk
    finally:
        lab.down(name)
