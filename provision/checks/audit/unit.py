"""With which rights a gateway runs, and what its unit tells everybody."""

from __future__ import annotations

import re

from provision.checks.audit.places import asked
from provision.model.facts import Facts, Reading
from provision.model.finding import Finding, Rule
from provision.model.shell import joined, sh

POWERFUL = {"root", "sudo", "sudoers", "wheel", "admin", "docker", "lxd", "incus-admin", "disk"}
EXPOSED = 6.0
"""From this exposure on, by `systemd-analyze security`, a service is called unprotected here."""

_RIGHTS = r"""
groups_of() {
  id -nG "$1" 2>/dev/null
  ! sudo -n -l -U "$1" 2>/dev/null | grep -q NOPASSWD || echo sudoers
}
pids | while read -r pid; do
  ! contained "$pid" || continue
  user=$(stat -c %U "/proc/$pid") || continue
  printf '%s\tprocess %s\t%s\n' "$user" "$pid" "$(echo $(groups_of "$user"))"
done
units | while IFS= read -r line; do
  unit=${line#*	} user=${line%%	*}
  lives "$user" "$unit" || continue
  [ "$user" ] || user=$(sed -n 's/^User=//p' "$unit" | tail -n 1)
  user=${user:-root}
  printf '%s\tunit %s\t%s\n' "$user" "${unit##*/}" "$(echo $(groups_of "$user"))"
done; :"""


def rights() -> Rule:
    """A gateway runs as root, or as somebody who can become root."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        evidence = []
        for line in dict.fromkeys(reading.lines()):
            user, _, rest = line.partition("\t")
            where, _, groups = rest.partition("\t")
            strong = sorted(POWERFUL & set(groups.split()))
            if user == "root" or strong:
                by = "" if user == "root" else f", who is in {', '.join(strong)}"
                evidence.append(f"{where} runs as {user}{by}")
        if not evidence:
            return None
        return Finding(
            "audit:rights",
            "serious",
            "its gateway has root's rights, or can get them",
            "an agent runs commands; what it is talked into, it can do to the whole server",
            "clawprov adopt HOST gives it a user of its own",
            tuple(evidence),
        )

    return Rule("audit:rights", asked(_RIGHTS), judge)


def sandbox() -> Rule:
    """systemd shuts the gateway off from nothing."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        evidence = []
        for line in reading.lines():
            unit, _, told = line.partition("\t")
            level = re.search(r"(\d+\.\d+) ", f"{told} ")
            if level and float(level[1]) >= EXPOSED:
                evidence.append(f"{unit}: exposure {told.strip()} of 10")
        if not evidence:
            return None
        return Finding(
            "audit:sandbox",
            "minor",
            "nothing of the server is shut off from its gateway",
            "the agent sees every file that its user sees, and all of the system's",
            "clawprov adopt HOST gives it a sandbox (exposure 1.5 and below)",
            tuple(evidence),
        )

    script = asked(r"""
level() { sed -n 's/.*exposure level for [^:]*: \([0-9.]* [A-Z]*\).*/\1/p'; }
units | while IFS= read -r line; do
  unit=${line#*	} user=${line%%	*} name=${line##*/}
  lives "$user" "${line#*	}" || continue
  if [ "$user" ]; then
    [ -e "/run/user/$(id -u "$user")/systemd" ] || continue
    told=$(as "$user:$(id -g "$user")" env XDG_RUNTIME_DIR="/run/user/$(id -u "$user")" \
      timeout 10 systemd-analyze --user security --no-pager "$name" 2>/dev/null | level)
  else
    told=$(timeout 10 systemd-analyze security --no-pager "$name" 2>/dev/null | level)
  fi
  printf '%s\t%s\n' "$name" "$told"
done; :""")
    return Rule("audit:sandbox", script, judge)


NAMED = sh(r"""
# named FILE: which lines of a unit hold a secret, and under which name
named() {
  awk '
  /^Environment=/ {
    line = substr($0, 13)
    while (match(line, /[A-Za-z_][A-Za-z0-9_]*=[^"'"'"' \t]/)) {
      name = substr(line, RSTART, RLENGTH - 2)
      if (toupper(name) ~ /(TOKEN|PASSWORD|PASSWD|SECRET|_KEY|_PAT)$/) print FNR ": " name
      line = substr(line, RSTART + RLENGTH)
    }
  }
  /^ExecStart=.*--(token|password)[ =]/ { print FNR ": an argument of ExecStart" }'
}
""")


_UNIT_SECRETS = r"""{}
units | while IFS= read -r line; do
  unit=${line#*	} user=${line%%	*}
  for file in "$unit" "$unit".d/*.conf; do
    [ -f "$file" ] || continue
    if [ "$user" ]; then
      seen=hidden; ! public "$file" || seen=public
      told=$(as "$user:$(id -g "$user")" cat "$file" 2>/dev/null | named)
    else
      seen=public told=$(cat "$file" 2>/dev/null | named)
    fi
    printf '%s\n' "$told" | while IFS= read -r where; do
      [ ! "$where" ] || printf '%s\t%s\t%s\t%s\n' "$user" "$seen" "$file" "$where"
    done
  done
done; :"""


def unit_secret() -> Rule:
    """A unit holds a secret: of the system's units everybody on the server can read all."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        rows = [line.split("\t") for line in reading.lines()]
        rows = [row for row in rows if len(row) == 4 and row[2].startswith("/")]
        if not rows:
            return None
        readable = [row for row in rows if row[1] == "public"]
        own = list(dict.fromkeys((row[0], row[2]) for row in readable if row[0]))
        fixes = [
            sh('as {}:"$(id -g {})" chmod go= -- {}', owner, owner, path) for owner, path in own
        ]
        return Finding(
            "audit:unit-secret",
            "serious" if readable else "minor",
            "a unit holds a secret"
            + (", for everybody on the server to read" if readable else " in clear"),
            "every user and program of the server reads it; copies and backups keep it, too",
            "move it to an EnvironmentFile of mode 0600, then change it: clawprov adopt HOST",
            tuple(f"{path}:{where}" for _, _, path, where in rows),
            joined(fixes) if fixes else None,
        )

    return Rule("audit:unit-secret", asked(_UNIT_SECRETS, NAMED), judge)
