"""The functions that changes are written with: apt_get and fetch, with fake programs."""

from __future__ import annotations

import pytest
from place import Place
from steps import make

from provision.model.shell import sh

LOCKED = "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 9 (apt-get)"
COUNT = "n=$(cat $ROOT/n 2>/dev/null || echo 0); echo $((n + 1)) >$ROOT/n"


def test_apt_get_waits_for_another_package_manager(place: Place) -> None:
    place.fake("sleep", "echo slept $1 >>$ROOT/slept")
    place.fake(
        "apt-get",
        f'{COUNT}\n[ $n -ge 3 ] || {{ echo "{LOCKED}"; exit 100; }}\necho "$*" >$ROOT/asked',
    )
    made = make(place, sh("apt_get install nodejs"), sh("echo after"))
    assert made.exit == 0
    assert made.out.splitlines() == [
        "~ waiting for another package manager, 0 s",
        "~ waiting for another package manager, 5 s",
        "~ waiting for another package manager, 10 s",
        "after",
    ]
    assert (place.root / "slept").read_text() == "slept 5\n" * 3
    assert (place.root / "asked").read_text().endswith(" install nodejs\n")


def test_apt_get_gives_up_after_five_minutes_and_says_why(place: Place) -> None:
    place.fake("sleep", ":")
    place.fake("apt-get", f'echo "{LOCKED}"; exit 100')
    made = make(place, sh("apt_get update"), sh("echo after"))
    assert made.exit == 1
    assert made.out.splitlines()[-2:] == ["~ waiting for another package manager, 295 s", LOCKED]


def test_apt_get_that_fails_otherwise_fails_at_once_with_its_words(place: Place) -> None:
    place.fake("sleep", "touch $ROOT/slept")
    place.fake("apt-get", "echo 'E: Unable to locate package' >&2; exit 100")
    made = make(place, sh("apt_get install nothing"), sh("echo after"))
    assert (made.exit, made.out) == (1, "E: Unable to locate package\n")
    assert not (place.root / "slept").exists()


def test_apt_get_that_works_says_nothing(place: Place) -> None:
    place.fake("apt-get", "echo 'Reading package lists...'")
    assert make(place, sh("apt_get update")).out == ""


def test_apt_get_asks_nobody(place: Place) -> None:
    place.fake(
        "apt-get", 'echo "$DEBIAN_FRONTEND $NEEDRESTART_SUSPEND $*" >$ROOT/asked; cat >>$ROOT/asked'
    )
    make(place, sh("apt_get install a b"))
    asked = (place.root / "asked").read_text()
    assert asked.startswith("noninteractive 1 -q -y ")
    assert "--force-confold" in asked
    assert asked.endswith(" install a b\n")


CURL = 'while [ $# -gt 1 ]; do [ "$1" != -o ] || to=$2; shift; done; cp "${1#file:}" "$to"'
WGET = 'while [ $# -gt 1 ]; do [ "$1" != -O ] || to=$2; shift; done; cp "${1#file:}" "$to"'


@pytest.fixture
def bare(place: Place) -> Place:
    """A place whose scripts find our fakes and nothing else, as long as they keep this PATH."""
    for name in ("cp", "cat", "chmod"):
        (place.fakes / name).symlink_to(f"/bin/{name}")
    (place.root / "source").write_text("payload")
    return place


def fetch(place: Place) -> str:
    made = make(
        place,
        sh("PATH={}", str(place.fakes)),
        sh("fetch {} 'to here'", f"file:{place.root}/source"),
        sh("echo after"),
    )
    return f"{made.exit} {made.out}"


def test_a_download_takes_curl_when_it_is_there(bare: Place) -> None:
    bare.fake("curl", CURL)
    bare.fake("wget", "exit 9")
    assert fetch(bare) == "0 after\n"
    assert (bare.root / "to here").read_text() == "payload"


def test_a_download_takes_wget_when_there_is_no_curl(bare: Place) -> None:
    bare.fake("wget", WGET)
    assert fetch(bare) == "0 after\n"
    assert (bare.root / "to here").read_text() == "payload"


def test_a_download_gets_wget_when_there_is_neither(bare: Place) -> None:
    bare.fake("kept-wget", WGET)
    bare.fake("apt-get", 'echo "$*" >>$ROOT/asked; cp $ROOT/fakes/kept-wget $ROOT/fakes/wget')
    assert fetch(bare) == "0 after\n"
    assert (bare.root / "to here").read_text() == "payload"
    first, second = (bare.root / "asked").read_text().splitlines()
    assert first.endswith(" update")
    assert second.endswith(" install wget ca-certificates")


@pytest.mark.parametrize("program", ["curl", "wget"])
def test_a_download_that_fails_ends_the_step(bare: Place, program: str) -> None:
    bare.fake(program, "echo 'not found: 404'; exit 22")
    assert fetch(bare) == "22 not found: 404\n"
