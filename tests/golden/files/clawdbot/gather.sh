NONCE='***'

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/root
export PATH LC_ALL HOME
umask 022
frame() { printf '\n%s %s\n' "$NONCE" "$*"; }
begin() { printf '\n%s begin %s\n' "$NONCE" "$1"; }
end() { printf '\n%s end %s\n' "$NONCE" "$1"; }

main() {

# look PATH [SHA256]: what is at PATH; the text of a file too, when SHA256 is given and not its own
look() {
  if [ -L "$1" ]; then printf 'type=link\nto=%s\n' "$(readlink "$1")"; return; fi
  [ -e "$1" ] || { echo type=absent; return 0; }
  stat -c 'type=%F
mode=%a
owner=%U:%G
size=%s' "$1"
  [ -f "$1" ] || return 0
  sum=$(sha256sum <"$1"); sum=${sum%% *}; echo "sha256=$sum"
  if [ -n "${2-}" ] && [ "$sum" != "$2" ] && [ "$(stat -c %s "$1")" -lt 65536 ]; then
    echo content=; cat "$1"
  fi
}

# keep_original PATH: a copy of what was there before clawprov came, made once
keep_original() {
  kept=/var/lib/clawprov/originals$1
  if [ -e "$kept" ] || [ -L "$kept" ] || [ -e "$kept.absent" ]; then return 0; fi
  (umask 077; mkdir -p "${kept%/*}")
  if [ -e "$1" ] || [ -L "$1" ]; then cp -a "$1" "$kept"; else : >"$kept.absent"; fi
}

# as USER:GROUP COMMAND: with the user's rights alone; the folder may be theirs, and full of links
as() {
  whose=$1; shift
  [ "$whose" != root:root ] || { "$@"; return; }
  setpriv --reuid="${whose%:*}" --regid="${whose#*:}" --clear-groups -- "$@"
}

# stage PATH MODE OWNER: standard input as PATH.new, complete and on disk
stage() {
  as "$3" sh -c 'umask 077; rm -f "$1" && cat >"$1" && chmod "$2" "$1" && sync "$1"' - "$1.new" "$2"
}

# settle PATH OWNER: the staged file takes the place of the old one, in one step; of an old one
# that somebody else has written since, a dated copy is kept
settle() {
  keep_original "$1"
  written=/var/lib/clawprov/written$1
  if [ -f "$1" ] && [ -f "$written" ] && [ "$(sha256sum <"$1")" != "$(cat "$written")" ]; then
    cp -a "$1" "/var/lib/clawprov/originals$1.$(date -u +%Y%m%dT%H%M%SZ)"
  fi
  as "$2" mv -fT "$1.new" "$1"
  (umask 077; mkdir -p "${written%/*}"; sha256sum <"$1" >"$written")
}

# discard PATH...: no file is there any more, nor a record of what was written at it or below it
discard() {
  for gone; do rm -f "$gone" && rm -rf "/var/lib/clawprov/written$gone" || return; done
}

# apt_get WORDS: apt-get that asks nothing, restarts nothing (needrestart, in Ubuntu by default) and
# waits up to 5 minutes for other package managers
apt_get() {
  waited=0
  until said=$(DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 NEEDRESTART_MODE=l \
      apt-get -q -y -o Acquire::Retries=3 -o Dpkg::Options::=--force-confold "$@" 2>&1); do
    case $said in *"Could not get lock"*) ;; *) printf '%s\n' "$said"; return 1 ;; esac
    [ $waited -lt 300 ] || { printf '%s\n' "$said"; return 1; }
    tell "waiting for another package manager, $waited s"; sleep 5; waited=$((waited + 5))
  done
}

# fetch URL FILE: a download over http(s)
fetch() {
  if command -v curl >/dev/null; then
    curl -fsSL --proto-redir =https --retry 3 --connect-timeout 20 \
      --speed-time 60 --speed-limit 1000 -o "$2" "$1"
  else command -v wget >/dev/null || { apt_get update || :; apt_get install wget ca-certificates; }
    wget -q --tries=3 --timeout=60 -O "$2" "$1"; fi
}

