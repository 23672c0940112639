"""Host basics on a bare server, by the real engine: applied, kept, and nobody locked out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from bare import (
    CLOSED,
    HOME,
    UNITS,
    Diary,
    Owner,
    answers,
    await_true,
    greets,
    listen,
    lock_out_and_go,
    out,
    password_works,
    unarmed,
)

from provision.errors import ConnectError
from provision.lab import Box, Lab
from provision.model.spec import BasicsSpec


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


@pytest.fixture(scope="module")
def bare(lab: Lab, box_names: Iterator[str]) -> Iterator[Box]:
    box = lab.up(next(box_names))
    yield box
    lab.down(box.name)


@pytest.fixture
def open_box(bare: Box) -> Box:
    """As a provider hands it out: nothing of clawprov's, and passwords are let in."""
    out(
        bare,
        f"systemctl disable --now -q clawprov-firewall clawprov-undo.timer 2>/dev/null; "
        f"nft delete table inet clawprov 2>/dev/null; rm -rf {HOME} {UNITS}/clawprov-* "
        "/etc/clawprov /etc/ssh/sshd_config.d/* /run/clawprov; systemctl daemon-reload; "
        "echo 'PasswordAuthentication yes' >/etc/ssh/sshd_config.d/50-cloud-init.conf; "
        "echo 'PermitRootLogin yes' >>/etc/ssh/sshd_config.d/50-cloud-init.conf; "
        "echo root:hunter2 | chpasswd; systemctl restart ssh",
    )
    bare.wait()
    return bare


FRONT = 2022
"""Where sshd is reached in some tests by way of a proxy, of which sshd itself knows nothing."""


pytestmark = pytest.mark.usefixtures("home")


def test_passwords_and_ports_are_closed_and_stay_closed(open_box: Box) -> None:
    listen(open_box, 8080)
    listen(open_box, 8081)
    assert (password_works(open_box), answers(open_box, 8080)) == (True, True)
    owner, wish = Owner(open_box), replace(CLOSED, allow=("8081",))
    assert owner.done(wish) == ["undo:timer", "sshd:keys-only", "firewall:input"]
    assert unarmed(open_box)
    for booted in (False, True):
        if booted:
            with open_box.rebooting():
                out(open_box, "nft flush ruleset; systemctl reboot")  # else a box keeps its rules
            listen(open_box, 8080)
            listen(open_box, 8081)
        assert owner.done(wish) == []
        assert not password_works(open_box)
        assert (answers(open_box, 8080), answers(open_box, 8081)) == (False, True)
        assert out(open_box, "systemctl is-system-running") == "running"


def test_updates_install_themselves(open_box: Box) -> None:
    wish = BasicsSpec(updates=True, swap="1G", time_sync=True)
    made = Owner(open_box).done(wish)
    assert set(made) <= {"package:unattended-upgrades", "file:/etc/apt/apt.conf.d/52clawprov"}
    assert Owner(open_box).done(wish) == []
    assert "Allowed origins are: " in out(open_box, "unattended-upgrade --dry-run -v 2>&1")
    settings = out(open_box, "apt-config dump | grep ^APT::Periodic")
    assert 'Unattended-Upgrade "1"' in settings
    notes = [verdict.note for verdict in Owner(open_box).up(wish).seen.preflight if verdict.note]
    assert [note.split(" (")[0] for note in notes] == ["a container", "a container"]


@pytest.fixture
def behind(open_box: Box) -> Iterator[Box]:
    """The only way from outside to sshd leads through a proxy, of whose port it does not know."""
    proxy = "/lib/systemd/systemd-socket-proxyd 127.0.0.1:22"
    out(
        open_box,
        f"systemctl stop -q front.socket front.service 2>/dev/null; systemd-run -q --unit=front "
        f"--socket-property=ListenStream={FRONT} --remain-after-exit {proxy}; "
        "nft 'table inet wall { chain in { type filter hook input priority 0; "
        'iifname != "lo" tcp dport 22 drop; }; }\'',
    )
    await_true(lambda: greets(open_box, FRONT), 10)
    assert not answers(open_box, 22)
    yield open_box
    out(open_box, "nft delete table inet wall; systemctl stop front.socket front.service")


def test_who_locks_himself_out_gets_back_in_at_once(behind: Box) -> None:
    owner = Owner(behind, FRONT)
    with pytest.raises(ConnectError, match=r"no fresh connection gets in .*was taken back"):
        owner.up(CLOSED)
    await_true(lambda: greets(behind, FRONT), 10)
    assert out(behind, "sshd -T | grep ^passwordauth") == "passwordauthentication yes"
    assert unarmed(behind)
    last = out(behind, f"tail -n 1 {HOME}/audit.jsonl")
    assert '"who":"the server","verb":"undo"' in last
    assert owner.done(replace(CLOSED, allow=(str(FRONT),)))[0] == "undo:timer"
    await_true(lambda: greets(behind, FRONT), 10)


def test_the_server_lets_us_in_again_when_the_client_is_gone(open_box: Box) -> None:
    lock_out_and_go(Owner(open_box, patience_s=20, diary=Diary("firewall:input")))
    assert 2 < await_true(lambda: greets(open_box, 22), 40) < 25
    await_true(lambda: unarmed(open_box), 5)
    assert "clawprov" not in out(open_box, "nft list tables")
    assert password_works(open_box)
    assert Owner(open_box).done(CLOSED) == ["undo:timer", "sshd:keys-only", "firewall:input"]


def test_a_power_cut_in_between_only_makes_it_wait_anew(open_box: Box) -> None:
    lock_out_and_go(Owner(open_box, patience_s=20, diary=Diary("firewall:input")))
    began = time.monotonic()
    open_box.crash()  # returns when sshd can be reached again
    assert 20 < time.monotonic() - began < 50
    await_true(lambda: unarmed(open_box), 5)
    assert "clawprov" not in out(open_box, "nft list tables")
    assert password_works(open_box)


def test_a_run_that_was_cut_off_is_kept_when_the_next_one_gets_in(open_box: Box) -> None:
    with pytest.raises(KeyboardInterrupt):
        Owner(open_box, patience_s=20, diary=Diary("firewall:input")).up(CLOSED)
    assert not unarmed(open_box)
    assert Owner(open_box).done(CLOSED) == []
    assert unarmed(open_box)
    assert open_box.run("systemctl is-active clawprov-undo.timer").returncode
    time.sleep(21)
    assert Owner(open_box).done(CLOSED) == []
