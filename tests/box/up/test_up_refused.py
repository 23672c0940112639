"""A server on which `up` cannot do its work is refused in one sentence, and nothing is touched."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from machines import out, untouched
from persons import Person

from provision.lab import Box

THIEF = "systemd-run --quiet --collect --unit=thief python3 -m http.server 18789"
USER_UNIT = ".config/systemd/user/default.target.wants/clawdbot-gateway.service"


@pytest.fixture(scope="module")
def bare(make_box: Callable[..., Box]) -> Iterator[Box]:
    """A server on which `up` never gets so far as to change anything; alice may use sudo."""
    box = make_box(user="alice", disk="ram:2G")
    yield box
    box.down()


@contextmanager
def made(box: Box, do: str, undo: str) -> Iterator[None]:
    """The box is as `do` makes it."""
    out(box, do)
    try:
        yield
    finally:
        out(box, undo)


def rival(home: str, owner: str) -> tuple[str, str, int, str]:
    """A gateway that the product's own installer has set up for a user."""
    unit = f"{home}/{USER_UNIT}"
    return (
        f"runuser -u {owner} -- mkdir -p {unit.rpartition('/')[0]}; "
        f"runuser -u {owner} -- ln -s ../clawdbot-gateway.service {unit}",
        f"rm -r {home}/.config/systemd",
        5,
        f"{owner}'s clawdbot gateway is here: user unit clawdbot-gateway.service (enabled)",
    )


OTHER = "/etc/systemd/system/openclaw-gateway.service"
OTHER_MADE = (
    f"printf '# Made by clawprov\\n[Service]\\nExecStart=sleep 1h\\n"
    f"[Install]\\nWantedBy=multi-user.target\\n' >{OTHER}; systemctl enable -q openclaw-gateway; "
    "mkdir -p /opt/clawprov/openclaw; ln -s releases/2026.9.6 /opt/clawprov/openclaw/current"
)

SITUATIONS = {
    "the other product, by clawprov": (
        OTHER_MADE,
        f"systemctl disable -q openclaw-gateway; rm -r {OTHER} /opt/clawprov",
        5,
        "OpenClaw 2026.9.6 is here already, made by clawprov",
    ),
    "a port that another process has": (
        f"{THIEF}; until ss -Hltn | grep -q :18789; do sleep 0.1; done",
        "systemctl stop thief",
        5,
        "port 18789 is held by python3 (process ",
    ),
    "an operating system that is not supported": (
        "sed 's/^ID=.*/ID=fedora/; s/^PRETTY_NAME=.*/PRETTY_NAME=\"Fedora 40\"/' "
        "/etc/os-release >/run/os-release; mount --bind /run/os-release /etc/os-release",
        "umount /etc/os-release",
        5,
        "Fedora 40 is not supported",
    ),
    "a Debian that is too old": (
        "sed 's/^VERSION_ID=.*/VERSION_ID=\"11\"/' /etc/os-release >/run/os-release; "
        "mount --bind /run/os-release /etc/os-release",
        "umount /etc/os-release",
        5,
        "is not supported",
    ),
    "a package system that was interrupted": (
        "touch /var/lib/dpkg/updates/0001",
        "rm /var/lib/dpkg/updates/0001",
        5,
        "the package system was interrupted",
    ),
    "a full disk": (
        "fallocate -l $(($(df -Pm /opt | awk 'NR == 2 { print $4 }') - 900))M /root/big",
        "rm /root/big",
        5,
        "/opt has 900 MB free",
    ),
    "names that nobody resolves": (
        "mv /etc/hosts /etc/hosts.kept; mount --bind /dev/null /etc/resolv.conf",
        "umount /etc/resolv.conf; mv /etc/hosts.kept /etc/hosts",
        5,
        "it cannot resolve deb.nodesource.com",
    ),
    "a gateway that root has set up for itself": rival("/root", "root"),
    "a gateway that a user has set up": rival("/home/alice", "alice"),
    "a user who may not use sudo": (
        "mkdir /run/kept; mv /etc/sudoers.d/* /run/kept",
        "mv /run/kept/* /etc/sudoers.d; rmdir /run/kept",
        4,
        "alice may not become root without a password",
    ),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_server_that_will_not_do_is_left_alone(bare: Box, person: Person, situation: str) -> None:
    do, undo, exit, sentence = SITUATIONS[situation]
    with made(bare, do, undo), untouched(bare):
        said = person.run("up", bare.name)
        assert said.refused(exit, sentence)
        assert bare.name in said.err


def test_a_clock_an_hour_off_is_told(bare: Box, person: Person, tmp_path: Path) -> None:
    """The box shares this machine's clock, so it is the operator's that is set."""
    fetch = (
        "cd /tmp && { apt-get -q update && apt-get -q download libfaketime && "
        "dpkg -x libfaketime_*.deb fake; } >/dev/null && base64 fake/usr/lib/*/faketime/*MT.so.1"
    )
    library = tmp_path / "libfaketime.so"
    library.write_bytes(b64decode(out(bare, fetch)))
    ahead = person.knowing(LD_PRELOAD=str(library), FAKETIME="+1h", DONT_FAKE_MONOTONIC="1")
    assert ahead.run("up", bare.name).refused(5, "its clock is 60 minutes behind")


def test_an_operators_home_may_have_a_space(bare: Box, person: Person, tmp_path: Path) -> None:
    (home := tmp_path / "Ada Lovelace").mkdir()
    inventory = home / "my servers.yml"
    inventory.write_text(person.inventory.read_text())
    for _ in range(2):
        assert Person(home, inventory).run("plan", bare.name).exit == 0


def test_all_reasons_are_told_at_once(bare: Box, person: Person) -> None:
    with ExitStack() as stack:
        for situation in ("a package system that was interrupted", "a full disk"):
            stack.enter_context(made(bare, *SITUATIONS[situation][:2]))
        said = person.run("up", bare.name)
    assert said.refused(5, "/opt has 900 MB free")
    assert "also: the package system was interrupted" in said.err


def test_a_plan_shows_what_would_be_in_the_way(bare: Box, person: Person) -> None:
    do, undo, _, sentence = SITUATIONS["a gateway that a user has set up"]
    with made(bare, do, undo):
        said = person.run("plan", bare.name)
    assert said.exit == 0
    assert sentence in said.out


def test_a_wrong_key_of_the_server_is_not_accepted(bare: Box, person: Person) -> None:
    other = person.wishing(bare.name, host_key=f"SHA256:{'A' * 43}")
    with untouched(bare):
        assert other.run("up", bare.name).refused(4, "key is SHA256:")


def test_an_unknown_key_is_not_accepted_unasked(bare: Box, person: Person) -> None:
    said = person.run("up", f"alice@{bare.address}", "-i", str(bare.identity))
    assert said.refused(4, "is not known yet")
    assert "--host-key SHA256:" in said.err


@pytest.mark.parametrize("keys", [{"colour": "red"}, {"gateway_port": "80"}, {"config": [1]}])
def test_a_mistake_in_the_inventory_is_shown_at_its_place(
    bare: Box, person: Person, keys: dict[str, object]
) -> None:
    other = person.wishing(bare.name, **keys)
    assert other.run("up", bare.name).refused(3, f"{other.inventory}:")
