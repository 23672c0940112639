"""Other products, systems and sources of Node.js."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from machines import out
from persons import Person
from test_up_oracle import look_at

from provision.lab import Box


@pytest.fixture
def trixie(make_box: Callable[..., Box]) -> Iterator[Box]:
    box = make_box(image="trixie", majors=(24,))
    yield box
    box.down()


def test_openclaw_on_debian_13_with_node_from_the_official_archive(
    trixie: Box, person: Person, tmp_path: Path
) -> None:
    wish = person.wishing(trixie.name, product="openclaw", node={"source": "tarball"})
    assert wish.run("up", trixie.name).exit == 0
    again = wish.run("up", trixie.name, "--json")
    assert (again.exit, again.planned, again.done) == (0, [], [])
    assert wish.run("verify", trixie.name).exit == 0
    assert " passed" in look_at(trixie, tmp_path)
    assert out(trixie, "ls /opt/clawprov/node").startswith("24.")
