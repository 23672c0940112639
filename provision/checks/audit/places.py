"""Where the gateways of a server are, whoever has set them up, as functions of the shell."""

from __future__ import annotations

from provision.model.shell import Sh, sh
from provision.products.installed import ANY

NAMES = ("clawdbot", "moltbot", "openclaw")

_PLACES = sh(r"""
# accounts: user, group id and home of everyone who may have a gateway, one a line
accounts() {
  getent passwd | while IFS=: read -r user _ uid gid _ home shell; do
    case $user in clawdbot | moltbot | openclaw) ;; *)
      [ "$uid" = 0 ] || [ "$uid" -ge 1000 ] || continue
      case $shell in */nologin | */false) continue ;; esac ;;
    esac
    printf '%s\t%s\t%s\n' "$user" "$gid" "$home"
  done
}
# states COMMAND: for each configuration of a gateway, with $user $gid $home $product $state
states() {
  tab=$(printf '\t')
  accounts | while IFS=$tab read -r user gid home; do
    for product in clawdbot moltbot openclaw; do
      state=$home/.$product
      [ ! -L "$state" ] && as "$user:$gid" test -f "$state/$product.json" || continue
      "$@"
    done
  done
}
# units: what systemd is to start a gateway with; of a person's own the user comes first, then a tab
units() {
  own='^ExecStart=.*(clawdbot|moltbot|openclaw).*[^a-z]gateway(["[:space:]]|$)'
  grep -lsED skip "$own" /etc/systemd/system/*.service /usr/lib/systemd/system/*.service |
    while read -r unit; do [ -L "$unit" ] || printf '\t%s\n' "$unit"; done
  accounts | while IFS=$(printf '\t') read -r user gid home; do
    as "$user:$gid" grep -lsED skip "$own" "$home"/.config/systemd/user/*.service |
      while read -r unit; do printf '%s\t%s\n' "$user" "$unit"; done
  done
}
# lives USER UNIT: whether systemd starts it, or has
lives() {
  if [ "$1" ]; then ls "${2%/*}"/*.wants/"${2##*/}" >/dev/null 2>&1; return; fi
  systemctl is-enabled -q "${2##*/}" 2>/dev/null || systemctl is-active -q "${2##*/}"
}
# pids: the processes that are gateways
pids() { pgrep -f "$its"; }
# contained PID: whether it runs in a container
contained() { grep -qE 'docker|libpod|containerd|kubepods|lxc\.payload' "/proc/$1/cgroup"; }
# public: whether everybody on this server can read FILE
public() { as nobody:nogroup test -r "$1"; }
""")


def asked(template: str, *arguments: str | int | Sh) -> Sh:
    """A script that finds gateways by these functions."""
    return sh("{}\n{}\n{}", ANY, _PLACES, sh(template, *arguments))
