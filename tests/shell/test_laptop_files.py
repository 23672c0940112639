"""Files of a laptop: what is ours is made, what is the user's stays byte for byte."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from laptop import NONCE, Kept
from place import Place

from provision.engine.frames import pack_probes, unpack
from provision.engine.laptop import LAPTOP
from provision.model.facts import Probe
from provision.model.secret import Secret
from provision.model.spec import Host
from provision.model.tunnel import Tunnel
from provision.resources.absent import Absent
from provision.resources.block import Block
from provision.resources.directory import Directory
from provision.resources.file import File
from provision.resources.ssh_key import SshKey
from provision.stacks.laptop import build_questions

OURS = "# ours\nInclude clawprov/*.conf\n"
THEIRS = {
    "nothing": b"",
    "a host": b"Host a\n  HostName b\n",
    "no newline at the end": b"Host a\n  HostName b",
    "one line without newline": b"# mine",
    "Windows": b"Host a\r\n  HostName b\r\n",
    "blank lines": b"\n\n\nHost a\n\n",
    "all bytes": bytes(range(1, 256)) * 3,
    "a megabyte": b"# filler of a large file\n" * 45_000,
    "a line like ours, too late": b"Host a\nInclude clawprov/*.conf\n",
}


@pytest.fixture(params=["gnu", "bsd"])
def gnu(request: pytest.FixtureRequest) -> bool:
    return request.param == "gnu"


def block(place: Place, gnu: bool, *, wished: bool = True) -> Kept:
    path = str(place.root / ".ssh/config")
    before = ("host", "match")
    return Kept(place, Block(path, "# ours", "Include clawprov/*.conf", before, wished), gnu)


@pytest.mark.parametrize("theirs", THEIRS)
def test_a_line_goes_to_the_top_and_away_again(place: Place, gnu: bool, theirs: str) -> None:
    path = place.root / ".ssh/config"
    path.parent.mkdir()
    path.write_bytes(THEIRS[theirs])
    path.chmod(0o640)
    block(place, gnu).settle()
    ours = OURS.replace("\n", "\r\n") if theirs == "Windows" else OURS
    assert path.read_bytes() == ours.encode() + THEIRS[theirs]
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(path.parent.iterdir()) == [path]
    if theirs == "a line like ours, too late":
        return
    block(place, gnu, wished=False).settle()
    assert (path.read_bytes() if path.exists() else b"") == THEIRS[theirs]
    assert theirs == "nothing" or path.stat().st_mode & 0o777 == 0o640


def test_a_file_that_was_not_there_goes_again(place: Place, gnu: bool) -> None:
    block(place, gnu).settle()
    folder = place.root / ".ssh"
    assert (folder / "config").read_text() == OURS
    assert (folder.stat().st_mode & 0o777, (folder / "config").stat().st_mode & 0o777) == (
        0o700,
        0o600,
    )
    block(place, gnu, wished=False).settle()
    assert list(folder.iterdir()) == []


def test_what_the_user_wrote_around_it_meanwhile_stays(place: Place, gnu: bool) -> None:
    path = place.root / ".ssh/config"
    block(place, gnu).settle()
    path.write_text(f"# mine\n{OURS}Host a\n  User b")
    block(place, gnu, wished=False).settle()
    assert path.read_text() == "# mine\nHost a\n  User b"


@pytest.mark.parametrize("line", ["Include clawprov/*.conf", "Include clawprov/*.conf\r"])
def test_a_line_that_the_user_put_there_is_left_alone(place: Place, gnu: bool, line: str) -> None:
    path = place.root / ".ssh/config"
    path.parent.mkdir()
    path.write_text(f"# mine\n{line}\nHost a\n", newline="")
    assert block(place, gnu).diff() is None
    assert block(place, gnu, wished=False).diff() is None


@pytest.mark.parametrize("word", ["Host", "match", "HOST"])
def test_a_line_within_a_block_of_the_user_does_not_count(
    place: Place, gnu: bool, word: str
) -> None:
    path = place.root / ".ssh/config"
    path.parent.mkdir()
    path.write_text(f"{word} all\nInclude clawprov/*.conf\n")
    assert block(place, gnu).diff()


def test_links_are_followed_and_stay(place: Place, gnu: bool) -> None:
    real = place.root / "dot files/ü/ssh config"
    real.parent.mkdir(parents=True)
    real.write_text("Host a\n")
    real.chmod(0o444 | 0o200)
    middle = place.root / "dot files/link"
    middle.symlink_to("ü/ssh config")
    path = place.root / ".ssh/config"
    path.parent.mkdir()
    path.symlink_to(middle)
    block(place, gnu).settle()
    assert (path.is_symlink(), middle.is_symlink()) == (True, True)
    assert real.read_text() == OURS + "Host a\n"
    block(place, gnu, wished=False).settle()
    assert real.read_text() == "Host a\n"
    assert real.stat().st_mode & 0o777 == 0o644


def test_a_file_is_made_and_kept(place: Place, gnu: bool) -> None:
    path = place.root / "a folder/x.conf"
    kept = Kept(place, File(str(path), "new\n", "600", ""), gnu)
    kept.settle()
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new\n", 0o600)
    path.write_text("theirs\n")
    change = kept.diff()
    assert change
    assert change.before == "theirs\n"
    kept.settle()
    path.chmod(0o644)
    change = kept.diff()
    assert change
    assert change.why == "is 644, should be 600"
    kept.settle()


def test_a_directory_in_the_place_of_a_file_is_not_filled(place: Place, gnu: bool) -> None:
    path = place.root / "x.conf"
    path.mkdir()
    assert Kept(place, File(str(path), "new\n", "600", ""), gnu).make().exit != 0
    assert list(path.iterdir()) == []


def test_a_directory_is_made_and_corrected(place: Place, gnu: bool) -> None:
    path = place.root / "a/b ü"
    kept = Kept(place, Directory(str(path), "700", ""), gnu)
    kept.settle()
    path.chmod(0o755)
    kept.settle()
    assert path.stat().st_mode & 0o777 == 0o700


def test_a_file_goes_and_so_do_folders_that_it_leaves_empty(place: Place, gnu: bool) -> None:
    inner = place.root / "a/b/c"
    inner.mkdir(parents=True)
    (inner / "x").touch()
    (place.root / "a/mine").touch()
    folders = (str(inner), str(inner.parent), str(inner.parents[1]))
    Kept(place, Absent(str(inner / "x"), folders), gnu).settle()
    assert [path.name for path in (place.root / "a").iterdir()] == ["mine"]


def test_a_folder_that_holds_something_else_stays(place: Place, gnu: bool) -> None:
    folder = place.root / "a"
    folder.mkdir()
    (folder / "mine").touch()
    made = Kept(place, Absent(str(folder)), gnu).make()
    assert made.exit != 0
    assert (folder / "mine").exists()


def keypair(folder: Path, passphrase: str = "") -> tuple[str, str]:
    """The public and the private half of a key that ssh-keygen made."""
    path = folder / "made"
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "x", "-f", str(path)]
    subprocess.run(words, check=True)
    return " ".join((folder / "made.pub").read_text().split()[:2]), path.read_text()


def test_a_key_is_made_and_kept(place: Place, gnu: bool, tmp_path: Path) -> None:
    public, private = keypair(tmp_path)
    path = place.root / "t.key"
    kept = Kept(place, SshKey(str(path), public, Secret(private)), gnu)
    kept.settle()
    assert (path.read_text(), path.stat().st_mode & 0o777) == (private, 0o600)
    path.chmod(0o644)
    kept.settle()
    path.write_text("no key\n")
    kept.settle()
    assert path.read_text() == private


def test_a_key_with_a_passphrase_is_no_key_for_a_tunnel(
    place: Place, gnu: bool, tmp_path: Path
) -> None:
    public, private = keypair(tmp_path, "passphrase")
    path = place.root / "t.key"
    path.write_text(private)
    path.chmod(0o600)
    assert Kept(place, SshKey(str(path), public, Secret("fresh\n")), gnu).diff()


@pytest.mark.parametrize(
    ("config", "is_taken"),
    [
        ("", False),
        ("Host *\n  User ada\n  ServerAliveInterval 60\n", False),
        ("Host clawdbot-remote\n  HostName 192.0.2.1\n", True),
        ("Host clawdbot-remote\n  LocalForward 18789 127.0.0.1:18789\n", True),
        ("Host clawdbot-*\n  User bob\n", True),
        ("Host other\n  HostName 192.0.2.1\n", False),
        (
            "Host *\n  ControlPath ~/.ssh/cm-%r@%h:%p\n  UserKnownHostsFile ~/.ssh/%h\n"
            "  IdentityAgent ~/%h.sock\n",
            False,
        ),
    ],
)
def test_an_alias_that_the_user_has_is_seen(place: Place, config: str, is_taken: bool) -> None:
    tunnel = Tunnel("vps1", "vps1", "clawdbot", "", 18789, "x")
    path = place.root / "ssh_config"
    path.write_text(config)
    place.fake("ssh", f'exec {shutil.which("ssh")} -F {path} "$@"')
    stack = build_questions(Host("vps1", "web"), str(place.root), "/k", (tunnel,))
    probes = [Probe(check.id, check.script) for check in stack.preflight]
    said = unpack(place.run(pack_probes(probes, NONCE, LAPTOP)), NONCE)
    assert ("taken" in said["laptop:clawdbot-remote"].out) is is_taken
    assert said["laptop:ssh"].exit == 0


def test_a_unit_that_the_user_made_by_hand_keeps_its_name(place: Place) -> None:
    tunnel = Tunnel("vps1", "vps1", "clawdbot", "", 18789, "x")
    unit = place.root / ".config/systemd/user/clawdbot-ssh-tunnel.service"
    unit.parent.mkdir(parents=True)
    unit.touch()
    stack = build_questions(Host("vps1", "web"), str(place.root), "/k", (tunnel,))
    probes = [Probe(check.id, check.script) for check in stack.preflight]
    said = unpack(place.run(pack_probes(probes, NONCE, LAPTOP)), NONCE)
    assert "taken" in said["laptop:clawdbot-remote"].out
