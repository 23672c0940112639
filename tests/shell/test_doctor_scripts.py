"""The doctor's questions in real shells: root starts nothing that a person's unit names."""

from __future__ import annotations

import os

import pytest
from place import Place

from provision.checks.doctor.config import build_gift
from provision.checks.doctor.units import Unit, find_units, probe_units
from provision.engine.frames import pack_probes, unpack
from provision.model.facts import Facts
from provision.products import find_product

NONCE = "5ca1ab1e5ca1ab1e"


def see_hers(place: Place, systemctl: str) -> Unit:
    """The gateway of a person as it is seen, of which this `systemctl` tells."""
    home = place.root / "ada"
    folder = home / ".config/systemd/user"
    folder.mkdir(parents=True)
    command = f"{place.fakes}/node /x/clawdbot/dist/entry.js gateway"
    (folder / "clawdbot-gateway.service").write_text(f"[Service]\nExecStart={command}\n")
    (home / ".clawdbot").mkdir()
    (home / ".clawdbot/clawdbot.json").write_text("{}")
    place.fake("getent", f"echo 'ada:x:1000:1000::{home}:/bin/bash'")
    place.fake("id", "echo 1000")
    place.fake("systemctl", systemctl)
    place.fake("journalctl", "exit 1")
    place.fake("setpriv", 'AS=$1; export AS; while [ "$1" != -- ]; do shift; done; shift; "$@"')
    probe = probe_units(find_product("clawdbot"))
    out = place.run(pack_probes([probe], NONCE))
    (unit,) = [u for u in find_units(Facts(unpack(out, NONCE))) if u.owner == "ada"]
    return unit


@pytest.mark.parametrize(("started_us", "changed"), [(1, True), (10**18, False)])
def test_a_configuration_is_new_when_it_was_written_since_the_start(
    place: Place, started_us: int, changed: bool
) -> None:
    started = f"echo ExecMainStartTimestampMonotonic={started_us}"
    unit = see_hers(place, f'case "$*" in *" show "*) {started} ;; *) exit 1 ;; esac')
    assert ("config_changed" in unit.seen) is changed


def test_a_persons_program_is_asked_for_its_version_with_their_rights(place: Place) -> None:
    place.fake("node", 'echo "${AS-root}" >>"$ROOT/started"; echo v22.1.0')
    unit = see_hers(place, "exit 1")
    assert (unit.seen["node"], unit.seen["version"]) == (f"{place.fakes}/node", "v22.1.0")
    assert set((place.root / "started").read_text().split()) == {"--reuid=ada"}


def test_a_configuration_is_given_to_nobody_through_a_link(place: Place) -> None:
    there = place.root / "theirs"
    there.mkdir()
    (there / "a.json").write_text("{}")
    (place.root / "link").symlink_to(there)
    (there / "b.json").symlink_to("a.json")
    place.fake("chown", 'echo "$*" >>"$ROOT/given"')
    place.fake("systemctl", ":")
    for path in ("link/a.json", "theirs/b.json", "theirs/none.json"):
        gift = build_gift(f"{place.root}/{path}", "eve")
        assert "is reached through a link" in place.run(f"set -e\nPATH=$PATH\n{gift.text}")
    assert not (place.root / "given").exists()
    gift = build_gift(f"{os.path.realpath(there)}/a.json", "eve")
    assert place.run(f"set -e\nPATH=$PATH\n{gift.text}") == ""
    assert (place.root / "given").read_text() == "-h eve: ./a.json\n"
