"""Resources on a real file system: looked at, made, looked at again, and nothing is left to do."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path

import pytest
from place import Place
from steps import Tended

from provision.model.secret import Secret
from provision.model.shell import sh
from provision.resources.credential import Credential
from provision.resources.directory import Directory
from provision.resources.file import File
from provision.resources.link import Link

ME = f"{pwd.getpwuid(os.getuid()).pw_name}:{grp.getgrgid(os.getgid()).gr_name}"
TRICKY = [
    "",
    "\n",
    "a\n",
    "EOF\nEOF_\n$HOME `id` $(id) \\ \\n %s 'q' \"d\"\n",
    "main\n}\nmain\n",
    "type=absent\nsha256=0\ncontent=\n",
    "ä €\t\x01\r\n",
    "x" * 70000 + "\n",
]


def file(
    place: Place, content: str = "new\n", name: str = "etc/x.conf", mode: str = "640"
) -> Tended:
    path = str(place.root / name)
    return Tended(place, File(path, content, mode, ME))


@pytest.mark.parametrize("content", TRICKY)
def test_a_file_is_made_byte_for_byte(place: Place, content: str) -> None:
    tended = file(place, content)
    tended.settle()
    made = place.root / "etc/x.conf"
    assert made.read_bytes() == content.encode()
    assert made.stat().st_mode & 0o777 == 0o640
    assert list(made.parent.iterdir()) == [made]


@pytest.mark.parametrize("before", TRICKY)
def test_what_was_in_a_file_is_shown_and_replaced(place: Place, before: str) -> None:
    path = place.root / "x.conf"
    path.write_bytes(before.encode())
    change = file(place, name="x.conf").diff()
    assert change
    assert change.before == (before if len(before) < 65536 else "")
    file(place, name="x.conf").settle()
    assert path.read_text() == "new\n"


def test_a_file_of_the_wrong_mode_is_corrected(place: Place) -> None:
    path = place.root / "x.conf"
    path.write_text("new\n")
    path.chmod(0o666)
    change = file(place, name="x.conf").diff()
    assert change
    assert change.why.startswith("is 666 ")
    file(place, name="x.conf").settle()
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("to", ["nowhere", "target", "folder"])
def test_a_link_is_replaced_and_what_it_points_to_stays(place: Place, to: str) -> None:
    (place.root / "folder").mkdir()
    (place.root / "target").write_text("theirs\n")
    (place.root / "x.conf").symlink_to(to)
    file(place, name="x.conf").settle()
    assert not (place.root / "x.conf").is_symlink()
    assert (place.root / "target").read_text() == "theirs\n"
    assert list((place.root / "folder").iterdir()) == []


def test_a_directory_in_the_place_of_a_file_is_an_error_and_stays(place: Place) -> None:
    (place.root / "x.conf").mkdir()
    made = file(place, name="x.conf").make()
    assert made.exit != 0
    assert "directory" in made.out
    assert list((place.root / "x.conf").iterdir()) == []


def test_a_left_over_of_an_earlier_run_does_no_harm(place: Place) -> None:
    (place.root / "x.conf.new").symlink_to(place.root / "victim")
    file(place, name="x.conf").settle()
    assert not (place.root / "victim").exists()


def test_a_file_that_fails_its_trial_changes_nothing(place: Place) -> None:
    path = place.root / "x.conf"
    path.write_text("old\n")
    trial = sh("grep -q good {}", f"{path}.new")
    bad = Tended(place, File(str(path), "bad\n", "644", ME, trial))
    assert bad.make().exit != 0
    assert path.read_text() == "old\n"
    assert not Path(f"{path}.new").exists()
    Tended(place, File(str(path), "good\n", "644", ME, trial)).settle()
    assert path.read_text() == "good\n"


def activated(place: Place, content: str, activate: str) -> Tended:
    resource = File(str(place.root / "x.conf"), content, "644", ME, activate=sh(activate))
    return Tended(place, resource)


def test_a_file_is_activated_once(place: Place) -> None:
    tended = activated(place, "new\n", f"echo x >>{place.root}/activated")
    tended.settle()
    assert (place.root / "activated").read_text() == "x\n"
    activated(place, "newer\n", f"echo x >>{place.root}/activated").settle()
    assert (place.root / "activated").read_text() == "x\nx\n"


def test_an_activation_that_failed_is_made_up_for(place: Place) -> None:
    assert activated(place, "new\n", "false").make().exit == 1
    again = activated(place, "new\n", "true")
    change = again.diff()
    assert change
    assert change.verb == "activate"
    again.settle()


@pytest.mark.parametrize("before", ["", "755", "700"])
def test_a_directory_is_made_or_corrected(place: Place, before: str) -> None:
    path = place.root / "d"
    if before:
        path.mkdir(mode=int(before, 8))
        (path / "content").write_text("theirs")
    tended = Tended(place, Directory(str(path), "750", ME))
    tended.settle()
    assert path.stat().st_mode & 0o777 == 0o750
    assert (path / "content").exists() == bool(before)


def test_a_file_in_the_place_of_a_directory_is_an_error_and_stays(place: Place) -> None:
    (place.root / "d").write_text("theirs")
    made = Tended(place, Directory(str(place.root / "d"), "750", ME)).make()
    assert (made.exit, made.out) == (1, f"{place.root}/d is a regular file\n")
    assert (place.root / "d").read_text() == "theirs"


def test_a_link_is_made_and_switched(place: Place) -> None:
    (place.root / "releases/1").mkdir(parents=True)
    for to in ("releases/1", "releases/2"):
        Tended(place, Link(str(place.root / "current"), to)).settle()
        assert (place.root / "current").readlink() == Path(to)
    assert list((place.root / "releases/1").iterdir()) == []


ROOT_ONLY = pytest.mark.skipif(os.getuid() != 0, reason="the secret belongs to root, and we do not")


@ROOT_ONLY
@pytest.mark.parametrize("before", ["", "A=1\nP_TOKEN='old'\n# end", "P_TOKEN=\nmode=777"])
def test_a_secret_is_made_and_then_kept(place: Place, before: str) -> None:
    path = place.root / "gateway.env"
    if before:
        path.write_text(before)
    first = Tended(place, Credential(str(path), "P_TOKEN", None, Secret("fresh$0")))
    first.settle()
    kept = "old" if "old" in before else "fresh$0"
    later = Credential(str(path), "P_TOKEN", None, Secret("another"))
    assert later.secret(Tended(place, later).look()) == Secret(kept)
    assert Tended(place, later).diff() is None
    assert path.stat().st_mode & 0o777 == 0o600
    assert place.run('. ./gateway.env; printf %s "$P_TOKEN"\n') == kept
