"""Every file of every wish, byte for byte."""

from __future__ import annotations

import json
from pathlib import PurePosixPath

import pytest
from fresh_box import PRODUCTS, WISHES, Wish, name_of
from stored import FILES, Golden

from provision.model.secret import reveal


def stored_as(path: str, wish: Wish) -> str:
    """Where the golden copy of a file lies: by what it depends on, and by nothing else."""
    host, name = wish.host, PurePosixPath(path).name
    if name.endswith(".service"):
        return f"{host.product}/{host.profile}-{host.node.source}/{name}"
    if name.endswith(".json"):
        return f"{host.product}/{host.auth.mode}/{name}"
    if path.startswith("/usr/local/bin/"):
        return f"{host.product}/{host.node.source}/{name}"
    return f"{host.product}/{name}"


@pytest.mark.parametrize("wish", WISHES, ids=name_of)
def test_what_is_rendered_is_what_is_stored(wish: Wish, golden: Golden) -> None:
    for file in wish.gateway.files:
        golden.compare(stored_as(file.path, wish), reveal(file.content))


@pytest.mark.parametrize("wish", WISHES, ids=name_of)
def test_a_configuration_is_json(wish: Wish) -> None:
    (config,) = [f for f in wish.gateway.files if f.path.endswith(".json")]
    assert isinstance(json.loads(reveal(config.content)), dict)
    assert json.dumps(json.loads(reveal(config.content)), indent=2) + "\n" == reveal(config.content)


@pytest.mark.parametrize("wish", WISHES, ids=name_of)
def test_every_file_ends_with_one_newline(wish: Wish) -> None:
    ends = {file.path: reveal(file.content)[-2:] for file in wish.gateway.files}
    assert [path for path, end in ends.items() if end[-1] != "\n" or end == "\n\n"] == []


@pytest.mark.parametrize("wish", WISHES, ids=name_of)
def test_no_file_has_trailing_blanks_or_tabs(wish: Wish) -> None:
    lines = [line for file in wish.gateway.files for line in reveal(file.content).splitlines()]
    assert [line for line in lines if line != line.rstrip() or "\t" in line] == []


def test_no_stored_file_is_left_over() -> None:
    known = {stored_as(f.path, wish) for wish in WISHES for f in wish.gateway.files}
    known |= {f"{p}/{name}" for p in PRODUCTS for name in ("plan.txt", "plan.json")}
    known |= {f"{p}/{name}" for p in PRODUCTS for name in ("apply.sh", "gather.sh")}
    known |= {"basics/plan.txt", "basics/apply.sh"}
    places = [path.relative_to(FILES) for path in FILES.rglob("*") if path.is_file()]
    found = {str(place) for place in places if place.parts[0] != "client"}
    assert found - known == set()
