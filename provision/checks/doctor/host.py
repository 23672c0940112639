"""Rules about the server under the gateway: disk, clock, memory."""

from __future__ import annotations

import re

from provision.checks.doctor.patient import Patient, find_wanted
from provision.checks.doctor.words import TELEGRAM
from provision.model.facts import Facts, Reading
from provision.model.finding import Finding, Rule
from provision.model.shell import sh

FULL_MB = 20
CLOCK_S = 300
_UNKNOWN = re.compile(r"getaddrinfo (?:EAI_AGAIN|ENOTFOUND) ([\w.-]+)")


def disk_full(patient: Patient) -> Rule:
    """A disk without room, or without a place for another file."""
    home = patient.product.home

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        for line in reading.lines():
            place, _, rest = line.partition(" ")
            numbers = rest.split()
            if len(numbers) != 2 or not all(n.isdecimal() for n in numbers):
                continue
            free, files = map(int, numbers)
            if free >= FULL_MB and files:
                continue
            what = f"{free} MB free" if free < FULL_MB else "no place for another file (inodes)"
            return Finding(
                "host:disk-full",
                "critical",
                "the disk is full, so the gateway can keep nothing",
                f"{place} has {what}",
                "journalctl --vacuum-size=100M; apt-get clean; du -xh / | sort -h | tail"
                "   (on the server)",
                (line,),
                sh("journalctl -q --vacuum-size=500M\napt-get clean"),
            )
        return None

    script = sh(
        "for place in / /var /tmp {}; do [ -d $place ] || continue\n"
        "echo \"$place $(df -Pm $place | awk 'NR == 2 { print $4 }') "
        "$(df -Pi $place | awk 'NR == 2 { print $2 ? $4 : 1 }')\"; done",
        home,
    )
    return Rule("host:disk-full", script, judge)


def wrong_clock(patient: Patient) -> Rule:
    """A clock that is off by more than five minutes: TLS, signatures and logins fail."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        told = reading.out.strip()
        if not told.isdecimal():
            return None
        off = int(told) - patient.now()
        if abs(off) <= CLOCK_S:
            return None
        side = "ahead of" if off > 0 else "behind"
        return Finding(
            "host:clock",
            "serious",
            "the server's clock is wrong: TLS, tokens and pairing fail",
            f"it is {abs(off) / 60:.0f} minutes {side} this machine's",
            "timedatectl set-ntp true   (on the server, or check this machine's own clock)",
        )

    return Rule("host:clock", sh("date +%s"), judge)


def no_names(patient: Patient) -> Rule:
    """A gateway that falls because the server cannot resolve the names of those it speaks to."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        fallen = [unit for unit in find_wanted(facts) if unit.down]
        logs = ["\n".join(unit.log) for unit in fallen]
        told = next((found[1] for log in logs if (found := _UNKNOWN.search(log))), "")
        if not told and any(re.search(TELEGRAM, log) for log in logs):
            told = reading.out.strip()
        if not told:
            return None
        return Finding(
            "network:dns",
            "critical",
            "the gateway reaches nobody",
            f"the server's DNS does not know {told}",
            "cat /etc/resolv.conf; resolvectl status   (on the server)",
        )

    script = sh("name=api.telegram.org; timeout 5 getent ahosts $name >/dev/null || echo $name")
    return Rule("network:dns", script, judge)