# came_in: $SSH_CONNECTION of the connection that this runs over, which sudo hides from us
came_in() {
  one=$$
  while [ "${one:-0}" -gt 1 ]; do
    way=$(tr '\0' '\n' 2>/dev/null <"/proc/$one/environ" | sed -n 's/^SSH_CONNECTION=//p')
    [ -z "$way" ] || { echo "$way"; return; }
    one=$(awk '$1 == "PPid:" { print $2 }' "/proc/$one/status")
  done
}

# audit MEMBERS: one more line of who did what, with the server's time
audit() { printf '{"at":"%s",%s}\n' "$(date -u +%FT%TZ)" "$1" >>/var/lib/clawprov/audit.jsonl; }

# tell WORDS: a passing word on how far it is, shown while the step runs
tell() { printf '~ %s\n' "$*"; }

begin job:apply
(
systemctl show clawprov-apply.service -p ActiveState -p MainPID
cat /run/clawprov/owner 2>/dev/null
echo "serial=$(cat /var/lib/clawprov/audit.jsonl 2>/dev/null | wc -c)"
) </dev/null
end $?
begin job:undo
(
[ ! -e /var/lib/clawprov/undo/armed ] && [ ! -e /var/lib/clawprov/undo/undoing ] || echo armed=yes
) </dev/null
end $?
begin file:/etc/systemd/journald.conf.d/clawprov.conf
(
echo "stamp=$(cat /var/lib/clawprov/stamps/etc-systemd-journald.conf.d-clawprov.conf 2>/dev/null)"
look /etc/systemd/journald.conf.d/clawprov.conf b3d192c42586d2bb041c3309e2708fa583e422b36e5e9dae53f87c1c9bfd17e4
) </dev/null
end $?
begin node:22
(
echo "node=$(/usr/bin/node --version 2>/dev/null)"; echo "npm=$(command -v npm)"
look /etc/apt/sources.list.d/clawprov-nodejs.sources 763783eae8436ee874c10dbd510a7a2660a22e6f043af27b0c4c245dd8326614
) </dev/null
end $?
begin user:clawdbot
(
getent passwd clawdbot
) </dev/null
end $?
begin directory:/var/lib/clawdbot
(
look /var/lib/clawdbot
) </dev/null
end $?
begin directory:/var/lib/clawdbot/.clawdbot
(
look /var/lib/clawdbot/.clawdbot
) </dev/null
end $?
begin directory:/var/lib/clawdbot/tmp
(
look /var/lib/clawdbot/tmp
) </dev/null
end $?
begin directory:/etc/clawdbot
(
look /etc/clawdbot
) </dev/null
end $?
begin release:clawdbot
(
marker=/opt/clawprov/clawdbot/releases/2026.1.24-3/.complete lock=/opt/clawprov/clawdbot/releases/2026.1.24-3/package-lock.json
echo "made=$(sed -n 1p "$marker" 2>/dev/null)"
echo "locked=$(sed -n 2p "$marker" 2>/dev/null)"
echo "sha256=$(sha256sum "$lock" 2>/dev/null | cut -d" " -f1)"
awk '$1 == "MemTotal:" || $1 == "MemAvailable:" || $1 == "SwapFree:" { print substr($1, 1, length($1) - 1) "=" int($2 / 1024) }' /proc/meminfo
) </dev/null
end $?
begin takeover:clawdbot
(
echo "stamp=$(cat /var/lib/clawprov/stamps/taken-over-clawdbot 2>/dev/null)"
! grep -qs '^# Made by clawprov' /etc/systemd/system/clawdbot-gateway.service || echo ours=yes
echo "record=$(base64 -w0 /etc/clawdbot/taken-over.json 2>/dev/null)"
detailed=''
names='clawdbot|moltbot|openclaw'
its="^($names)-gateway|/($names)/[^ ]* gateway( run| --|\$)"

secretly() { printf '%s\t%s\t%s\t%s\n' "$1" "$user" "$product" "$(base64 -w0)"; }
# text FILE: their file, which may be anything: endless, or a pipe that nobody writes into
text() { as "$user:$gid" timeout 10 head -c 262144 "$1" 2>/dev/null; }
unit_env() {
  for file in "$1" "$1".d/*.conf; do text "$file"; echo; done | grep '^Environment=' |
    secretly unit_env
}
getent passwd | while IFS=: read -r user _ uid gid _ home shell; do
  case $user in clawdbot | moltbot | openclaw) ;; *)  # some guides give it a system account
    [ "$uid" = 0 ] || [ "$uid" -ge 1000 ] || continue ;; esac
  case $shell in */nologin | */false) continue ;; esac
  folder=$home/.config/systemd/user
  for product in clawdbot moltbot openclaw; do
    for unit in "$folder/$product-gateway"*.service "$folder"/*.wants/"$product-gateway"*.service
    do
      case ${unit##*/} in *[!A-Za-z0-9@._-]*) continue ;; esac  # theirs, and perhaps two lines
      [ -e "$unit" ] || [ -L "$unit" ] || continue
      printf 'unit\t%s\t%s\t%s\n' "$user" "$product" "$unit"
      if [ "$product" = "$detailed" ]; then unit_env "$unit"; fi
    done
    state=$home/.$product
    as "$user:$gid" test -f "$state/$product.json" || continue
    text "$state/$product.json" | grep -qE "mode[\"']?[[:space:]]*:[[:space:]]*[\"']local" ||
      continue
    printf 'state\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$user" "$product" "$state" "$gid" "$home" \
      "$(as "$user:$gid" timeout 10 du -sm "$state/" 2>/dev/null | cut -f 1)" \
      "$([ ! -e "/var/lib/systemd/linger/$user" ] || echo linger)"
    if [ "$product" = "$detailed" ]; then
      text "$state/$product.json" | secretly config
      text "$state/.env" | secretly dotenv
    fi
  done
