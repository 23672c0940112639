"""Whether the gateway runs as it should."""

from __future__ import annotations

from provision.model.facts import Facts, Reading
from provision.model.report import Check
from provision.model.shell import sh

LOOPBACK = ("127.", "[::1]", "::1")
STEADY_S = 60


def steady(service: str) -> Check:
    """Active, and not on its feet again a moment after falling."""

    def judge(reading: Reading, facts: Facts) -> str:
        seen = reading.pairs()
        if seen.get("ActiveState") != "active":
            return f"{service} is {seen.get('ActiveState', 'unknown')}"
        age, restarts = int(seen.get("age") or 0), seen.get("NRestarts", "0")
        if restarts != "0" and age < STEADY_S:
            return f"{service} has restarted {restarts} times, last {age} s ago"
        return ""

    script = sh(
        "systemctl show {} -p ActiveState -p NRestarts\n"
        "started=$(systemctl show {} -p ExecMainStartTimestampMonotonic); started=${started#*=}\n"
        'read -r up _ </proc/uptime; echo "age=$((${up%.*} - ${started:-0} / 1000000))"',
        service,
        service,
    )
    return Check("gateway:steady", script, judge, f"journalctl -u {service} -n 50")


def loopback_only(service: str, port: int) -> Check:
    """Listening on its port, and on nothing that another machine could reach."""

    def judge(reading: Reading, facts: Facts) -> str:
        places = reading.out.split()
        if not any(place.endswith(f":{port}") for place in places):
            return f"nothing of {service} listens on port {port}"
        outside = sorted({place for place in places if not place.startswith(LOOPBACK)})
        return f"{service} listens on {', '.join(outside)}" if outside else ""

    script = sh(
        "for pid in $(cat /sys/fs/cgroup/system.slice/{}/cgroup.procs "
        "/sys/fs/cgroup/systemd/system.slice/{}/cgroup.procs 2>/dev/null); do\n"
        "  ss -Hltnup | grep \",pid=$pid,\" | awk '{ print $5 }'\n"
        "done",
        service,
        service,
    )
    return Check("gateway:loopback", script, judge, "set gateway.bind to loopback")
