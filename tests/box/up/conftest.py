"""Servers with a gateway: few boxes, shared by many tests, since a fresh `up` takes a minute.

`server` was brought up by the user root and is used as it is; `yard` was brought up by a user
with sudo on a small disk, and is where things are cut off, filled up and broken. A test leaves
either of them in a state that the next `up` mends.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Iterator

import pytest
from machines import Server, listeners, start_sampler
from persons import Person, Said

from provision.lab import Box, Lab

AWKWARD = "a \"b'c' $HOME #e \\f `id` %h $(id) ü€🔑 =x;y|z&"
"""What a secret may contain to annoy shells, systemd, JSON and YAML."""


@pytest.fixture(scope="session")
def make_box(lab: Lab) -> Iterator[Callable[..., Box]]:
    """`make_box(**options)` starts a box that goes when the session ends, if not before."""
    session, made = secrets.token_hex(3), []
    names = (f"t-{session}-{number}" for number in itertools.count(1))

    def start(**options: object) -> Box:
        made.append(next(names))
        return lab.up(made[-1], **options)

    yield start
    for name in made:
        if lab.find(name) is not None:
            lab.down(name)


@pytest.fixture(scope="session")
def laptop(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Person]:
    """`laptop()` is a new laptop, on which clawprov has never run."""
    return lambda: Person(tmp_path_factory.mktemp("home"), lab.folder.inventory)


@pytest.fixture
def person(laptop: Callable[[], Person]) -> Person:
    return laptop()


@pytest.fixture(scope="session")
def secret() -> str:
    """An awkward one, with a part that is found wherever it was copied to."""
    return f"{AWKWARD}Canary{secrets.token_hex(8)}"


@pytest.fixture(scope="session")
def server(make_box: Callable[..., Box], laptop: Callable[[], Person], secret: str) -> Server:
    """A gateway that was brought up with a given secret, and all that was seen meanwhile."""
    box = make_box()
    owner = laptop().with_secret(secret)
    before = listeners(box)
    looked = [owner.run("plan", box.name, *words) for words in ([], ["-v"], ["--json"])]
    looked += [owner.run("plan", box.name, "--script"), owner.run("render", box.name)]
    stop = start_sampler(box)
    first = owner.run("up", box.name, "-v")
    return Server(box, owner, first, (*looked, first), before, argv=stop())


@pytest.fixture(scope="session")
def trixie(make_box: Callable[..., Box]) -> Box:
    """A Debian 13 for OpenClaw."""
    return make_box(image="trixie", majors=(24,))


@pytest.fixture(scope="session")
def successor(trixie: Box, laptop: Callable[[], Person]) -> tuple[Box, Person]:
    """OpenClaw on Debian 13 in the strict profile, with Node.js from the archive."""
    owner = laptop().wishing(
        trixie.name,
        product="openclaw",
        profile="strict",
        node={"source": "tarball"},
        auth={"mode": "password"},
    )
    assert owner.run("up", trixie.name).exit == 0
    return trixie, owner


@pytest.fixture(scope="session")
def openclaw(successor: tuple[Box, Person]) -> Server:
    """The same, as one of the servers."""
    box, owner = successor
    return Server(box, owner, Said(0, "", ""), (), set(), argv="")


@pytest.fixture(scope="session")
def yard_box(make_box: Callable[..., Box]) -> Box:
    """A bare server whose user is alice, with sudo."""
    return make_box(user="alice", disk="3G")


@pytest.fixture(scope="session")
def yard_up(yard_box: Box, laptop: Callable[[], Person]) -> Said:
    return laptop().run("up", yard_box.name, "--json")


@pytest.fixture
def yard(yard_box: Box, yard_up: Said) -> Box:
    """A server with a gateway, for destructive tests."""
    assert yard_up.exit == 0, yard_up
    return yard_box
