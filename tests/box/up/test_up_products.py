"""Other products, versions, systems and sources of Node.js."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from machines import audit, out
from persons import Person, Said
from test_up_oracle import look_at

from provision.lab import Box
from provision.products import find_product

UNKNOWN, KNOWN = "2026.9.5", find_product("openclaw").version
RELEASES = "/opt/clawprov/openclaw/releases"
CONFIG = "/var/lib/openclaw/.openclaw/openclaw.json"
SWITCH = ["release:openclaw", "link:/opt/clawprov/openclaw/current", "service:openclaw-gateway"]


@pytest.fixture(scope="module")
def owner(laptop: Callable[[], Person]) -> Person:
    return laptop()


def wishing(person: Person, box: Box, **keys: object) -> Person:
    node = {"source": "tarball"}
    return person.wishing(
        box.name, product="openclaw", node=node, auth={"mode": "password"}, **keys
    )


NOTHING = (
    "systemctl disable -q --now openclaw-gateway 2>/dev/null; "
    "rm -rf /etc/systemd/system/openclaw-gateway.service /etc/openclaw /opt/clawprov/openclaw "
    "/var/lib/openclaw /var/lib/clawprov /home/*/.openclaw; systemctl daemon-reload"
)


@pytest.fixture(scope="module")
def unknown_up(trixie: Box, owner: Person) -> Said:
    """Brought up with a version that no data here is about, on a server that had none before."""
    out(trixie, NOTHING)
    return wishing(owner, trixie, version=UNKNOWN).run("up", trixie.name, "--json")


def test_npm_resolves_a_version_that_clawprov_does_not_know(trixie: Box, unknown_up: Said) -> None:
    assert unknown_up.exit == 0, unknown_up
    assert unknown_up.answer["plan"]["product"] == f"openclaw@{UNKNOWN}"
    assert unknown_up.answer["proof"]["server"].startswith(f"openclaw {UNKNOWN}, ")
    (note,) = [verdict["note"] for verdict in unknown_up.answer["verdicts"] if verdict["note"]]
    assert note.startswith(f"clawprov does not know openclaw {UNKNOWN}")
    lock = json.loads(out(trixie, f"cat {RELEASES}/{UNKNOWN}/package-lock.json"))
    entry = lock["packages"]["node_modules/openclaw"]
    assert (entry["version"], entry["integrity"][:7]) == (UNKNOWN, "sha512-")
    assert audit(trixie)[0]["product"] == f"openclaw@{UNKNOWN}"


def test_its_second_up_changes_nothing_with_and_without_the_registry(
    trixie: Box, unknown_up: Said, owner: Person
) -> None:
    wish = wishing(owner, trixie, version=UNKNOWN)
    again = wish.run("up", trixie.name, "--json")
    assert (again.exit, again.planned, again.done) == (0, [], [])
    cut_off = wish.knowing(npm_config_registry="http://127.0.0.1:9")
    for said in (
        cut_off.run("up", trixie.name, "--json"),
        cut_off.run("up", trixie.name, "--json", "--product", "openclaw@latest"),
    ):
        assert (said.exit, said.planned) == (0, [])
        (note,) = [verdict["note"] for verdict in said.answer["verdicts"] if verdict["note"]]
        assert note.endswith(f"openclaw@{UNKNOWN}, which is there, stays")
    other = cut_off.run("up", trixie.name, "--product", "openclaw@2026.9.4")
    assert other.refused(
        4, "the npm registry http://127.0.0.1:9 does not tell of openclaw/2026.9.4"
    )


def test_a_changed_lock_of_it_is_drift(trixie: Box, unknown_up: Said, owner: Person) -> None:
    wish = wishing(owner, trixie, version=UNKNOWN)
    out(trixie, f"cd {RELEASES}/{UNKNOWN}; cp -p package-lock.json kept; echo >>package-lock.json")
    planned = wish.run("plan", trixie.name, "--json").planned
    out(trixie, f"cd {RELEASES}/{UNKNOWN}; mv kept package-lock.json")
    assert planned == ["release:openclaw", "service:openclaw-gateway"]
    assert wish.run("plan", trixie.name, "--json").planned == []


def test_a_version_that_does_not_exist_is_refused_with_one_that_does(
    trixie: Box, unknown_up: Said, owner: Person
) -> None:
    said = owner.run("up", trixie.name, "--product", "openclaw@2026.9.77")
    assert said.refused(5, "there is no openclaw 2026.9.77")
    assert "use 2026." in said.err


def test_openclaw_on_debian_13_with_node_from_the_official_archive(
    trixie: Box, unknown_up: Said, owner: Person, tmp_path: Path
) -> None:
    wish = wishing(owner, trixie)
    switched = wish.run("up", trixie.name, "--json")
    assert (switched.exit, switched.planned, switched.done) == (0, SWITCH, SWITCH)
    assert switched.answer["proof"]["server"].startswith(f"openclaw {KNOWN}, ")
    again = wish.run("up", trixie.name, "--json")
    assert (again.exit, again.planned, again.done) == (0, [], [])
    assert wish.run("verify", trixie.name).exit == 0
    secret = wish.copy(trixie.name).read_text().strip()
    assert out(trixie, "cat /etc/openclaw/gateway.env") == f'OPENCLAW_GATEWAY_PASSWORD="{secret}"'
    assert " passed" in look_at(trixie, tmp_path)
    assert out(trixie, "ls /opt/clawprov/node").startswith("24.")


def test_what_init_proposes_for_a_server_is_made_around_a_gateway(
    trixie: Box, unknown_up: Said, owner: Person
) -> None:
    basics = dict.fromkeys(("updates", "time_sync", "ssh_keys_only", "firewall"), True)
    wish = wishing(owner, trixie, basics={"swap": "1G", **basics})
    made = wish.run("up", trixie.name, "--json")
    assert (made.exit, made.done[-3:]) == (0, ["undo:timer", *made.planned[-2:]])
    assert made.planned[-2:] == ["sshd:keys-only", "firewall:input"]
    again = wish.run("up", trixie.name, "--json")
    assert (again.exit, again.planned, again.answer["proof"]["ok"]) == (0, [], True)
    said = wish.run("verify", trixie.name)
    assert "a container (systemd-nspawn) has no swap of its own" in said.out
    assert said.exit == 0


def test_a_config_key_that_openclaw_has_retired_is_named(
    trixie: Box, unknown_up: Said, owner: Person
) -> None:
    retired = {"gateway": {"reload": {"debounceMs": 300}}}
    wish = wishing(owner, trixie, config=retired)
    before = out(trixie, f"sha256sum {CONFIG}; systemctl show openclaw-gateway -p MainPID")
    said = wish.run("up", trixie.name)
    assert said.refused(6, 'gateway.reload: Unrecognized key: "debounceMs"')
    assert out(trixie, f"sha256sum {CONFIG}; systemctl show openclaw-gateway -p MainPID") == before
