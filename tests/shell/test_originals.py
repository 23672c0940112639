"""What was there before clawprov came is kept, once."""

from __future__ import annotations

import os
from pathlib import Path

from place import Place
from steps import make

from provision.model.shell import heredoc, sh


def put(place: Place, path: Path, text: str) -> None:
    owner = f"{os.getuid()}:{os.getgid()}"
    stage = heredoc(sh("stage {} 644 {}", str(path), owner), text)
    made = make(place, stage, sh("settle {} {}", str(path), owner))
    assert (made.exit, made.out) == (0, "")
    assert path.read_text() == text


def kept(place: Place, path: Path) -> Path:
    return Path(f"{place.root}/var/originals{path}")


def test_the_first_content_is_kept_with_its_mode_and_time(place: Place) -> None:
    path = place.root / "x.conf"
    path.write_text("theirs\n")
    path.chmod(0o604)
    os.utime(path, (1e9, 1e9))
    put(place, path, "ours\n")
    put(place, path, "ours again\n")
    found = kept(place, path)
    assert found.read_text() == "theirs\n"
    assert (found.stat().st_mode & 0o777, found.stat().st_mtime) == (0o604, 1e9)


def test_that_nothing_was_there_is_kept_too(place: Place) -> None:
    path = place.root / "x.conf"
    put(place, path, "ours\n")
    put(place, path, "ours again\n")
    assert not kept(place, path).exists()
    assert Path(f"{kept(place, path)}.absent").exists()


def test_a_link_is_kept_as_a_link_even_to_nowhere(place: Place) -> None:
    path = place.root / "x.conf"
    path.symlink_to("nowhere")
    put(place, path, "ours\n")
    put(place, path, "ours again\n")
    assert kept(place, path).readlink() == Path("nowhere")


def test_a_path_with_spaces_is_kept_too(place: Place) -> None:
    path = place.root / "a b" / "c $d"
    path.parent.mkdir()
    path.write_text("theirs\n")
    put(place, path, "ours\n")
    assert kept(place, path).read_text() == "theirs\n"


def test_nobody_else_can_read_the_originals(place: Place) -> None:
    path = place.root / "sub" / "x.conf"
    path.parent.mkdir()
    path.write_text("theirs\n")
    put(place, path, "ours\n")
    assert (place.root / "var/originals").stat().st_mode & 0o077 == 0


def test_what_is_discarded_is_no_longer_on_record_but_kept_where_it_was_theirs(
    place: Place,
) -> None:
    path = place.root / "x.conf"
    path.write_text("theirs\n")
    put(place, path, "ours\n")
    record = Path(f"{place.root}/var/written{path}")
    assert record.exists()
    assert make(place, sh("discard {} {}", str(path), f"{path}.never")).exit == 0
    assert (path.exists(), record.exists()) == (False, False)
    assert kept(place, path).read_text() == "theirs\n"


def test_a_folder_is_never_discarded_with_what_is_in_it(place: Place) -> None:
    path = place.root / "folder" / "x.conf"
    path.parent.mkdir()
    put(place, path, "ours\n")
    assert make(place, sh("discard {}", str(path.parent))).exit == 1
    assert path.exists()
    assert Path(f"{place.root}/var/written{path}").exists()
