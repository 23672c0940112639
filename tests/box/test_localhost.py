"""clawprov as a wheel on a fresh machine, making that very machine a gateway."""

import json

from desk import CLAWPROV, Desk

from provision.lab import Box

INVENTORY = "hosts: {localhost: {node: {source: tarball}}}"


def clawprov(box: Box, words: str) -> dict:
    write = f"echo '{INVENTORY}' >/root/inventory.yml"
    done = box.run(f"{write}; {CLAWPROV} {words} -I /root/inventory.yml --json", seconds=400)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_the_machine_itself_becomes_a_gateway_and_stays_one(desk: Desk) -> None:
    box = desk.box
    first = clawprov(box, "up localhost")
    assert first["proof"]["ok"]
    assert first["proof"]["path"] == "loopback to 127.0.0.1:18789"
    again = clawprov(box, "up localhost")
    assert again["plan"]["changes"] == []
    assert again["proof"]["ok"]
    told = box.run(f"{CLAWPROV} exec localhost -- --version")
    assert (told.returncode, told.stdout) == (0, "2026.1.24-3\n")


def test_a_user_without_sudo_is_told_so(desk: Desk) -> None:
    said = desk.box.run(f"useradd -m bob; su bob -c '{CLAWPROV} verify localhost'")
    assert said.returncode == 4
    assert "you may not become root here without a password" in said.stderr
    assert "Traceback" not in said.stderr
