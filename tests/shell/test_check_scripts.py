"""The scripts of checks in real shells, where their pipes do more than ask one program."""

from __future__ import annotations

import os
import re
from dataclasses import replace

from place import Place

from provision.checks import dropins, preflight, rivals
from provision.engine.frames import pack_probes, unpack
from provision.model.facts import Facts, Probe, Reading
from provision.model.report import Check
from provision.model.shell import Sh

NONCE = "5ca1ab1e5ca1ab1e"
NOW = 1767322800.0


def problem(place: Place, check: Check, **others: str) -> str:
    """What the check finds in this place."""
    out = place.run(pack_probes([Probe(check.id, check.script)], NONCE))
    known = {name.replace("_", ":"): Reading(0, text) for name, text in others.items()}
    seen = unpack(out, NONCE)
    return check.judge(seen[check.id], Facts(known | seen))


def port(place: Place) -> str:
    return problem(place, rivals.free_port(18789, "p-gateway.service", lambda facts: ()))


def test_a_port_that_nobody_holds_is_free(place: Place) -> None:
    place.fake("ss", ":")
    assert port(place) == ""


def test_the_holder_of_a_port_is_named(place: Place) -> None:
    me = os.getpid()
    place.fake("ss", f"""echo 'LISTEN 0 5 *:18789 *:* users:(("nginx",pid={me},fd=3))'""")
    assert port(place).startswith(f"port 18789 is held by nginx (process {me}")


def test_the_next_free_port_is_named(place: Place) -> None:
    taken = f"""LISTEN 0 5 *:18789 *:* users:(("nginx",pid={os.getpid()},fd=3))"""
    place.fake("ss", f"""case $* in *:18789 | *:18790) echo '{taken}' ;; esac""")
    assert port(place).endswith("; 18791 is free")


def test_each_holder_of_a_port_is_looked_at_once(place: Place) -> None:
    me = os.getpid()
    both = f'LISTEN 0 5 *:18789 *:* users:(("a",pid={me},fd=3),("a",pid={me},fd=4))'
    place.fake("ss", f"echo '{both}'; echo '{both}'")
    check = rivals.free_port(18789, "p-gateway.service", lambda facts: ())
    out = place.run(pack_probes([Probe(check.id, check.script)], NONCE))
    assert len(unpack(out, NONCE)[check.id].out.splitlines()) == len(["its holder", "free="])


def test_the_clock_of_the_server_is_read(place: Place) -> None:
    place.fake("date", f"echo {NOW + 3600:.0f}")
    check = preflight.right_clock(lambda: NOW)
    assert problem(place, check) == "its clock is 60 minutes ahead"


def test_room_is_read_from_df(place: Place) -> None:
    table = "Filesystem 1M-blocks Used Available Capacity Mounted\\n/dev/sda1 9 9 %s 9%% /\\n"
    place.fake("df", f"""[ $2 = /opt ] && free=77 || free=9000; printf '{table}' $free""")
    check = preflight.enough_disk("release:p", "abc", 1500)
    assert "/opt has 77 MB free; 1500" in problem(place, check, release_p="made=\n")


def test_memory_is_read_from_the_kernel(place: Place) -> None:
    check = preflight.enough_memory()
    out = place.run(pack_probes([Probe(check.id, check.script)], NONCE))
    sizes = unpack(out, NONCE)[check.id].pairs()
    assert set(sizes) == {"MemTotal:", "SwapTotal:"}
    assert int(sizes["MemTotal:"]) > 0


def test_a_name_that_is_known_is_no_problem(place: Place) -> None:
    assert problem(place, preflight.working_names("localhost")) == ""
    place.fake("getent", "exit 2")
    assert problem(place, preflight.working_names("localhost")) == "it cannot resolve localhost"


def drop_ins(place: Place) -> str:
    """What is said of the drop-ins below this place, with paths as if it were the root."""
    check = dropins.foreign_drop_ins("p-gateway.service")
    moved = re.sub(r"/(etc|run|usr)/", rf"{place.root}/\1/", check.script.text)
    return problem(place, replace(check, script=Sh(moved, ""))).replace(str(place.root), "")


def write(place: Place, path: str, text: str) -> None:
    (place.root / path).parent.mkdir(parents=True, exist_ok=True)
    (place.root / path).write_text(text)


def test_no_drop_in_is_nothing_to_tell(place: Place) -> None:
    write(place, "etc/systemd/system/p-gateway.service.d/notes.txt", "[Service]\nNice=5\n")
    write(place, "etc/systemd/user/p-gateway.service.d/a.conf", "[Service]\nNice=5\n")
    write(place, "etc/systemd/system/q-gateway.service.d/a.conf", "[Service]\nNice=5\n")
    assert drop_ins(place) == ""


def test_drop_ins_of_the_unit_and_of_all_services_are_found(place: Place) -> None:
    write(place, "etc/systemd/system/p-gateway.service.d/a b.conf", "[Service]\nNice=5")
    write(place, "run/systemd/system/p-.service.d/b.conf", "[Service]\nNice=6\n")
    write(place, "usr/lib/systemd/system/service.d/c.conf", "[Service]\nNice=7\n")
    assert drop_ins(place) == (
        "/etc/systemd/system/p-gateway.service.d/a b.conf sets Nice=5; "
        "/run/systemd/system/p-.service.d/b.conf sets Nice=6; "
        "/usr/lib/systemd/system/service.d/c.conf sets Nice=7"
    )


def test_a_drop_in_that_another_one_hides_is_not_told(place: Place) -> None:
    write(place, "etc/systemd/system/p-gateway.service.d/a.conf", "[Service]\nNice=5\n")
    write(place, "run/systemd/system/p-gateway.service.d/a.conf", "[Service]\nNice=6\n")
    write(place, "run/systemd/system/service.d/b.conf", "[Service]\nNice=7\n")
    (place.root / "etc/systemd/system/service.d").mkdir()
    (place.root / "etc/systemd/system/service.d/b.conf").symlink_to("/dev/null")
    assert drop_ins(place) == "/etc/systemd/system/p-gateway.service.d/a.conf sets Nice=5"
