"""What must hold on a server before anything is changed."""

from __future__ import annotations

import re
from collections.abc import Callable

from provision.model.facts import Facts, Reading
from provision.model.report import Check
from provision.model.shell import sh

CLOCK_S = 300
DISK_MB = {"fresh": 1500, "made": 100}
MEMORY_MB = 900
_OLDEST = {"debian": (12, 0), "ubuntu": (22, 4)}


def supported_system() -> Check:
    """Debian 12 or Ubuntu 22.04 at least, on amd64 or arm64, with systemd, as root."""

    def judge(reading: Reading, facts: Facts) -> str:
        seen = {key: value.strip('"') for key, value in reading.pairs().items()}
        name = seen.get("PRETTY_NAME") or seen.get("kernel", "an unknown system")
        numbers = re.findall(r"\d+", seen.get("VERSION_ID", ""))
        version = tuple(int(n) for n in [*numbers, "0"][:2])
        if not numbers and seen.get("ID") == "debian":
            version = (99, 0)  # testing and unstable carry no number
        if seen.get("ID") not in _OLDEST or version < _OLDEST[seen["ID"]]:
            return f"{name} is not supported"
        if seen.get("arch") not in ("x86_64", "aarch64"):
            return f"the processor ({seen.get('arch')}) is not supported"
        if seen.get("systemd") != "yes":
            return "systemd is not running here, so nothing could keep the gateway up"
        return "" if seen.get("uid") == "0" else "we are not root there"

    script = sh(
        "cat /etc/os-release; echo kernel=$(uname -s); echo arch=$(uname -m); echo uid=$(id -u)\n"
        "[ -d /run/systemd/system ] && echo systemd=yes || echo systemd=no"
    )
    hint = "take a server with Debian 12 or newer, or Ubuntu 22.04 or newer, on amd64 or arm64"
    return Check("preflight:system", script, judge, hint)


def enough_memory() -> Check:
    """Memory and swap for a first start, which compiles for half a minute."""

    def judge(reading: Reading, facts: Facts) -> str:
        have = sum(int(value) for value in reading.pairs().values())
        return "" if have >= MEMORY_MB else f"{have} MB of memory and swap; {MEMORY_MB} are needed"

    script = sh(
        'awk \'$1 == "MemTotal:" || $1 == "SwapTotal:" { print $1 "=" int($2 / 1024) }\''
        " /proc/meminfo"
    )
    return Check("preflight:memory", script, judge, "add swap, or take a larger server")


def enough_disk(release: str) -> Check:
    """Room for the release and its download, and a root that can be written to."""

    def judge(reading: Reading, facts: Facts) -> str:
        seen = reading.pairs()
        if seen.get("root", "").split(",")[0] == "ro":
            return "the root file system is read-only"
        need = DISK_MB["made" if facts[release].pairs().get("made") else "fresh"]
        short = [
            f"{folder} has {seen.get(folder) or 0} MB free"
            for folder in ("/opt", "/var")
            if int(seen.get(folder) or 0) < need
        ]
        return f"{' and '.join(short)}; {need} are needed" if short else ""

    script = sh(
        "for folder in /opt /var; do "
        "echo \"$folder=$(df -Pm $folder | awk 'NR == 2 { print $4 }')\"; done\n"
        'awk \'$2 == "/" { root = $4 } END { print "root=" root }\' /proc/mounts'
    )
    hint = "make room there: apt-get clean, journalctl --vacuum-size=100M"
    return Check("preflight:disk", script, judge, hint)


def right_clock(clock: Callable[[], float]) -> Check:
    """A clock near the laptop's (in seconds since 1970); else TLS and signatures fail."""

    def judge(reading: Reading, facts: Facts) -> str:
        told = reading.out.strip()
        if not told.isdecimal():
            return f"its clock cannot be read: {told or 'no answer'}"
        off = int(told) - clock()
        side = "ahead" if off > 0 else "behind"
        return f"its clock is {abs(off) / 60:.0f} minutes {side}" if abs(off) > CLOCK_S else ""

    hint = "timedatectl set-ntp true   (on the server, or check this machine's own clock)"
    return Check("preflight:clock", sh("date +%s"), judge, hint)


def working_names(host: str) -> Check:
    """DNS that knows `host`, from which we are going to fetch."""

    def judge(reading: Reading, facts: Facts) -> str:
        return "" if reading.exit == 0 else f"it cannot resolve {host}"

    script = sh("timeout 10 getent ahosts {} >/dev/null", host)
    return Check("preflight:dns", script, judge, "repair /etc/resolv.conf on the server")


def whole_packages() -> Check:
    """A package system that was not interrupted in the middle."""

    def judge(reading: Reading, facts: Facts) -> str:
        return "the package system was interrupted" if reading.out.strip() else ""

    script = sh("ls /var/lib/dpkg/updates 2>/dev/null")
    return Check("preflight:packages", script, judge, "dpkg --configure -a   (on the server)")


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
    hint = "stop and disable it first: systemctl --user disable --now NAME (as its user)"
    return Check("preflight:rivals", script, judge, hint)
