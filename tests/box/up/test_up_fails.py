"""A step that fails in the middle is told with its cause; what was there goes on, and heals."""

from __future__ import annotations

from machines import during, forget_release, installing, out, show
from persons import Person

from provision.lab import Box

CONFIG = "/var/lib/clawdbot/.clawdbot/clawdbot.json"
LOCKS = "/var/lib/dpkg/lock-frontend", "/var/lib/apt/lists/lock"
HOLDER = f"""
import fcntl, sys, time
files = [open(name, "w") for name in {LOCKS!r}]
for file in files:
    fcntl.lockf(file, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(25)
"""
IMPATIENT = "echo fetch-retries=0 >/root/.npmrc", "rm /root/.npmrc"
NO_REGISTRY = (
    "mount --bind /dev/null /etc/resolv.conf; nft add table inet cut; "
    "nft 'add chain inet cut out { type filter hook output priority 0; }'; "
    "nft add rule inet cut out tcp dport 443 reject with tcp reset"
)


def test_a_disk_that_fills_up_is_named_and_up_goes_on_when_there_is_room(
    yard: Box, person: Person
) -> None:
    forget_release(yard)
    first = person.start("up", yard.name)
    first.reach(lambda: installing(yard))
    room = "$(df -Pk / | awk 'NR == 2 { print $4 - 1024 }')K"
    fill = f"fallocate -l {room} /root/big; dd if=/dev/zero of=/root/rest bs=1M 2>/dev/null || :"
    with during(yard, fill, "rm /root/big /root/rest"):
        said = first.end()
        assert said.refused(6, "the disk is full")
        assert "release:clawdbot failed" in said.err
    assert person.run("up", yard.name).exit == 0


def test_a_registry_that_goes_away_is_named_and_up_goes_on_when_it_is_back(
    yard: Box, person: Person
) -> None:
    forget_release(yard)
    with during(yard, *IMPATIENT):
        first = person.start("up", yard.name)
        first.reach(lambda: npm_asks(yard))
        with during(yard, NO_REGISTRY, "umount /etc/resolv.conf; nft delete table inet cut"):
            said = first.end()
    assert said.refused(6, "the npm registry cannot be reached from the server")
    assert person.run("up", yard.name).exit == 0


def npm_asks(box: Box) -> str:
    """npm has fetched something, but by far not all."""
    return box.run(
        "grep -m 20 'fetch GET 200' /opt/clawprov/clawdbot/releases/*.new/npm.log"
    ).stdout


def test_up_waits_for_another_package_manager_and_says_so(yard: Box, person: Person) -> None:
    out(yard, "dpkg --purge --force-depends nodejs")
    out(
        yard,
        f"cat >/run/holder.py <<'E'\n{HOLDER}\nE\n"
        "systemd-run -q --collect --unit=holder -p StandardOutput=file:/run/held "
        "python3 /run/holder.py; until grep -q held /run/held; do sleep 0.1; done",
    )
    said = person.run("up", yard.name)
    assert said.exit == 0, said
    assert "waiting for another package manager" in said.err
    assert out(yard, "node --version").startswith("v22.")


def test_a_config_key_that_is_retired_is_named_and_never_takes_the_old_ones_place(
    yard: Box, person: Person
) -> None:
    before = out(yard, f"sha256sum {CONFIG}"), show(yard, "MainPID")
    wish = person.wishing(yard.name, config={"agent": {"model": "x/y"}})
    said = wish.run("up", yard.name)
    assert said.refused(
        6, "the gateway does not accept its configuration: agent: agent.* was moved"
    )
    assert "agents.defaults.model.primary" in said.err
    assert (out(yard, f"sha256sum {CONFIG}"), show(yard, "MainPID")) == before
    assert yard.run(f"ls {CONFIG}.new").returncode != 0
    assert person.run("plan", yard.name, "--exit-code").exit == 0


def test_a_channel_that_cannot_be_reached_is_named(yard: Box, person: Person) -> None:
    telegram = {"enabled": True, "botToken": "1:x", "dmPolicy": "pairing"}
    wish = person.wishing(
        yard.name,
        config={
            "channels": {"telegram": telegram},
            "plugins": {"entries": {"telegram": {"enabled": True}}},
        },
    )
    said = wish.run("up", yard.name)
    assert said.refused(6, "it cannot reach Telegram")
    assert person.run("up", yard.name).exit == 0


def test_a_failure_asked_for_as_json_is_one_document(yard: Box, person: Person) -> None:
    wish = person.wishing(yard.name, config={"gateway": {"nonsense": 1}})
    said = wish.run("up", yard.name, "--json")
    assert said.exit == said.answer["exit"] == 6
    assert [set(error) for error in said.answer["errors"]] == [{"what", "where", "hint"}]
