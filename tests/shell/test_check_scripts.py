"""The scripts of checks in real shells, where their pipes do more than ask one program."""

from __future__ import annotations

import os

from place import Place

from provision.checks import preflight, rivals
from provision.engine.frames import pack_probes, unpack
from provision.model.facts import Facts, Probe, Reading
from provision.model.report import Check

NONCE = "5ca1ab1e5ca1ab1e"
NOW = 1767322800.0


def problem(place: Place, check: Check, **others: str) -> str:
    """What the check finds in this place."""
    out = place.run(pack_probes([Probe(check.id, check.script)], NONCE))
    known = {name.replace("_", ":"): Reading(0, text) for name, text in others.items()}
    seen = unpack(out, NONCE)
    return check.judge(seen[check.id], Facts(known | seen))


def port(place: Place) -> str:
    return problem(place, rivals.free_port(18789, "p-gateway.service"))


def test_a_port_that_nobody_holds_is_free(place: Place) -> None:
    place.fake("ss", ":")
    assert port(place) == ""


def test_the_holder_of_a_port_is_named(place: Place) -> None:
    me = os.getpid()
    place.fake("ss", f"""echo 'LISTEN 0 5 *:18789 *:* users:(("nginx",pid={me},fd=3))'""")
    assert port(place).startswith(f"port 18789 is held by nginx (process {me}")


def test_each_holder_of_a_port_is_looked_at_once(place: Place) -> None:
    me = os.getpid()
    both = f'LISTEN 0 5 *:18789 *:* users:(("a",pid={me},fd=3),("a",pid={me},fd=4))'
    place.fake("ss", f"echo '{both}'; echo '{both}'")
    check = rivals.free_port(18789, "p-gateway.service")
    out = place.run(pack_probes([Probe(check.id, check.script)], NONCE))
    assert len(unpack(out, NONCE)[check.id].out.splitlines()) == 1


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


def test_a_gateway_that_runs_outside_of_our_unit_is_a_rival(place: Place) -> None:
    place.fake("pgrep", f"echo {os.getpid()}")
    check = rivals.no_rivals("p-gateway.service")
    assert f"another gateway is running here: process {os.getpid()} " in problem(place, check)
