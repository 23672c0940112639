NONCE='***'

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/root
export PATH LC_ALL HOME
umask 022
frame() { printf '\n%s %s\n' "$NONCE" "$*"; }
begin() { printf '\n%s begin %s\n' "$NONCE" "$1"; }
end() { printf '\n%s end %s\n' "$NONCE" "$1"; }

main() {
job=/run/clawprov/b5f1c984ae1b.sh log=/run/clawprov/b5f1c984ae1b.log
umask 077; mkdir -p /run/clawprov; : >"$log"
cat >"$job" <<'EOF_'
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

rm -f /run/clawprov/b5f1c984ae1b.sh
(umask 077; mkdir -p /var/lib/clawprov; touch /var/lib/clawprov/audit.jsonl) || { frame unwritable; return; }
[ "$(wc -c </var/lib/clawprov/audit.jsonl)" = 0 ] || { frame stale; return; }
(umask 077; printf 'who=%s\nsince=%s\nnonce=%s\n' ann@laptop "$(date -u +%FT%TZ)" "$NONCE" >/run/clawprov/owner)
audit '"who":"ann@laptop","verb":"up","plan":"910555e8f514","product":"","changes":["swap:1G","clock:sync","package:unattended-upgrades","file:/etc/apt/apt.conf.d/52clawprov","package:nftables","sshd:keys-only","firewall:input"]'
steps() {
begin swap:1G
(
set -e
if grep -q '^/var/lib/clawprov/swapfile ' /proc/swaps; then swapoff /var/lib/clawprov/swapfile; fi
(umask 077; mkdir -p /var/lib/clawprov; rm -f /var/lib/clawprov/swapfile)
(umask 077; fallocate -l 1G /var/lib/clawprov/swapfile && mkswap /var/lib/clawprov/swapfile >/dev/null) || { rm -f /var/lib/clawprov/swapfile; exit 1; }
cat >/etc/systemd/system/var-lib-clawprov-swapfile.swap <<'EOF'
[Swap]
What=/var/lib/clawprov/swapfile

[Install]
WantedBy=swap.target
EOF
systemctl daemon-reload; systemctl enable --quiet --now var-lib-clawprov-swapfile.swap || { systemctl disable --quiet var-lib-clawprov-swapfile.swap; rm -f /etc/systemd/system/var-lib-clawprov-swapfile.swap /var/lib/clawprov/swapfile; exit 1; }
) </dev/null
ended=$?; end $ended; [ $ended = 0 ] || return $ended
begin clock:sync
(
set -e
apt_get --no-install-recommends install systemd-timesyncd || {
tell reading the package lists
apt_get update || :; apt_get --no-install-recommends install systemd-timesyncd; }
systemctl enable --now --quiet systemd-timesyncd
) </dev/null
ended=$?; end $ended; [ $ended = 0 ] || return $ended
begin package:unattended-upgrades
(
set -e
apt_get --no-install-recommends install unattended-upgrades || {
tell reading the package lists
apt_get update || :; apt_get --no-install-recommends install unattended-upgrades; }
) </dev/null
ended=$?; end $ended; [ $ended = 0 ] || return $ended
begin file:/etc/apt/apt.conf.d/52clawprov
(
set -e
[ -d /etc/apt/apt.conf.d ] || mkdir -p /etc/apt/apt.conf.d
stage /etc/apt/apt.conf.d/52clawprov 644 root:root <<'EOF'
// Made by clawprov: security updates install themselves.
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
EOF
settle /etc/apt/apt.conf.d/52clawprov root:root
) </dev/null
ended=$?; end $ended; [ $ended = 0 ] || return $ended
begin package:nftables
(
set -e
apt_get --no-install-recommends install nftables || {
tell reading the package lists
apt_get update || :; apt_get --no-install-recommends install nftables; }
) </dev/null
ended=$?; end $ended; [ $ended = 0 ] || return $ended
begin undo:timer
(
set -e
(umask 077; rm -rf /var/lib/clawprov/undo; mkdir -p /var/lib/clawprov/undo)
cat >/var/lib/clawprov/undo/undo.sh <<'EOF'
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
mv /var/lib/clawprov/undo/armed /var/lib/clawprov/undo/undoing 2>/dev/null
if [ -e /var/lib/clawprov/undo/undoing ]; then
(
systemctl disable --quiet --now clawprov-firewall.service
rm -f /etc/clawprov/firewall.nft /etc/systemd/system/clawprov-firewall.service
nft delete table inet clawprov 2>/dev/null
rm -f /var/lib/clawprov/stamps/firewall
)
(
rm -f /etc/ssh/sshd_config.d/00-clawprov.conf
rm -f /var/lib/clawprov/stamps/etc-ssh-sshd_config.d-00-clawprov.conf
sshd -t || rm -f /etc/ssh/sshd_config.d/00-clawprov.conf
if systemctl is-active --quiet ssh; then systemctl reload ssh; fi
)
printf '{"at":"%s","who":"the server","verb":"undo"}\n' "$(date -u +%FT%TZ)" >>/var/lib/clawprov/audit.jsonl
fi
systemctl stop clawprov-undo.timer
systemctl disable --quiet clawprov-undo.timer 2>/dev/null || :
rm -rf /etc/systemd/system/clawprov-undo.service /etc/systemd/system/clawprov-undo.timer /var/lib/clawprov/undo
systemctl daemon-reload
EOF
cat >/etc/systemd/system/clawprov-undo.service <<'EOF'
[Unit]
Description=clawprov takes back what locked everybody out

[Service]
Type=oneshot
ExecStart=/bin/sh /var/lib/clawprov/undo/undo.sh
Restart=on-failure
RestartSec=5
EOF
cat >/etc/systemd/system/clawprov-undo.timer <<'EOF'
[Unit]
Description=clawprov waits for somebody to come in

[Timer]
OnActiveSec=180
AccuracySec=1

[Install]
WantedBy=timers.target
EOF
systemctl daemon-reload
systemctl enable --quiet clawprov-undo.timer
: >/var/lib/clawprov/undo/armed
systemctl restart clawprov-undo.timer
sync /var/lib/clawprov/undo /var/lib/clawprov/undo/* /etc/systemd/system/clawprov-undo.service /etc/systemd/system/clawprov-undo.timer /etc/systemd/system /etc/systemd/system/*.wants
) </dev/null
ended=$?; end $ended; [ $ended = 0 ] || return $ended
begin sshd:keys-only
(
set -e
[ -e /var/lib/clawprov/undo/armed ] || { echo the three minutes are over; exit 1; }
[ -d /etc/ssh/sshd_config.d ] || mkdir -p /etc/ssh/sshd_config.d
stage /etc/ssh/sshd_config.d/00-clawprov.conf 644 root:root <<'EOF'
# Made by clawprov: whoever logs in has a key.
PasswordAuthentication no
KbdInteractiveAuthentication no
EOF
settle /etc/ssh/sshd_config.d/00-clawprov.conf root:root
for name in passwordauthentication kbdinteractiveauthentication; do
sshd -T | grep -qx "$name no" || { rm -f /etc/ssh/sshd_config.d/00-clawprov.conf; echo "another file says otherwise:"; grep -isE "^[^#]*$name" /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf; exit 1; }
done
if systemctl is-active --quiet ssh; then systemctl reload ssh; fi
mkdir -p /var/lib/clawprov/stamps; echo daf666bbc4f0edd3caeba5ef61a6d79f095388184e928266630f211f46f7d8e7 >/var/lib/clawprov/stamps/etc-ssh-sshd_config.d-00-clawprov.conf
) </dev/null
ended=$?; end $ended; [ $ended = 0 ] || return $ended
begin firewall:input
(
set -e
[ -e /var/lib/clawprov/undo/armed ] || { echo the three minutes are over; exit 1; }
mkdir -p /etc/clawprov /var/lib/clawprov/stamps
stage /etc/clawprov/firewall.nft 644 root:root <<'EOF'
# Made by clawprov: what may come in. What is forwarded, to containers say, is not its affair.
table inet clawprov
delete table inet clawprov
table inet clawprov {
  chain input {
    type filter hook input priority filter; policy drop;
    iifname "lo" accept
    ct state established,related accept
    ct state invalid drop
    meta l4proto { icmp, ipv6-icmp } accept
    udp sport 67 udp dport 68 accept
    ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept
    tcp dport { 22, 443 } accept
  }
}
EOF
nft -c -f /etc/clawprov/firewall.nft.new || { rm -f /etc/clawprov/firewall.nft.new; exit 1; }
settle /etc/clawprov/firewall.nft root:root
cat >/etc/systemd/system/clawprov-firewall.service <<'EOF'
[Unit]
Description=Firewall of clawprov
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target shutdown.target
Conflicts=shutdown.target
After=nftables.service
PartOf=nftables.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f /etc/clawprov/firewall.nft
ExecStop=/usr/sbin/nft delete table inet clawprov

[Install]
WantedBy=sysinit.target
EOF
systemctl daemon-reload; systemctl enable --quiet clawprov-firewall.service
systemctl restart clawprov-firewall.service
echo b0afd16889405b3d3201fe18fe63ae661c658a7edbd52e90fa915210a27f7488" $(nft -s list table inet clawprov 2>/dev/null | sha256sum | cut -d' ' -f1)" >/var/lib/clawprov/stamps/firewall
) </dev/null
ended=$?; end $ended; [ $ended = 0 ] || return $ended
}
steps; ended=$?
audit '"who":"ann@laptop","verb":"up","plan":"910555e8f514","exit":'"$ended"
frame done
find /run/clawprov -name '*.log' ! -path /run/clawprov/b5f1c984ae1b.log -delete
}
main
EOF_
umask 022
systemd-run --quiet --collect --unit=clawprov-apply.service --description='clawprov up' -p RuntimeMaxSec=3600 -p StandardOutput=append:"$log" -p StandardError=append:"$log" sh "$job" 2>>"$log" || {
rm -f "$job"; systemctl is-active --quiet clawprov-apply.service && frame busy || cat "$log"; return; }
pid=$(systemctl show clawprov-apply.service -p MainPID); pid=${pid#*=}
[ "${pid:-0}" != 0 ] || pid=2147483647
tail -n +1 -s 0.1 --pid="$pid" -f "$log" 2>/dev/null
}
main
