"""Who listens: on the gateway's port, and what else gateways have opened."""

from __future__ import annotations

from dataclasses import dataclass

from provision.model.facts import Facts, Probe
from provision.model.secret import hide
from provision.model.shell import sh

ID = "doctor:sockets"
LOOPBACK = ("127.", "[::1]", "[::ffff:127.")

_LOGINS = ("user@", "ssh.service", "sshd", "cron.service", "getty", "serial-getty")
"""Services in which people start things by hand."""


@dataclass(frozen=True, slots=True)
class Socket:
    """A listening socket: `place` is ADDRESS:PORT, `group` the control group of its process.

    `line` is the command line of the process, secrets masked; `parent` its parent.
    """

    kind: str
    place: str
    pid: str
    parent: str
    group: str
    gateway: bool
    line: str

    @property
    def port(self) -> int:
        port = self.place.rpartition(":")[2]
        return int(port) if port.isdecimal() else 0

    @property
    def local(self) -> bool:
        """Whether nobody but this machine reaches it."""
        return self.place.startswith(LOOPBACK)

    @property
    def forwards(self) -> bool:
        """Whether it is Tailscale's, which has the port on addresses that are its alone."""
        return self.line.partition(" ")[0].endswith("/tailscaled")

    @property
    def unit(self) -> str:
        """The service that its process belongs to, "" for none (a login's session is none)."""
        name = self.group.rpartition("/")[2]
        return name if name.endswith(".service") and not name.startswith(_LOGINS) else ""


def probe_sockets(port: int) -> Probe:
    """Reads who listens on the TCP port, and every socket of a gateway's process."""
    return Probe(
        ID,
        sh(
            r"""
command -v ss >/dev/null || exit 3
port={} names='clawdbot|moltbot|openclaw'
ss -Hltnup | sed -nE \
  's/^([a-z]+) +[^ ]+ +[^ ]+ +[^ ]+ +([^ ]+) .*users:\(\("[^"]*",pid=([0-9]+),.*/\1 \2 \3/p' |
while read -r kind place pid; do
  line=$(tr '\0' ' ' <"/proc/$pid/cmdline" | tr -d '\n\t'); gateway=no
  group=$(cut -d: -f 3 "/proc/$pid/cgroup" | tail -n 1)
  ! printf '%s' "$line" | grep -qE "^($names)(-gateway| |\$)|/($names)/[^ ]* gateway" ||
    gateway=yes
  [ "$gateway" = yes ] || [ "${place##*:}" = "$port" ] || continue
  parent=$(sed -n 's/^PPid:\t//p' "/proc/$pid/status")
  printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' \
    "$kind" "$place" "$pid" "$parent" "$group" "$gateway" "$line"
done 2>/dev/null""",
            port,
        ),
    )


def were_listed(facts: Facts) -> bool:
    """Whether the server could tell who listens."""
    reading = facts.readings.get(ID)
    return reading is not None and not reading.exit


def find_sockets(facts: Facts) -> tuple[Socket, ...]:
    """The sockets as they were read."""
    reading = facts.readings.get(ID)
    rows = (line.split("\t", 6) for line in (reading.out if reading else "").split("\n"))
    return tuple(
        Socket(kind, place, pid, parent, group, gateway == "yes", hide(line).strip())
        for kind, place, pid, parent, group, gateway, line in (r for r in rows if len(r) == 7)
    )


def find_holder(facts: Facts, port: int) -> Socket | None:
    """Who listens on the TCP port, where the gateway would."""
    held = (s for s in find_sockets(facts) if s.kind == "tcp" and s.port == port)
    return next((socket for socket in held if not socket.forwards), None)