done
folder=/etc/systemd/system
for unit in $folder/*.service $folder/*.wants/*.service; do
  product=${unit##*/}; product=${product%%-gateway*}; product=${product%.service}
  case $product in clawdbot | moltbot | openclaw) ;; *) continue ;; esac
  ! grep -qs '^# Made by clawprov' "$unit" || continue
  user=$(sed -n 's/^User=//p' "$unit" 2>/dev/null | tail -n 1)
  user=${user:-root} gid=$(id -g "${user:-root}")
  printf 'unit\t%s\t%s\t%s\n' "$user" "$product" "$unit"
  if [ "$product" = "$detailed" ]; then unit_env "$unit"; fi
done
for pid in $(pgrep -f "$its"); do
  product=$(tr '\0' ' ' <"/proc/$pid/cmdline" |
    sed -nE "s/^($names)-gateway.*/\1/p; s#.*/($names)/[^ ]* gateway.*#\1#p" | head -n 1)
  unit=$(sed -n 's|.*/system.slice/||p' "/proc/$pid/cgroup" | tail -n 1)
  ! grep -qs '^# Made by clawprov' "/etc/systemd/system/${unit:-none}" || continue
  user=$(stat -c %U "/proc/$pid") gid=$(stat -c %g "/proc/$pid")
  printf 'process\t%s\t%s\t%s\t%s\t%s\n' "$user" "$product" "$pid" "$(ss -Hltnp |
    awk -v pid="pid=$pid," 'index($0, pid) { n = split($4, a, ":"); print a[n] }' |
    sort -nu | head -n 1)" "$(sed -nE 's/.*(docker|libpod|containerd)[-\/:]+([0-9a-f]{12}).*/\2/p' \
    "/proc/$pid/cgroup" | head -n 1)"
  if [ "$product" = "$detailed" ]; then tr '\0' '\n' <"/proc/$pid/environ" | secretly environ; fi
