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

# apt_get WORDS: apt-get that asks nothing and waits up to 5 minutes for other package managers
apt_get() {
  waited=0
  until said=$(DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -q -y \
      -o Acquire::Retries=3 -o Dpkg::Options::=--force-confold "$@" 2>&1); do
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
echo "made=$(cat /opt/clawprov/clawdbot/releases/2026.1.24-3/.complete 2>/dev/null)"
awk '$1 == "MemTotal:" || $1 == "MemAvailable:" || $1 == "SwapFree:" { print substr($1, 1, length($1) - 1) "=" int($2 / 1024) }' /proc/meminfo
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
look /usr/local/bin/clawdbot 76dc722656fea47117dd2ae798f4e64483585540101322e9c47706726941b29d
) </dev/null
end $?
begin file:/etc/systemd/system/clawdbot-gateway.service
(
look /etc/systemd/system/clawdbot-gateway.service 0c9b7ff1efce2b9d53bcd1d3b67abade3ebc751f8b436947b5626963458b9d6e
) </dev/null
end $?
begin service:clawdbot-gateway
(
systemctl show clawdbot-gateway.service -p ActiveState -p SubState -p UnitFileState -p MainPID -p NRestarts -p ExecMainStatus -p NeedDaemonReload
echo stamp=; cat /run/clawprov/clawdbot.started 2>/dev/null
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
begin preflight:user
(
getent passwd clawdbot
) </dev/null
end $?
begin preflight:port
(
ss -Hltnp "sport = :"18789 | grep -o '("[^"]*",pid=[0-9]*' | tr -d '("' | sort -u | while IFS=, read -r name pid; do pid=${pid#pid=}
echo "$pid $(cut -d: -f3 /proc/"$pid"/cgroup | tail -n 1) $name"; done
) </dev/null
end $?
begin preflight:rivals
(
for unit in /root/.config/systemd/user/*.wants/*-gateway*.service /home/*/.config/systemd/user/*.wants/*-gateway*.service /etc/systemd/system/*.wants/*-gateway.service; do
  case $unit in /etc/*.wants/clawdbot-gateway.service) ;; *) [ ! -L "$unit" ] || echo "unit $unit" ;; esac
done | grep -E '/(clawdbot|moltbot|openclaw)-gateway'
for process in $(pgrep -f '^(clawdbot|moltbot|openclaw)-gateway'); do
  echo "process $process $(tail -n 1 /proc/"$process"/cgroup)"
done
) </dev/null
end $?
begin preflight:sources
(
grep -lsF deb.nodesource.com /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources
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
frame done
}
main
