"""Whether the server looks after itself as it was told to."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from provision.model.facts import Facts, Reading
from provision.model.report import Check
from provision.model.shell import sh

TIMERS = "apt-daily.timer apt-daily-upgrade.timer"


def no_obstacle(key: str, obstacle: Callable[[Facts], str]) -> Check:
    """Nothing that makes this key of `basics:` impossible here."""
    hint = f"or leave `{key}` out of `basics:` for this server"
    return Check(f"preflight:{key}", sh(":"), lambda reading, facts: obstacle(facts), hint)


def left_out(key: str, why: Callable[[Facts], str]) -> Check:
    """A note that this key of `basics:` has no place here."""
    return Check(f"host:{key}", sh(":"), lambda reading, facts: why(facts), note=True)


def updates_run() -> Check:
    """Security updates are switched on, and their timers run."""

    def judge(reading: Reading, facts: Facts) -> str:
        seen = reading.pairs()
        if "periodic" not in seen:
            return "apt does not say whether it upgrades by itself (apt-config)"
        if seen["periodic"] != "1":
            return "a file in /etc/apt/apt.conf.d switches automatic upgrades off"
        return f"{seen['stopped']} is stopped" if seen.get("stopped") else ""

    script = sh(
        'apt-config shell periodic APT::Periodic::Unattended-Upgrade | tr -d "\'"\n'
        "for timer in {}; do systemctl is-active --quiet $timer || echo stopped=$timer; done",
        sh(TIMERS),
    )
    return Check("host:updates", script, judge, f"systemctl enable --now {TIMERS}   (there)")


def clock_kept(keepers: Iterable[str]) -> Check:
    """One of the services `keepers` runs; a container has its host's clock."""

    def judge(reading: Reading, facts: Facts) -> str:
        seen = reading.pairs()
        if "container" not in seen:
            return "it does not say who keeps its clock"
        kept = "active" in seen.get("keepers", "").split() or seen["container"] != "none"
        return "" if kept else "no service keeps its clock"

    hint = "systemctl status 'chrony*' 'ntp*' systemd-timesyncd   (on the server)"
    script = sh(
        'echo "keepers=$(systemctl is-active {} | tr "\\n" " ")"\n'
        'echo "container=$(systemd-detect-virt --container)"',
        sh(" ".join(keepers)),
    )
    return Check("host:clock-kept", script, judge, hint)


def passwords_refused() -> Check:
    """No password lets anybody in over SSH, whatever else its configuration says."""

    def judge(reading: Reading, facts: Facts) -> str:
        where = reading.out.strip().splitlines()
        return f"passwords let somebody in over SSH: {where[0]}" if where else ""

    script = sh(
        "sshd -T | grep -E '^(password|kbdinteractive)authentication yes'\n"
        'awk \'FNR == 1 { match_ = "" } { word = tolower($1) }\n'
        'word == "match" { match_ = $0 }\n'
        "match_ && word ~ /^(password|kbdinteractive|challengeresponse)authentication$/ && "
        'tolower($2) == "yes" { print match_ " in " FILENAME }\' '
        "/etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf 2>/dev/null"
    )
    return Check("host:ssh", script, judge, "remove that line from sshd's configuration")
