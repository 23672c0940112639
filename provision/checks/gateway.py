"""Whether the gateway runs as it should."""

from __future__ import annotations

from provision.model.facts import Facts, Reading
from provision.model.report import Check
from provision.model.shell import sh

LOOPBACK = ("127.", "[::1]", "::1")
STEADY_S = 60
UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def steady(service: str) -> Check:
    """Active, and not on its feet again a moment after falling."""

    def judge(reading: Reading, facts: Facts) -> str:
        seen = reading.pairs()
        if seen.get("ActiveState") != "active":
            return f"{service} is {seen.get('ActiveState', 'unknown')}"
        age, restarts = _age(reading), seen.get("NRestarts", "0")
        if restarts != "0" and age < STEADY_S:
            return f"{service} has restarted {restarts} times, last {age} s ago"
        return ""

    def tell(reading: Reading, facts: Facts) -> str:
        return f"active for {lasting(_age(reading))}"

    script = sh(
        "systemctl show {} -p ActiveState -p NRestarts\n"
        "started=$(systemctl show {} -p ExecMainStartTimestampMonotonic); started=${started#*=}\n"
        'read -r up _ </proc/uptime; echo "age=$((${up%.*} - ${started:-0} / 1000000))"',
        service,
        service,
    )
    hint = f"journalctl -u {service} -n 50   (on the server)"
    return Check("gateway:steady", script, judge, hint, tell=tell)


def _age(reading: Reading) -> int:
    age = reading.pairs().get("age", "")
    return int(age) if age.isdecimal() else 0


def lasting(seconds: int) -> str:
    """A time in one unit: 50 s, 3 min, 7 h, 12 d."""
    size, unit = next((s, u) for s, u in UNITS if seconds >= s or s == 1)
    return f"{seconds // size} {unit}"


def loopback_only(service: str, port: int, *, exposed: bool = False) -> Check:
    """Listening on its port, and on nothing that another machine could reach.

    Only where that is wished, the gateway is `exposed`: its port may be open to others.
    """

    def judge(reading: Reading, facts: Facts) -> str:
        places = reading.out.split()
        if not any(place.endswith(f":{port}") for place in places):
            return f"nothing of {service} listens on port {port}"
        outside = sorted({place for place in places if not place.startswith(LOOPBACK)})
        if exposed:
            outside = [place for place in outside if not place.endswith(f":{port}")]
        return f"{service} listens on {', '.join(outside)}" if outside else ""

    def tell(reading: Reading, facts: Facts) -> str:
        return ", ".join(sorted(set(reading.out.split())))

    script = sh(
        "for pid in $(cat /sys/fs/cgroup/system.slice/{}/cgroup.procs "
        "/sys/fs/cgroup/systemd/system.slice/{}/cgroup.procs 2>/dev/null); do\n"
        "  ss -Hltnup | grep \",pid=$pid,\" | awk '{ print $5 }'\n"
        "done",
        service,
        service,
    )
    return Check("gateway:loopback", script, judge, "set gateway.bind to loopback", tell=tell)
