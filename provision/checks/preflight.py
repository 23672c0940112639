"""What must hold on a server before anything is changed."""

from __future__ import annotations

import re
from collections.abc import Callable

from provision.model.facts import Facts, Reading
from provision.model.report import Check
from provision.model.shell import sh
from provision.products.engines import order

CLOCK_S = 300
SPARE_MB = 100
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


def enough_memory(coming_mb: Callable[[Facts], int] = lambda facts: 0) -> Check:
    """Memory and swap, there or coming, for a first start, which compiles for half a minute."""

    def judge(reading: Reading, facts: Facts) -> str:
        sizes = [int(value) for value in reading.pairs().values() if value.isdecimal()]
        if not sizes:
            return "its memory cannot be read (/proc/meminfo)"
        have = sum(sizes) + coming_mb(facts)
        return "" if have >= MEMORY_MB else f"{have} MB of memory and swap; {MEMORY_MB} are needed"

    script = sh(
        'awk \'$1 == "MemTotal:" || $1 == "SwapTotal:" { print $1 "=" int($2 / 1024) }\''
        " /proc/meminfo"
    )
    return Check(
        "preflight:memory",
        script,
        judge,
        "wish swap (`basics: {swap: 1G}`), or take a larger server",
    )


def enough_disk(release: str, digest: str, need_mb: int) -> Check:
    """Room for a release that is not there yet, and a root that can be written to."""

    def judge(reading: Reading, facts: Facts) -> str:
        seen = reading.pairs()
        if seen.get("root", "").split(",")[0] == "ro":
            return "the root file system is read-only"
        made = facts[release].pairs().get("made") == digest
        need = SPARE_MB if made else need_mb
        free = {folder: seen.get(folder, "") for folder in ("/opt", "/var")}
        if unread := [folder for folder, size in free.items() if not size.isdecimal()]:
            return f"the room in {' and '.join(unread)} cannot be read (df)"
        short = [
            f"{folder} has {size} MB free" for folder, size in free.items() if int(size) < need
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
    """A package system that was not left in the middle; one that is at work is waited for."""

    def judge(reading: Reading, facts: Facts) -> str:
        return "the package system was interrupted" if reading.out.strip() else ""

    script = sh(
        "grep -lqsxE 'dpkg|apt|apt-get|aptitude|unattended-upgr' /proc/[0-9]*/comm && exit\n"
        "ls /var/lib/dpkg/updates 2>/dev/null\n"
        "grep -E '^Status: .* (half-installed|half-configured|unpacked)$' /var/lib/dpkg/status"
    )
    return Check("preflight:packages", script, judge, "dpkg --configure -a   (on the server)")


def needed_tools() -> Check:
    """What our scripts are made of; all of it is in a usual Debian or Ubuntu."""

    def judge(reading: Reading, facts: Facts) -> str:
        missing = reading.out.split()
        return f"it lacks {', '.join(missing)}" if missing else ""

    script = sh(
        "for tool in awk getent grep journalctl pgrep setpriv sha256sum ss systemd-run tail; do "
        "command -v $tool >/dev/null || echo $tool; done"
    )
    hint = "apt-get update && apt-get install iproute2 procps util-linux   (on the server)"
    return Check("preflight:tools", script, judge, hint)


def chosen_version(version: str, remark: str, current: str) -> Check:
    """A word on the version that was chosen, and on the newer one that `current` links to."""

    def judge(reading: Reading, facts: Facts) -> str:
        there = reading.out.strip().rpartition("/")[2]
        older = bool(there) and order(version) < order(there)
        warning = f"{there} runs here now, and an older version may refuse its data"
        return "; ".join([remark] * bool(remark) + [warning] * older)

    hint = "leave out the version for the newest one that clawprov knows"
    script = sh("readlink {}", current)
    return Check("preflight:version", script, judge, hint, note=True)


def known_key(name: str, variable: str, there: Callable[[Facts], bool]) -> Check:
    """A secret that the inventory asks for, and that `variable` did not hold on this machine.

    The server must have it already, under its `name` there.
    """

    def judge(reading: Reading, facts: Facts) -> str:
        if there(facts):
            return ""
        if name == variable:
            return f"{name} is set neither here nor on the server"
        return f"{variable} is not set here, and the server has no {name}"

    hint = f"export {variable}=...   (here), then run the same command again"
    return Check(f"preflight:{name}", sh(":"), judge, hint)
