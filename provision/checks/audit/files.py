"""Who can read, on the server, what is nobody's business but the gateway's."""

from __future__ import annotations

import re

from provision.checks.audit.places import asked
from provision.model.facts import Facts, Reading
from provision.model.finding import Finding, Rule
from provision.model.shell import Sh, joined, sh

_LINE = re.compile(r"^(?:/|systemctl ).*:\d+: [\w-]+$", re.MULTILINE)
"""A place and a name; what a tool complains about is neither."""


def modes() -> Rule:
    """Everybody on the server can read a gateway's secrets and sessions, or write its state."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        rows = [line.split("\t", 2) for line in reading.lines()]
        rows = [row for row in rows if len(row) == 3]
        if not rows:
            return None
        fixes = [fix for owner, _, path in rows if (fix := _closed(owner, path))]
        return Finding(
            "audit:modes",
            "serious",
            "everybody on the server can read what is the gateway's alone",
            "its configuration and credentials hold tokens; its sessions, what was said",
            "" if len(fixes) == len(rows) else "chmod go= on those files, by their owner",
            tuple(f"{mode} {path}" for _, mode, path in rows),
            joined(fixes) if fixes else None,
        )

    script = asked(r"""
tell() { printf '%s\t%s\t%s\n' "$1" "$(stat -c '%A %U' "$2")" "$2"; }
theirs() {
  for file in "$state/$product.json"* "$state/.env" "$state"/credentials/* "$state"/identity/* \
      "$state"/agents/*/agent/*.json "$state"/agents/*/sessions/*.json* "$state"/devices/*; do
    [ -f "$file" ] && public "$file" || continue
    owner=; [ "$(stat -c %U "$file")" != "$user" ] || owner=$user:$gid
    tell "$owner" "$file"
  done
  ! as nobody:nogroup test -w "$state" || tell "$user:$gid" "$state"
}
states theirs
{ for product in clawdbot moltbot openclaw; do ls -d "/etc/$product"/*.env 2>/dev/null; done
units | while IFS= read -r line; do
  [ "${line%%	*}" ] || sed -n 's/^EnvironmentFile=-\{0,1\}//p' "${line#*	}"; done
} | sort -u | while IFS= read -r file; do
  [ -f "$file" ] && public "$file" && grep -qE '(TOKEN|PASSWORD|SECRET|_KEY)=' "$file" || continue
  tell "$(stat -c %U:%G "$file")" "$file"
done; :""")
    return Rule("audit:modes", script, judge)


def _closed(owner: str, path: str) -> Sh | None:
    """Others' rights on a path taken away, with its owner's; root follows nobody's links."""
    if not owner or (owner.startswith("root:") and not path.startswith(("/etc/", "/root/"))):
        return None
    return sh("as {} chmod go= -- {}", owner, path)


WORDS = sh(r"""
# kept NAME: which lines of standard input hold a secret, as NAME:LINE: VARIABLE; never the secret
kept() {
  place=$1 awk '
  BEGIN { place = ENVIRON["place"] }
  /^[[:space:]]*#/ { next }
  match($0, /[A-Z][A-Z0-9_]*_(API_KEY|TOKEN|PASSWORD|SECRET)=["'"'"']?[^"'"'"'$ \t;]/) {
    name = substr($0, RSTART, RLENGTH); sub(/=.*/, "", name); print place ":" FNR ": " name
    next
  }
  /(clawdbot|moltbot|openclaw).* --[a-z-]*(token|password|api-key)[ =]["'"'"']?[^-$ ]/ {
    match($0, / --[a-z-]*(token|password|api-key)[ =]/)
    print place ":" FNR ": " substr($0, RSTART + 1, RLENGTH - 2)
  }'
}
""")


def history() -> Rule:
    """A shell remembers a secret that somebody typed."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        found = _LINE.findall(reading.out)
        if not found:
            return None
        return Finding(
            "audit:history",
            "minor",
            "a shell's history holds a secret",
            "it was typed, and is kept there for good, backups included",
            "delete those lines, and change the secret",
            tuple(found),
        )

    script = asked(
        r"""{}
accounts | while IFS=$(printf '\t') read -r user gid home; do
  for file in .bash_history .zsh_history .ash_history .local/share/fish/fish_history; do
    as "$user:$gid" head -c 1048576 "$home/$file" 2>/dev/null | kept "$home/$file"
  done
done; :""",
        WORDS,
    )
    return Rule("audit:history", script, judge)


def profiles() -> Rule:
    """A secret is in the environment of everything that is started, for which it is not meant."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        found = _LINE.findall(reading.out)
        if not found:
            return None
        shared = [line for line in found if line.startswith(("/etc/", "systemctl"))]
        return Finding(
            "audit:profiles",
            "serious" if shared else "minor",
            "a secret is set for everything that is started"
            + (", by everybody" if shared else " at a login"),
            "every program gets it, and whatever it starts",
            "set it for the gateway alone, from a file of mode 0600",
            tuple(found),
        )

    script = asked(
        r"""{}
accounts | while IFS=$(printf '\t') read -r user gid home; do
  for file in .bashrc .bash_profile .profile .zshrc .zshenv .pam_environment; do
    as "$user:$gid" head -c 262144 "$home/$file" 2>/dev/null | kept "$home/$file"
  done
done
for file in /etc/environment /etc/profile /etc/bash.bashrc /etc/profile.d/*.sh; do
  [ ! -f "$file" ] || kept "$file" <"$file"
done
systemctl show-environment | kept 'systemctl show-environment'; :""",
        WORDS,
    )
    return Rule("audit:profiles", script, judge)
