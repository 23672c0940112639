"""What is on a server already and would come into conflict with our gateway."""

from __future__ import annotations

from collections.abc import Callable

from provision.model.facts import Facts, Reading
from provision.model.report import Check
from provision.model.shell import sh


def own_user(name: str, home: str) -> Check:
    """The service's user, unless it is there already as somebody who logs in."""

    def judge(reading: Reading, facts: Facts) -> str:
        entry = reading.out.strip().split(":")
        if len(entry) < 7 or entry[5] == home:
            return ""
        return f"there is a user {name} already, with home {entry[5]} and shell {entry[6]}"

    hint = f"rename that user first (usermod --login NEW {name}): the gateway gets one of its own"
    return Check("preflight:user", sh("getent passwd {}", name), judge, hint)


def no_other_source(url: str, ours: str, wanted: Callable[[Facts], bool]) -> Check:
    """No other list of apt's that names the repository `url`, if we are going to add `ours`.

    apt reads no list at all when two of them sign the same repository with different keys.
    """

    def judge(reading: Reading, facts: Facts) -> str:
        others = [line for line in reading.out.splitlines() if line and line != ours]
        if not others or not wanted(facts):
            return ""
        return f"{others[0]} names {url} too, with another key"

    script = sh(
        "grep -lsF {} /etc/apt/sources.list /etc/apt/sources.list.d/*.list "
        "/etc/apt/sources.list.d/*.sources",
        url,
    )
    hint = "move that file away, or take Node.js from the archive (node: {source: tarball})"
    return Check("preflight:sources", script, judge, hint)


def same_auth(wished: str, other: Callable[[Facts], str]) -> Check:
    """A secret of the kind that is wished, where a kind was not said and there is one already."""

    def judge(reading: Reading, facts: Facts) -> str:
        name = other(facts)
        return f"its gateway asks for another kind of secret ({name})" if name else ""

    kinds = {"token": "password", "password": "token"}
    hint = f"say --auth {kinds[wished]} to keep it, or --auth {wished} to replace it"
    return Check("preflight:auth", sh(":"), judge, hint)


def free_port(port: int, service: str) -> Check:
    """The gateway's port, held by nobody or by our own unit."""

    def judge(reading: Reading, facts: Facts) -> str:
        owners = [line for line in reading.out.splitlines() if line]
        strangers = [line for line in owners if f"/system.slice/{service}" not in line]
        if not strangers:
            return ""
        process, _, rest = strangers[0].partition(" ")
        group, _, name = rest.partition(" ")
        unit = group.rpartition("/")[2]
        belongs = f" of {unit}" if unit.endswith((".service", ".scope")) else ""
        return f"port {port} is held by {name} (process {process}{belongs})"

    script = sh(
        'ss -Hltnp "sport = :"{} | grep -o \'("[^"]*",pid=[0-9]*\' | tr -d \'("\' | sort -u | '
        "while IFS=, read -r name pid; do pid=${pid#pid=}\n"
        'echo "$pid $(cut -d: -f3 /proc/"$pid"/cgroup | tail -n 1) $name"; done',
        port,
    )
    hint = "end that process, or choose another gateway_port"
    return Check("preflight:port", script, judge, hint)


def no_rivals(service: str) -> Check:
    """No second gateway of either product that would start again and fight with ours."""

    def judge(reading: Reading, facts: Facts) -> str:
        found = reading.out.split("\n")
        units = [line.removeprefix("unit ") for line in found if line.startswith("unit ")]
        if units:
            return f"another gateway is set up here: {', '.join(units)}"
        processes = [line.removeprefix("process ") for line in found if line.startswith("process ")]
        others = [line for line in processes if f"/system.slice/{service}" not in line]
        return f"another gateway is running here: process {others[0]}" if others else ""

    script = sh(
        "for unit in /root/.config/systemd/user/*.wants/*-gateway*.service "
        "/home/*/.config/systemd/user/*.wants/*-gateway*.service "
        "/etc/systemd/system/*.wants/*-gateway.service; do\n"
        '  case $unit in /etc/*.wants/{}) ;; *) [ ! -L "$unit" ] || echo "unit $unit" ;; esac\n'
        "done | grep -E '/(clawdbot|moltbot|openclaw)-gateway'\n"
        "for process in $(pgrep -f '^(clawdbot|moltbot|openclaw)-gateway'); do\n"
        '  echo "process $process $(tail -n 1 /proc/"$process"/cgroup)"\n'
        "done",
        service,
    )
    hint = "stop it first: systemctl disable --now NAME (as its user with --user, or as root)"
    return Check("preflight:rivals", script, judge, hint)
