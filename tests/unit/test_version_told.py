"""How a version is found out: the registry is asked as a step; when it is silent, the server."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import repeat

import pytest

from provision.app.operator import Operator
from provision.app.version import choose_version, find_installed
from provision.engine.gather import Session
from provision.errors import RegistryError
from provision.model.plan import Plan
from provision.model.shell import Sh
from provision.model.spec import Host
from provision.model.transport import Channel, Completed, OnLine
from provision.products import find_product
from provision.products.published import Published

SUM = f"sha512-{'A' * 86}=="
TOLD = Published("2026.9.5", SUM, ">=24")
NEWEST = find_product("openclaw").version
SILENT = RegistryError("the npm registry is silent", hint="wait")
ENTRY = {"version": "2026.9.5", "integrity": SUM, "engines": {"node": ">=24"}}


@dataclass
class Diary:
    """Progress that is written down."""

    lines: list[str] = field(default_factory=list)

    def step(self, name: str, why: str = "") -> None:
        self.lines.append(f"{name} {why}")

    def detail(self, line: str) -> None: ...

    def ask(self, words: str, url: str) -> None: ...

    def done(self, exit: int) -> None:
        self.lines.append(f"done {exit}")

    def plan(self, plan: Plan) -> None: ...


@dataclass
class Server:
    """A transport that gives the same answer to whatever it is asked once."""

    answer: str
    asked: list[str] = field(default_factory=list)

    def execute(self, script: Sh, on_line: OnLine | None = None) -> Completed:
        self.asked.append(script.text)
        out = f"n begin release:there\n{self.answer}\nn end 0\nn done\n"
        return Completed(0, out)

    def open_stream(self, port: int, host: str = "127.0.0.1") -> Channel:
        raise NotImplementedError

    def close(self) -> None: ...


def operator(diary: Diary, registry: Callable[[str, str], Published]) -> Operator:
    return Operator(lambda *_: False, lambda seen: None, diary, registry=registry)


def wish(version: str) -> Host:
    return Host("box", "192.0.2.1", product="openclaw", version=version)


def told(name: str, version: str) -> Published:
    return TOLD


def silent(name: str, version: str) -> Published:
    raise SILENT


@pytest.mark.parametrize("version", ["", NEWEST])
def test_for_a_known_version_there_is_no_step(version: str) -> None:
    diary = Diary()
    assert choose_version(wish(version), operator(diary, silent)).version == NEWEST
    assert diary.lines == []


def test_what_latest_is_stands_in_the_step() -> None:
    diary = Diary()
    assert choose_version(wish("latest"), operator(diary, told)).version == "2026.9.5"
    assert diary.lines[-2:] == ["version openclaw latest is 2026.9.5", "done 0"]


def test_a_silent_registry_fails_the_step() -> None:
    diary = Diary()
    with pytest.raises(RegistryError):
        choose_version(wish("2026.9.5"), operator(diary, silent))
    assert diary.lines == ["version openclaw 2026.9.5: the npm registry is asked", "done 1"]


def there(answer: str) -> tuple[Server, Session]:
    server = Server(answer)
    return server, Session(server, "ann@laptop", "up", repeat("n"), Diary())


@pytest.mark.parametrize(
    ("version", "place"), [("latest", "openclaw/current"), ("2026.9.5", "releases/2026.9.5")]
)
def test_when_the_registry_is_silent_the_server_is_asked_once(version: str, place: str) -> None:
    server, session = there(json.dumps(ENTRY))
    found = find_installed(wish(version), session, SILENT)
    assert (found.full_name, found.integrity) == ("openclaw@2026.9.5", SUM)
    assert found.remark == f"{SILENT.what}; openclaw@2026.9.5, which is there, stays"
    (script,) = server.asked
    assert f"/opt/clawprov/{place if 'current' in place else f'openclaw/{place}'}/.comp" in script


def test_a_version_that_is_there_and_known_needs_no_registry() -> None:
    _, session = there(json.dumps(ENTRY | {"version": NEWEST}))
    assert find_installed(wish("latest"), session, SILENT).integrity == ""


@pytest.mark.parametrize("answer", ["", "cat: no such file", "{"])
def test_where_nothing_is_the_silence_is_the_error(answer: str) -> None:
    _, session = there(answer)
    with pytest.raises(RegistryError) as caught:
        find_installed(wish("latest"), session, SILENT)
    assert caught.value is SILENT
