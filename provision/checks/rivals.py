"""What is on a server already and would come into conflict with our gateway."""

from __future__ import annotations

from collections.abc import Callable, Container

from provision.model.facts import Facts, Reading
from provision.model.product import Product
from provision.model.report import Check
from provision.model.shell import sh


def own_user(name: str, home: str) -> Check:
    """No user of the service's name who logs in, and no group without that user."""

    def judge(reading: Reading, facts: Facts) -> str:
        entry = reading.out.strip().split(":")
        if entry == ["group"]:
            return f"there is a group {name} already, and no user of that name"
        if len(entry) < 7 or entry[5] == home:
            return ""
        return f"there is a user {name} already, with home {entry[5]} and shell {entry[6]}"

    hint = (
        "the gateway gets one of its own; stop what it runs, and rename it: "
        f"usermod --login NEW {name}; groupmod --new-name NEW {name}   (on the server)"
    )
    script = sh("getent passwd {} || ! getent group {} >/dev/null || echo group", name, name)
    return Check("preflight:user", script, judge, hint)


def no_other_product(host: str, other: Product) -> Check:
    """No gateway of the `other` product that clawprov has made here and that would start again."""

    def judge(reading: Reading, facts: Facts) -> str:
        there, _, release = reading.out.strip().partition(" ")
        name = f"{other.title} {release.rpartition('/')[2]}".rstrip()
        return f"{name} is here already, made by clawprov" if there == "there" else ""

    script = sh(
        "unit={}; grep -qs '^# Made by clawprov' \"/etc/systemd/system/$unit\" || exit 0\n"
        'systemctl is-enabled -q "$unit" || systemctl is-active -q "$unit" || exit 0\n'
        'echo "there $(readlink {})"',
        other.service,
        other.current,
    )
    hint = (
        f"clawprov up {host} --product {other.name} goes on with it; to replace it, "
        f"systemctl disable --now {other.service}   (on the server), then the same command again"
    )
    return Check("preflight:product", script, judge, hint)


def no_other_source(url: str, ours: str, wanted: Callable[[Facts], bool]) -> Check:
    """No other list of apt's that names the repository `url`, if we are going to add `ours`.

    apt reads no list at all when two of them sign the same repository with different keys.
    """

    def judge(reading: Reading, facts: Facts) -> str:
        others = [line for line in reading.lines() if line and line != ours]
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


def free_port(port: int, service: str, theirs: Callable[[Facts], Container[str]]) -> Check:
    """The gateway's port, held by nobody, by our own unit, or by a process that is to end.

    Nobody else may be excused: whoever holds the port is told the secret by a proof.

    Tailscale may forward the same port of its own address to it.
    """

    def judge(reading: Reading, facts: Facts) -> str:
        owners = [line for line in reading.lines() if line and line[:5] != "free="]
        ending = theirs(facts)
        strangers = [
            line
            for line in owners
            if f"/system.slice/{service}" not in line and line.partition(" ")[0] not in ending
        ]
        if not strangers:
            return ""
        process, _, rest = strangers[0].partition(" ")
        group, _, name = rest.partition(" ")
        unit = group.rpartition("/")[2]
        belongs = f" of {unit}" if unit.endswith((".service", ".scope")) else ""
        free = reading.pairs().get("free")
        other = f"; {free} is free" if free else ""
        return f"port {port} is held by {name} (process {process}{belongs}){other}"

    script = sh(
        'ss -Hltnp "sport = :"{} | grep -o \'("[^"]*",pid=[0-9]*\' | tr -d \'("\' | sort -u | '
        "grep -v ^tailscaled, | "
        "while IFS=, read -r name pid; do pid=${pid#pid=}\n"
        'echo "$pid $(cut -d: -f3 /proc/"$pid"/cgroup | tail -n 1) $name"; done\n'
        'free={}; while [ $free -lt {} ] && [ -n "$(ss -Hltn "sport = :$free")" ]; do\n'
        '  free=$((free + 1)); done; echo "free=$free"',
        port,
        port,
        port + 9,
    )
    hint = "end that process, or choose another: --gateway-port N, gateway_port in the inventory"
    return Check("preflight:port", script, judge, hint)


def no_rivals(again: str, port: int, problem: Callable[[Facts], str], said: str = "") -> Check:
    """No gateway that a person has set up, unless it was `said` what becomes of it.

    One that starts again by itself would fight with ours for its port. `again` is the command
    line that leads here.
    """
    leave = f"--existing leave --gateway-port {port + 1}   (both run)"
    hint = {
        "take-over": f"put that right, then the same command again; or {again} {leave}",
        "leave": "rename that unit first, then the same command again",
    }.get(
        said,
        f"{again} --existing take-over   (its state is copied, its unit disabled), or {leave}",
    )
    return Check("preflight:existing", sh(":"), lambda reading, facts: problem(facts), hint)
