"""The shell by which a server's gateway is opened to the whole internet, and closed again."""

from __future__ import annotations

from dataclasses import dataclass

from provision.model.funnel import FOLDER, RECORD, Opening
from provision.model.shell import Sh, heredoc, joined, sh

UNIT = "clawprov-funnel"
AGAIN_S = 15
"""How long the server waits before it tries again to close what it could not close."""
_SCRIPT = f"{FOLDER}/close.sh"
_SERVICE, _TIMER = (f"/etc/systemd/system/{UNIT}.{kind}" for kind in ("service", "timer"))
_STAMP = f"/var/lib/systemd/timers/stamp-{UNIT}.timer"

TOOLS = sh(r"""
# public PORT: whether Funnel leads there; without an answer of Tailscale's nothing goes on
public() {
  name=$(timeout 20 tailscale status --json --peers=false </dev/null | tr -d ' \t\n' |
    sed -n 's/.*"DNSName":"\([^"]*\)\.".*/\1/p')
  said=$(timeout 20 tailscale serve status --json </dev/null) && [ "$name" ] ||
    { echo "Tailscale does not answer"; exit 1; }
  printf %s "$said" | tr -d ' \t\n' | grep -o '"AllowFunnel":{[^}]*}' | grep -qF "\"$name:$1\":true"
}

# cut PORT UNIT: who has come through Tailscale to a port of this machine is sent away, whom closing
# leaves inside; where the kernel cannot, by a restart of the unit that listens there
cut() {
  stays=
  for way in $(ss -Htnp state established "dport = :$1" | awk '/"tailscaled"/ { print $3 }'); do
    ss -Kt "sport = :${way##*:} and dport = :$1" >/dev/null 2>&1 || :
    [ -z "$(ss -Htn state established "sport = :${way##*:} and dport = :$1")" ] || stays=yes
  done
  [ -z "$stays" ] || systemctl try-restart "$2"
}""")
FORGET = sh(
    "systemctl disable --quiet --now {} 2>/dev/null || :\nrm -rf {}\nsystemctl daemon-reload",
    f"{UNIT}.timer",
    joined((sh("{}", path) for path in (_SERVICE, _TIMER, _STAMP, FOLDER)), " "),
)
"""Nobody has asked for a Funnel, and no timer waits to close one."""


@dataclass(frozen=True, slots=True)
class Door:
    """A port by which Funnel leads to the gateway, `unit` on `gateway_port`.

    When it is closed, the tailnet's way through it is `kept`, or goes, too. All shell here is
    written with TOOLS.
    """

    port: int
    unit: str
    gateway_port: int
    kept: bool

    @property
    def target(self) -> str:
        return f"http://127.0.0.1:{self.gateway_port}"

    @property
    def opened(self) -> Sh:
        """Shell that opens it to the world; a prompt of Tailscale's that opens nothing fails."""
        return sh(
            "{ timeout 30 tailscale funnel --bg --yes {} {} </dev/null && public {}; }",
            *(f"--https={self.port}", self.target, self.port),
        )

    @property
    def shut(self) -> Sh:
        """Shell that closes it to the world, if need be to the tailnet, too; else it fails."""
        https = f"--https={self.port}"
        keep = sh(
            "  timeout 20 tailscale serve --bg --yes {} {} </dev/null || :\n", https, self.target
        )
        return sh(
            "if public {}; then\n{}"
            "  ! public {} || "
            "timeout 20 tailscale serve --yes {} --set-path=/ off </dev/null || :\n"
            "  ! public {} || { echo it is still open; exit 1; }\n"
            "  cut {} {}\nfi",
            *(self.port, keep if self.kept else sh(""), self.port, https, self.port),
            *(self.gateway_port, self.unit),
        )

    def note(self, opening: Opening) -> tuple[Sh, ...]:
        """The record of a person's wish, whose time counts by the server's own clock.

        With an end, it is in the shell variable `until`, in seconds since 1970.
        """
        end = sh("until=$(($(date +%s) + {}))", opening.seconds)
        return (
            end if opening.seconds else sh("until=0"),
            sh(
                "mkdir -p {}\nprintf 'port=%s\\nkept=%s\\nasked=%s\\nuntil=%s\\n' {} {} {} "
                '"$until" >{}\nsync {}',
                *(FOLDER, self.port, "yes" if self.kept else "no", opening.id, RECORD, RECORD),
            ),
        )

    def arm(self) -> tuple[Sh, ...]:
        """A timer by the wall clock for `until`, on disk; a boot after that finds it due."""
        told = '{"at":"%s","who":"the server","verb":"funnel off"}\\n'
        script = joined(
            [
                sh("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; set -e"),
                TOOLS,
                self.shut,
                sh('printf {} "$(date -u +%FT%TZ)" >>/var/lib/clawprov/audit.jsonl', told),
                FORGET,
                sh(""),
            ]
        )
        when = sh('sed "s/WHEN/$(date -u -d "@$until" "+%F %T UTC")/" >{}', _TIMER)
        return (
            heredoc(sh("cat >{}", _SCRIPT), script.text),
            heredoc(sh("cat >{}", _SERVICE), _SERVICE_TEXT),
            heredoc(when, _TIMER_TEXT),
            sh("systemctl daemon-reload\nsystemctl enable --quiet {}", f"{UNIT}.timer"),
            sh("systemctl restart {}", f"{UNIT}.timer"),
            sh("sync {} {} {}", _SCRIPT, _SERVICE, _TIMER),
        )


_SERVICE_TEXT = f"""\
[Unit]
Description=clawprov closes Tailscale Funnel
After=tailscaled.service
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=/bin/sh {_SCRIPT}
Restart=on-failure
RestartSec={AGAIN_S}
"""
_TIMER_TEXT = """\
[Unit]
Description=clawprov closes Tailscale Funnel in time

[Timer]
OnCalendar=WHEN
Persistent=true
AccuracySec=1

[Install]
WantedBy=timers.target
"""
