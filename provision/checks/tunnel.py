"""Whether a laptop's tunnel runs, and what the server allows to whoever comes through it."""

from __future__ import annotations

from provision.model.facts import Facts, Reading
from provision.model.report import Check
from provision.model.shell import sh
from provision.model.tunnel import Tunnel

_WORDS = (
    (
        "HOST IDENTIFICATION HAS CHANGED",
        "THE SERVER'S HOST KEY HAS CHANGED, and the tunnel has given up",
    ),
    ("Host key verification failed", "the server's host key is not the one that was pinned"),
    ("Permission denied", "the server takes this laptop's key no more"),
    ("Address already in use", "its port is held by somebody else"),
)
"""What ssh says, and what it means; the first that fits counts."""
AT_LOGIN = "it starts when you log in, not before"
ENABLE_LINGER = 'for a machine without a screen: sudo loginctl enable-linger "$USER"'


def running(host: str, tunnel: Tunnel, log: str) -> Check:
    """The service of the tunnel to `host`, active; or what ssh said last."""

    def judge(reading: Reading, facts: Facts) -> str:
        state, _, said = reading.out.partition("said=\n")
        known = next((meaning for words, meaning in _WORDS if words in said), "")
        if known or "running" in state:
            return known
        last = said.strip().splitlines()[-1:]
        return f"it does not hold: {last[0]}" if last else "it does not run"

    script = sh(
        'if [ "$(uname)" = Darwin ]; then launchctl print gui/$(id -u)/{} 2>/dev/null |\n'
        "  grep -q 'state = running' && echo running\n"
        "else { systemctl --user is-active --quiet {} || pgrep -f {}; } >/dev/null 2>&1 &&\n"
        "  echo running; fi\n"
        "echo said=; cat {} 2>/dev/null",
        tunnel.label,
        tunnel.unit,
        rf"[.]ssh/clawprov/{tunnel.name}[.]sh",  # as started by hand
        log,
    )
    hint = f"clawprov tunnel up {host}   (--host-key KEY if you reinstalled the server)"
    return Check("tunnel:running", script, judge, hint)


def lingering(tunnel: Tunnel) -> Check:
    """Whether the tunnel starts before anybody logs in; worth a word where it does not."""

    def judge(reading: Reading, facts: Facts) -> str:
        return AT_LOGIN if "=no" in reading.out else ""

    script = sh('loginctl show-user "$(id -un)" -p Linger 2>/dev/null')
    return Check("tunnel:linger", script, judge, ENABLE_LINGER, note=True)


def rules_hold(account: str) -> Check:
    """What sshd really does with the account: one forward, and nothing else."""
    wanted = {
        "allowtcpforwarding": "local",
        "allowstreamlocalforwarding": "no",
        "allowagentforwarding": "no",
        "x11forwarding": "no",
        "permittunnel": "no",
        "permittty": "no",
        "permitlisten": "none",
        "forcecommand": "/usr/sbin/nologin",
    }

    def judge(reading: Reading, facts: Facts) -> str:
        lines = (line.partition(" ") for line in reading.lines())
        seen = {key: value.strip() for key, _, value in lines}
        if not seen:
            return f"its sshd does not say what {account} may do (sshd -T)"
        if seen.get("disableforwarding") == "yes":
            return "its sshd forbids all forwarding (DisableForwarding yes)"
        wrong = [f"{key} {seen.get(key, '')}" for key in wanted if seen.get(key) != wanted[key]]
        return f"for {account} its sshd has {', '.join(wrong)}" if wrong else ""

    script = sh("/usr/sbin/sshd -T -C {} 2>/dev/null", f"user={account},host=laptop,addr=192.0.2.1")
    hint = "put `Include /etc/ssh/sshd_config.d/*.conf` on top of its /etc/ssh/sshd_config"
    return Check("tunnel:account", script, judge, hint)
