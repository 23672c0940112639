"""How a server keeps itself: who gets in over SSH, and whether it is kept up to date."""

from __future__ import annotations

from provision.model.facts import Facts, Reading
from provision.model.finding import Finding, Rule
from provision.model.shell import sh


def ssh_passwords() -> Rule:
    """SSH takes passwords: serious where somebody has one."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        seen = dict(line.split(" ", 1) for line in reading.lines() if " " in line)
        ways = ("passwordauthentication", "kbdinteractiveauthentication")
        taken = [f"{way} yes" for way in ways if seen.get(way) == "yes"]
        if not taken:
            return None
        root = seen.get("permitrootlogin") == "yes"
        having = [who for who in seen.get("accounts:", "").split() if root or who != "root"]
        return Finding(
            "audit:ssh-passwords",
            "serious" if having else "minor",
            f"SSH lets {', '.join(having)} in by password"
            if having
            else "SSH takes passwords, though nobody has one yet",
            "passwords are guessed all day long by the whole internet; keys are not",
            "basics: {ssh_keys_only: true} in the inventory",
            (*taken, f"permitrootlogin {seen.get('permitrootlogin', '?')}"),
        )

    script = sh(
        "told=$(sshd -T 2>/dev/null) || exit 3\n"
        'printf "%s\\n" "$told" | grep -E "^(password|kbdinteractive)authentication |^permitroot"\n'
        "echo \"accounts: $(echo $(awk -F: '$2 ~ /^[$]/ { print $1 }' /etc/shadow))\""
    )
    return Rule("audit:ssh-passwords", script, judge)


def updates() -> Rule:
    """Security updates do not come by themselves."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        seen = reading.pairs()
        well = seen.get("periodic") == "1" and not seen.get("stopped")
        if well or "apt" not in seen:
            return None
        why = "the package unattended-upgrades is not there"
        if seen.get("installed"):
            why = "APT::Periodic::Unattended-Upgrade is not 1"
        if seen.get("periodic") == "1":
            why = f"{seen['stopped']} is stopped"
        return Finding(
            "audit:updates",
            "minor",
            "security updates do not install themselves",
            "a server on the internet is looked through within days of every hole that is known",
            "basics: {updates: true} in the inventory, or apt-get install unattended-upgrades",
            (why,),
        )

    script = sh(
        "command -v apt-config >/dev/null || exit 3; echo apt=yes\n"
        'apt-config shell periodic APT::Periodic::Unattended-Upgrade | tr -d "\'"\n'
        "dpkg-query -Wf 'installed=${Version}\\n' unattended-upgrades 2>/dev/null\n"
        "for timer in apt-daily.timer apt-daily-upgrade.timer; do\n"
        "  systemctl is-active --quiet $timer || echo stopped=$timer\ndone; :"
    )
    return Rule("audit:updates", script, judge)