done

) </dev/null
end $?
begin secret:/etc/clawdbot/gateway.env
(
look /etc/clawdbot/gateway.env
echo content=
cat /etc/clawdbot/gateway.env 2>/dev/null
) </dev/null
end $?
begin file:/etc/clawdbot/memory.env
(
awk '$1 == "MemTotal:" { print "total=" int($2 / 1024) }' /proc/meminfo
look /etc/clawdbot/memory.env
) </dev/null
end $?
begin file:/var/lib/clawdbot/.clawdbot/clawdbot.json
(
look /var/lib/clawdbot/.clawdbot/clawdbot.json ce6c0772cd70eecd4ef6e4465fa066edabe41bbec4b280178bbd894857ebc272
) </dev/null
end $?
begin link:/opt/clawprov/clawdbot/current
(
look /opt/clawprov/clawdbot/current
) </dev/null
end $?
begin file:/usr/local/bin/clawdbot
(
look /usr/local/bin/clawdbot 2ea62fd53e6e2f23c397709118ffd8c9ef02a5e464aa38ac0d0b6d0b5eb4c588
) </dev/null
end $?
begin file:/etc/systemd/system/clawdbot-gateway.service
(
look /etc/systemd/system/clawdbot-gateway.service c3ef1fb5be20670068fd15fdfaca543664d700f978d9413395445b3ebbe5da2a
) </dev/null
end $?
begin service:clawdbot-gateway
(
systemctl show clawdbot-gateway.service -p ActiveState -p SubState -p UnitFileState -p MainPID -p NRestarts -p ExecMainStatus -p NeedDaemonReload
echo stamp=; cat /run/clawprov/clawdbot.started 2>/dev/null
) </dev/null
end $?
begin tailscale:funnel
(
command -v tailscale >/dev/null || exit 0
echo "now=$(date +%s)"; cat /var/lib/clawprov/funnel/record 2>/dev/null
echo "own="$(for pid in $(cat /sys/fs/cgroup/system.slice/clawdbot-gateway.service/cgroup.procs /sys/fs/cgroup/systemd/system.slice/clawdbot-gateway.service/cgroup.procs 2>/dev/null); do
  ss -Hltnp | grep ",pid=$pid," | awk '{ print $4 }' | grep -oE '[0-9]+$'; done)
echo content=
timeout 10 tailscale status --json --peers=false 2>/dev/null
echo; echo prefs=
timeout 10 tailscale debug prefs 2>/dev/null
echo; echo serving=
timeout 10 tailscale serve status --json 2>/dev/null
) </dev/null
end $?
begin preflight:system
(
cat /etc/os-release; echo kernel=$(uname -s); echo arch=$(uname -m); echo uid=$(id -u)
[ -d /run/systemd/system ] && echo systemd=yes || echo systemd=no
) </dev/null
end $?
begin preflight:tools
(
for tool in awk getent grep journalctl pgrep setpriv sha256sum ss systemd-run tail; do command -v $tool >/dev/null || echo $tool; done
) </dev/null
end $?
begin preflight:memory
(
awk '$1 == "MemTotal:" || $1 == "SwapTotal:" { print $1 "=" int($2 / 1024) }' /proc/meminfo
) </dev/null
end $?
begin preflight:disk
(
for folder in /opt /var; do echo "$folder=$(df -Pm $folder | awk 'NR == 2 { print $4 }')"; done
awk '$2 == "/" { root = $4 } END { print "root=" root }' /proc/mounts
) </dev/null
end $?
begin preflight:clock
(
date +%s
) </dev/null
end $?
begin preflight:dns
(
timeout 10 getent ahosts deb.nodesource.com >/dev/null
) </dev/null
end $?
begin preflight:packages
(
grep -lqsxE 'dpkg|apt|apt-get|aptitude|unattended-upgr' /proc/[0-9]*/comm && exit
ls /var/lib/dpkg/updates 2>/dev/null
grep -E '^Status: .* (half-installed|half-configured|unpacked)$' /var/lib/dpkg/status
) </dev/null
end $?
begin preflight:version
(
readlink /opt/clawprov/clawdbot/current
) </dev/null
end $?
begin preflight:user
(
getent passwd clawdbot || ! getent group clawdbot >/dev/null || echo group
) </dev/null
end $?
begin preflight:product
(
unit=openclaw-gateway.service; grep -qs '^# Made by clawprov' "/etc/systemd/system/$unit" || exit 0
systemctl is-enabled -q "$unit" || systemctl is-active -q "$unit" || exit 0
echo "there $(readlink /opt/clawprov/openclaw/current)"
) </dev/null
end $?
begin preflight:existing
(
:
) </dev/null
end $?
begin preflight:port
(
ss -Hltnp "sport = :"18789 | grep -o '("[^"]*",pid=[0-9]*' | tr -d '("' | sort -u | grep -v ^tailscaled, | while IFS=, read -r name pid; do pid=${pid#pid=}
echo "$pid $(cut -d: -f3 /proc/"$pid"/cgroup | tail -n 1) $name"; done
free=18789; while [ $free -lt 18798 ] && [ -n "$(ss -Hltn "sport = :$free")" ]; do
  free=$((free + 1)); done; echo "free=$free"
) </dev/null
end $?
begin preflight:sources
(
grep -lsF deb.nodesource.com /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources
) </dev/null
end $?
begin preflight:funnel
(
:
) </dev/null
end $?
begin preflight:funnel-port
(
:
) </dev/null
end $?
begin preflight:funnel-password
(
:
) </dev/null
end $?
begin funnel:public
(
:
) </dev/null
end $?
begin preflight:funnel-config
(
:
) </dev/null
end $?
begin gateway:steady
(
systemctl show clawdbot-gateway.service -p ActiveState -p NRestarts
started=$(systemctl show clawdbot-gateway.service -p ExecMainStartTimestampMonotonic); started=${started#*=}
read -r up _ </proc/uptime; echo "age=$((${up%.*} - ${started:-0} / 1000000))"
) </dev/null
end $?
begin gateway:loopback
(
for pid in $(cat /sys/fs/cgroup/system.slice/clawdbot-gateway.service/cgroup.procs /sys/fs/cgroup/systemd/system.slice/clawdbot-gateway.service/cgroup.procs 2>/dev/null); do
  ss -Hltnup | grep ",pid=$pid," | awk '{ print $5 }'
done
) </dev/null
end $?
begin gateway:drop-ins
(
seen=/
for folder in clawdbot-gateway.service.d clawdbot-.service.d service.d; do for place in /etc/systemd/system.control /run/systemd/system.control /run/systemd/transient /etc/systemd/system /run/systemd/system /run/systemd/generator /usr/local/lib/systemd/system /usr/lib/systemd/system; do
  for file in "$place/$folder"/*.conf; do
    case $seen in *"/${file##*/}/"*) continue ;; esac
    [ ! -e "$file" ] || seen=$seen${file##*/}/
    [ ! -f "$file" ] || { printf "\n%s%s\n" 'drop-in ' "$file"; cat "$file"; }
  done
done; done
) </dev/null
end $?
begin tailnet:join
(
if command -v tailscale >/dev/null; then echo there=yes
elif [ -s /var/lib/tailscale/tailscaled.state ]; then echo left=yes; fi
for i in 1 2 3 4 5; do
  said=$(timeout 10 tailscale status --json --peers=false 2>/dev/null)
  case $said in *'"NoState"'*|*'"Starting"'*) sleep 1 ;; *) break ;; esac
done
printf "status=\n%s\nprefs=\n" "$said"; timeout 10 tailscale debug prefs 2>/dev/null
) </dev/null
end $?
begin tailscale:serve
(
command -v tailscale >/dev/null || exit 0
echo "stamp=$(cat /var/lib/clawprov/stamps/serve 2>/dev/null)"
echo "attempt=$(head -n 1 /run/clawprov/serve.failed 2>/dev/null)"
echo "said=$(tail -n +2 /run/clawprov/serve.failed 2>/dev/null | tr -s "[:space:]" " " | cut -c 1-400)"
echo "own="$(for pid in $(cat /sys/fs/cgroup/system.slice/clawdbot-gateway.service/cgroup.procs /sys/fs/cgroup/systemd/system.slice/clawdbot-gateway.service/cgroup.procs 2>/dev/null); do
  ss -Hltnp | grep ",pid=$pid," | awk '{ print $4 }' | grep -oE '[0-9]+$'; done)
echo content=
timeout 10 tailscale serve status --json 2>/dev/null
) </dev/null
end $?
begin tailnet:forward
(
command -v tailscale >/dev/null || exit 0
echo "stamp=$(cat /var/lib/clawprov/stamps/forward 2>/dev/null)"
echo content=
timeout 10 tailscale serve status --json 2>/dev/null
) </dev/null
end $?
begin funnel:open
(
:
) </dev/null
end $?
frame done
}
main
