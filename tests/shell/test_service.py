"""The wait for a service that starts: ready, falling, or never ready, with fake programs."""

from __future__ import annotations

import pytest
from place import Place
from steps import make

from provision.model.facts import Facts, Reading
from provision.model.plan import Change
from provision.model.shell import Sh
from provision.resources.service import Service

SERVICE = Service("p.service", "/run/p.started", (), 4711, 15, 2)
# A server whose time goes on by a second whenever somebody asks for it.
CLOCK = "n=$(cat $ROOT/clock); echo $((n + 1)) >$ROOT/clock; echo $n"
CTL = """
echo "$*" >>$ROOT/asked
[ "$1" = show ] || exit 0
n=$(cat $ROOT/clock); . $ROOT/life
case $3 in
  MainPID) echo "MainPID=$pid" ;;
  NRestarts) echo "NRestarts=$restarts" ;;
  ActiveState) echo "ActiveState=$state" ;;
  ExecMainStatus) echo "ExecMainStatus=1" ;;
esac
"""
SS = 'n=$(cat $ROOT/clock); . $ROOT/life; [ -z "$listens" ] || echo "LISTEN 0 511 127.0.0.1:4711"'
JOURNAL = 'case "$*" in *"-n 1 "*) ;; *) echo word 1 ;; esac; echo last'


def commands() -> tuple[Sh, ...]:
    seen = "ActiveState=inactive\nUnitFileState=\nstamp=\n"
    change = SERVICE.diff(Facts({SERVICE.id: Reading(0, seen)}))
    assert isinstance(change, Change)
    return change.commands


def live(place: Place, life: str) -> Reading:
    """How the start of a service goes whose life is told as shell, by the time `$n`."""
    (place.root / "clock").write_text("1000\n")
    (place.root / "life").write_text(f"state=active pid=77 restarts=0 listens=\n{life}\n")
    place.fake("date", CLOCK)
    place.fake("sleep", ":")
    place.fake("systemctl", CTL)
    place.fake("ss", SS)
    place.fake("journalctl", JOURNAL)
    return make(place, *commands())


def seconds(place: Place) -> int:
    return int((place.root / "clock").read_text()) - 1000


def test_a_service_is_ready_when_it_has_listened_for_a_while(place: Place) -> None:
    made = live(place, "[ $n -lt 1005 ] || listens=1")
    assert made.exit == 0, made.out
    assert 7 <= seconds(place) <= 9
    assert [x for x in made.out.splitlines() if not x.startswith("~ ")] == []


def test_the_wait_tells_time_memory_and_last_word(place: Place) -> None:
    made = live(place, "pid=$(cat $ROOT/real 2>/dev/null || echo 77); [ $n -lt 1005 ] || listens=1")
    assert made.out.splitlines()[0] == "~ 1 s, 0 MB, last"


def test_it_is_loaded_enabled_and_restarted_before_it_is_waited_for(place: Place) -> None:
    live(place, "listens=1")
    asked = (place.root / "asked").read_text().splitlines()
    assert asked[:4] == [
        "daemon-reload",
        "reenable --quiet p.service",
        "reset-failed p.service",
        "restart p.service",
    ]


@pytest.mark.parametrize(
    "life",
    [
        "[ $n -lt 1004 ] || restarts=1",
        "[ $n -lt 1004 ] || state=failed",
        "[ $n -lt 1004 ] || restarts=2; listens=",
    ],
)
def test_a_service_that_falls_is_told_at_once_with_its_last_words(place: Place, life: str) -> None:
    made = live(place, life)
    assert made.exit == 1
    assert seconds(place) < 8
    told = [line for line in made.out.splitlines() if not line.startswith("~ ")]
    assert told[:2] == ["word 1", "last"]
    assert told[-1].startswith("after ")


def test_a_service_that_falls_while_it_is_watched_is_not_ready(place: Place) -> None:
    made = live(place, "listens=1; [ $n -lt 1003 ] || restarts=1")
    assert made.exit == 1


def test_a_service_that_never_listens_is_given_up_when_its_time_is_over(place: Place) -> None:
    made = live(place, "")
    assert made.exit == 1
    assert 15 <= seconds(place) <= 19
    assert "after 16 s: active, 0 restarts" in made.out


def test_another_process_that_listens_has_to_be_watched_anew(place: Place) -> None:
    made = live(place, "[ $n -lt 1002 ] || listens=1; [ $n -lt 1004 ] || pid=78")
    assert made.exit == 0
    assert seconds(place) >= 6


def test_a_port_that_opens_and_shuts_again_is_not_ready(place: Place) -> None:
    made = live(place, "case $n in 1003|1004) listens=1 ;; esac; [ $n -lt 1009 ] || listens=1")
    assert made.exit == 0
    assert seconds(place) >= 11


def test_a_restart_that_fails_ends_the_step(place: Place) -> None:
    (place.root / "clock").write_text("1000\n")
    place.fake("systemctl", "[ $1 != restart ] || { echo 'Job failed.' >&2; exit 1; }")
    made = make(place, *commands())
    assert (made.exit, made.out) == (1, "Job failed.\n")
