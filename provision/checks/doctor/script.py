"""The script that finds every unit which is to run a gateway, and tells all about it.

It has two fields: for how many seconds one is steady, and what clawprov calls its own unit.
"""

from __future__ import annotations

SCRIPT = r"""
# unit PATH OWNER: all about a unit; OWNER is "" for the system's, else whose user unit it is
unit() {
  path=$1 owner=$2 name=${1##*/}
  printf 'unit %s\nowner=%s\n' "$path" "$owner"
  if [ -z "$owner" ]; then manage=systemctl
  else manage="timeout 5 systemctl --user -M $owner@"; fi
  told=$($manage show "$name" -p LoadState -p ActiveState -p SubState -p UnitFileState \
    -p NRestarts -p MainPID -p Result -p ExecMainCode -p ExecMainStatus -p InvocationID -p User \
    -p Environment -p PrivateTmp -p Restart -p ExecMainStartTimestampMonotonic 2>/dev/null)
  printf '%s\n' "$told"
  tell() { printf '%s\n' "$told" | sed -n "s/^$1=//p"; }
  started=$(tell ExecMainStartTimestampMonotonic); read -r up _ </proc/uptime
  age=$((${up%.*} - ${started:-0} / 1000000)); echo "age=$age"
  user=$(tell User); user=${owner:-${user:-root}}; echo "user=$user"
  [ -z "$owner" ] || [ ! -e "/var/lib/systemd/linger/$owner" ] || echo linger=yes
  text=$($manage cat "$name" 2>/dev/null || cat "$path" 2>/dev/null)
  printf '%s\n' "$text" | sed 's/^/| /'
  run "$(printf '%s\n' "$text" | sed -n 's/^ExecStart=[-+@!:]*//p' | grep . | tail -n 1)"
  state
  if [ "$(tell ActiveState)" = active ] && { [ "$(tell NRestarts)" = 0 ] ||
      [ "$age" -ge {} ]; }; then
    life=$(tell InvocationID)
    journalctl -q -o cat -n 2000 INVOCATION_ID="$life" + _SYSTEMD_INVOCATION_ID="$life"
  elif [ -z "$owner" ]; then journalctl -q -o cat -n 300 -u "$name" | lately
  else uid=$(id -u "$owner")
    journalctl -q -o cat -n 300 USER_UNIT="$name" _UID="$uid" + \
      _SYSTEMD_USER_UNIT="$name" _UID="$uid" | lately
  fi | sed 's/^/> /'
}

# lately: of a log, what was said since somebody started it; how systemd starts it again is told
lately() {
  awk '/Scheduled restart job/ { again = 1 }
    /^Start(ing|ed) / { if (!again && !pre) kept = ""; pre = /^Starting/; if (!pre) again = 0 }
    { kept = kept $0 "\n" } END { printf "%s", kept }' | tail -n 120
}

# run COMMAND: the files that a command names, what runs them, and the package they are of; what a
# person's unit names is nothing that root should start
run() {
  set -f; set -- $(printf '%s' "$1" | tr -d "\"'"); set +f
  for word; do case $word in
    /*) if [ -e "$word" ]; then echo "there=$word"; else echo "gone=$word"; fi ;; esac; done
  node=$1; case $1 in */node | */nodejs) ;; *) node=$(command -v node) ;; esac
  [ -x "$node" ] && echo "node=$node" && echo "version=$(as "$user:$(id -g "$user")" \
    timeout 5 "$node" --version 2>/dev/null | head -n 1)"
  for word; do
    package=$(readlink -f "$word" 2>/dev/null | sed -nE \
      's#^(.*/node_modules/(clawdbot|moltbot|openclaw))/.*#\1/package.json#p')
    [ -f "$package" ] || continue
    echo "package=$package"
    echo "release=$(sed -nE 's/^  "version": *"([^"]*)".*/\1/p' "$package" | head -n 1)"
    echo "engines=$(sed -n '/"engines"/,/}/s/.*"node": *"\([^"]*\)".*/\1/p' "$package" |
      head -n 1)"
    return
  done
}

# state: the configuration of the unit's gateway, and whether its user may read it
state() {
  group=$(id -g "$user" 2>/dev/null) || { echo nobody=yes; return; }
  set -f; set -- $(tell Environment | tr -d "\"'"); set +f
  home=$(getent passwd "$user" | cut -d: -f 6); folder='' file=''
  for pair; do case $pair in HOME=*) home=${pair#HOME=} ;; *_STATE_DIR=*) folder=${pair#*=} ;;
    *_CONFIG_PATH=*) file=${pair#*=} ;; esac; done
  for product in clawdbot moltbot openclaw; do
    config=${file:-${folder:-$home/.$product}/$product.json}
    [ -f "$config" ] && case $text in *"$product"*) ;; *) false ;; esac || continue
    printf 'config_path=%s\nconfig_owner=%s\n' "$config" "$(stat -c '%U %a' "$config")"
    as "$user:$group" test -r "$config" && echo readable=yes
    since=$(stat -Lc %Y "$config" || echo 0)
    [ $(($(date +%s) - since)) -ge "$age" ] || echo config_changed=yes
    head -c 65536 "$config" | sed 's/^/= /'; echo
    return
  done
}

own={} seen=/
for path in /etc/systemd/system/*.service /run/systemd/system/*.service \
    /usr/local/lib/systemd/system/*.service /usr/lib/systemd/system/*.service; do
  name=${path##*/}
  if [ "$name" = "$own" ] || grep -qsE \
      '^ExecStart=.*[/ ](clawdbot|moltbot|openclaw)(/| .*gateway|[.]mjs)' "$path"; then
    case $seen in *"/$name/"*) continue ;; esac
    case $name in *-watch.service) ! grep -qs '^# Made by clawprov' "$path" || continue ;; esac
    seen=$seen$name/; unit "$path" ""
  fi
done
getent passwd | while IFS=: read -r user _ uid _ _ home shell; do
  [ "$uid" = 0 ] || [ "$uid" -ge 1000 ] || continue
  case $shell in */nologin | */false) continue ;; esac
  for path in "$home"/.config/systemd/user/*.service; do
    case ${path##*/} in *[!A-Za-z0-9@._-]*) continue ;; esac
    [ -f "$path" ] && grep -qE \
      '^ExecStart=.*[/ ](clawdbot|moltbot|openclaw)[/ ].*gateway' "$path" || continue
    unit "$path" "$user"
    for want in "$home"/.config/systemd/user/*.wants/"${path##*/}"; do
      [ ! -L "$want" ] || echo wanted=yes; done
  done
done
echo end
"""
