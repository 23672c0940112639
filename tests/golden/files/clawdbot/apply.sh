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
audit '"who":"ann@laptop","verb":"up","plan":"a8eb5437cd51","product":"clawdbot@2026.1.24-3","changes":["file:/etc/systemd/journald.conf.d/clawprov.conf","node:22","user:clawdbot","directory:/var/lib/clawdbot","directory:/var/lib/clawdbot/.clawdbot","directory:/var/lib/clawdbot/tmp","directory:/etc/clawdbot","release:clawdbot","secret:/etc/clawdbot/gateway.env","file:/etc/clawdbot/memory.env","file:/var/lib/clawdbot/.clawdbot/clawdbot.json","link:/opt/clawprov/clawdbot/current","file:/usr/local/bin/clawdbot","file:/etc/systemd/system/clawdbot-gateway.service","service:clawdbot-gateway"]'
steps() {
begin file:/etc/systemd/journald.conf.d/clawprov.conf
(
set -e
[ -d /etc/systemd/journald.conf.d ] || mkdir -p /etc/systemd/journald.conf.d
stage /etc/systemd/journald.conf.d/clawprov.conf 644 root:root <<'EOF'
# Made by clawprov: logs cannot fill the disk.
[Journal]
SystemMaxUse=200M
SystemKeepFree=500M
EOF
settle /etc/systemd/journald.conf.d/clawprov.conf root:root
systemctl restart systemd-journald
mkdir -p /var/lib/clawprov/stamps; echo b3d192c42586d2bb041c3309e2708fa583e422b36e5e9dae53f87c1c9bfd17e4 >/var/lib/clawprov/stamps/etc-systemd-journald.conf.d-clawprov.conf
) </dev/null
ended=$?; end $ended; [ $ended = 0 ] || return $ended
begin node:22
(
set -e
[ -d /etc/apt/sources.list.d ] || mkdir -p /etc/apt/sources.list.d
stage /etc/apt/sources.list.d/clawprov-nodejs.sources 644 root:root <<'EOF'
Types: deb
URIs: https://deb.nodesource.com/node_22.x
Suites: nodistro
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQENBFdDN1ABCADaNd/I3j3tn40deQNgz7hB2NvT+syXe6k4ZmdiEcOfBvFrkS8B
 hNS67t93etHsxEy7E0qwsZH32bKazMqe9zDwoa3aVImryjh6SHC9lMtW27JPHFeM
 Srkt9YmH1WMwWcRO6eSY9B3PpazquhnvbammLuUojXRIxkDroy6Fw4UKmUNSRr32
 9Ej87jRoR1B2/57Kfp2Y4+vFGGzSvh3AFQpBHq51qsNHALU6+8PjLfIt+5TPvaWR
 TB+kAZnQZkaIQM2nr1n3oj6ak2RATY/+kjLizgFWzgEfbCrbsyq68UoY5FPBnu4Z
 E3iDZpaIqwKr0seUC7iA1xM5eHi5kty1oB7HABEBAAG0Ik5Tb2xpZCA8bnNvbGlk
 LWdwZ0Bub2Rlc291cmNlLmNvbT6JAU4EEwEKADgCGwMCHgECF4AWIQRvcfUlKChB
 7tr4UbQvWbX5mxvgtAUCaWfGnwULCQgHAgYVCgkICwIEFgIDAQAKCRAvWbX5mxvg
 tL0CB/0TTur63uXTPbq+JBQET6jnEVaDrNmpHI/z2RMuj163gmy9CtCwG060c+TI
 qzmzlPacbTkGc5C50teX2mhs+5JIthfhMibR6Dgy0zeSVuvt9WJ3TNWBpoW5Ezka
 17SA3Xv9UEJS2eyRd7ALf7TGGAj8DG+xRABXl6bJIXh1s7Hki7kwgVrpNxm/EqyX
 OrzExm0g2UjgdkbnZrnTyZMB6X8f8fZPo0QcByPvLee2DtkKeE+SZlFXyvnCzcw0
 94K45vlWkEdRzmiiWAG7guzZyZYGcCO5EoJ3LUP90qhrmQUfsbtczeoEW17EW1jM
 RohLo8BqVyYc1CAFlULIDNeS3aipuQENBFdDN1ABCACq02gutmss6jiD2u50vdAR
 x3JOGd92trWRf7qH9/MTToslhoU/LiXhaE0x5+UkKuRbcruCtytn226brvwD0BdO
 QGpY81ZAxjTFuKUpIDmrHcrI/N9XLrLKx19kWEttsIPNJOgvx8JoeReOX2hLjcbF
 fmz8e6D1K7eZ+hjMfOLxD94tfhQwYtKbfwf0JwxQV5ItQRryd+X+TcA3nyvFWiJ8
 Vz92Tf1iG7Z+XasaaZFf2JDuxoiZaSZY7va395ClCEMykFsRbGwgDyB6Fr+6x/UU
 sYA4rYV7RumIOUdWngWyWjzVy/cKSWASW4jI5ABWs+AfeRTqmZt6+6B7oIghrB19
 ABEBAAGJAR8EGAECAAkFAldDN1ACGwwACgkQL1m1+Zsb4LRPzgf9FTfPA0d2N37q
 su5av3bYZJ+w6pvWF3aK2Zdy9ednhCBfPNmhvBRN6mXWixo0DuKEoQMjVpkX0hrq
 B9FxEVwCPZ9K/JuJgzMROq7T+7R3rcv+TPMdwk8rjIMeRiw2hFLwbrJ0w/v7/3wT
 MESv3GfXbuT0huEedK7bLfqGMgtmqMeCNkoI7Rf3GO2xArGQ6Zc2rTd4L9+D5HHS
 IPEixwFZS+Debc7pg3os0bKXEsqMtitvocClOAuPnXpCy04PK450UTr6ZVdirWhJ
 Oq8SrSERQwqEJ4PMHybiDKwzSr6mcBURre3G71uTAp7h/DISLTpfVMadcB6eoLWr
 /4fBqejAWg==
 =wh5k
 -----END PGP PUBLIC KEY BLOCK-----
EOF
settle /etc/apt/sources.list.d/clawprov-nodejs.sources root:root
tell reading the package list
[ -e /etc/ssl/certs/ca-certificates.crt ] || { apt_get update || :; apt_get install ca-certificates; }
apt_get -o Dir::Etc::sourcelist=/etc/apt/sources.list.d/clawprov-nodejs.sources -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0 -o APT::Update::Error-Mode=any update
tell installing
apt_get --no-install-recommends install 'nodejs=22.*' || { apt_get update || :; apt_get --no-install-recommends install 'nodejs=22.*'; }
case $(/usr/bin/node --version) in v22.*) ;; *) echo "apt installed Node.js $(/usr/bin/node --version), not 22"; exit 1 ;; esac
) </dev/null
ended=$?; end $ended; [ $ended = 0 ] || return $ended
begin user:clawdbot
(
set -e
useradd --system --user-group --home-dir /var/lib/clawdbot --no-create-home --shell /usr/sbin/nologin clawdbot
) </dev/null
ended=$?; end $ended; [ $ended = 0 ] || return $ended
begin directory:/var/lib/clawdbot
(
set -e
keep_original /var/lib/clawdbot
[ -d /var/lib/clawdbot ] || mkdir -p /var/lib/clawdbot; chown -h clawdbot:clawdbot /var/lib/clawdbot; as clawdbot:clawdbot chmod 700 /var/lib/clawdbot
) </dev/null
ended=$?; end $ended; [ $ended = 0 ] || return $ended
begin directory:/var/lib/clawdbot/.clawdbot
(
set -e
keep_original /var/lib/clawdbot/.clawdbot
[ -d /var/lib/clawdbot/.clawdbot ] || mkdir -p /var/lib/clawdbot/.clawdbot; chown -h clawdbot:clawdbot /var/lib/clawdbot/.clawdbot; as clawdbot:clawdbot chmod 700 /var/lib/clawdbot/.clawdbot
) </dev/null
ended=$?; end $ended; [ $ended = 0 ] || return $ended
begin directory:/var/lib/clawdbot/tmp
(
set -e
keep_original /var/lib/clawdbot/tmp
[ -d /var/lib/clawdbot/tmp ] || mkdir -p /var/lib/clawdbot/tmp; chown -h clawdbot:clawdbot /var/lib/clawdbot/tmp; as clawdbot:clawdbot chmod 700 /var/lib/clawdbot/tmp
) </dev/null
ended=$?; end $ended; [ $ended = 0 ] || return $ended
begin directory:/etc/clawdbot
(
set -e
keep_original /etc/clawdbot
[ -d /etc/clawdbot ] || mkdir -p /etc/clawdbot; chown -h root:root /etc/clawdbot; as root:root chmod 700 /etc/clawdbot
) </dev/null
ended=$?; end $ended; [ $ended = 0 ] || return $ended
begin release:clawdbot
(
set -e
rm -rf /opt/clawprov/clawdbot/releases/2026.1.24-3.new; mkdir -p /opt/clawprov/clawdbot/releases/2026.1.24-3.new; cd /opt/clawprov/clawdbot/releases/2026.1.24-3.new
cat >package.json <<'EOF'
{
  "name": "clawdbot-release",
  "private": true,
  "dependencies": {
    "clawdbot": "2026.1.24-3"
  },
  "overrides": {
    "libsignal": "6.0.0",
    "node-llama-cpp": "npm:empty-npm-package@1.0.0"
  }
}
EOF
cat >package-lock.json <<'EOF'
(5744 lines of package-lock.json)
EOF
cat >addresses.cjs <<'EOF'
// Where the registry has each package, so that npm need not ask for every package's description.
const fs = require("fs"), registry = process.argv[2].replace(/\/?$/, "/");
const lock = JSON.parse(fs.readFileSync("package-lock.json", "utf8"));
for (const [path, entry] of Object.entries(lock.packages)) {
  if (!path || entry.link || entry.inBundle || entry.resolved || !entry.integrity) continue;
  const name = entry.name || path.slice(path.lastIndexOf("node_modules/") + 13);
  const file = name.slice(name.lastIndexOf("/") + 1) + "-" + entry.version + ".tgz";
  entry.resolved = registry + name + "/-/" + file;
}
fs.writeFileSync("package-lock.json", JSON.stringify(lock));
EOF
PATH=/usr/bin:$PATH; export TMPDIR=$PWD NODE_DISABLE_COMPILE_CACHE=1
set --
quiet='--ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=http'
install() {
  npm ci $quiet --cache /var/lib/clawprov/npm-cache "$@" >npm.log 2>&1 & npm=$!
  while kill -0 $npm 2>/dev/null; do
    tell "$(grep -c 'fetch GET 200 .*tgz' npm.log) of 432 packages"; sleep 0.5
  done
  wait $npm
}
cp package-lock.json shipped.json
node addresses.cjs "$(npm config get registry)" || cp shipped.json package-lock.json
install "$@" || { grep -q E404 npm.log && cp shipped.json package-lock.json && install "$@"; } || { grep -vE 'http (cache|fetch GET 200)' npm.log | tail -n 20
  df -Pm . | awk 'NR == 2 && $4 < 20 { print "No space left on device: " $6 }'
  exit 1; }
mv shipped.json package-lock.json; rm npm.log addresses.cjs
sum=$(sha256sum <package-lock.json); printf '%s\n' 60c8be28b97b4bdc1928843f0f8675a337fd93ad6de928c510e28a436e0e1d5d "${sum%% *}" >.complete
cd /; rm -rf /opt/clawprov/clawdbot/releases/2026.1.24-3.old /var/lib/clawprov/npm-cache
[ ! -e /opt/clawprov/clawdbot/releases/2026.1.24-3 ] || mv /opt/clawprov/clawdbot/releases/2026.1.24-3 /opt/clawprov/clawdbot/releases/2026.1.24-3.old; mv /opt/clawprov/clawdbot/releases/2026.1.24-3.new /opt/clawprov/clawdbot/releases/2026.1.24-3; rm -rf /opt/clawprov/clawdbot/releases/2026.1.24-3.old
) </dev/null
ended=$?; end $ended; [ $ended = 0 ] || return $ended
begin secret:/etc/clawdbot/gateway.env
(
set -e
stage /etc/clawdbot/gateway.env 600 root:root <<'EOF'
CLAWDBOT_GATEWAY_TOKEN=***
EOF
settle /etc/clawdbot/gateway.env root:root
) </dev/null
ended=$?; end $ended; [ $ended = 0 ] || return $ended
begin file:/etc/clawdbot/memory.env
(
set -e
[ -d /etc/clawdbot ] || mkdir -p /etc/clawdbot
stage /etc/clawdbot/memory.env 644 root:root <<'EOF'
# Made by clawprov, from this server's memory.
# no limit needed
EOF
settle /etc/clawdbot/memory.env root:root
) </dev/null
ended=$?; end $ended; [ $ended = 0 ] || return $ended
begin file:/var/lib/clawdbot/.clawdbot/clawdbot.json
(
set -e
[ -d /var/lib/clawdbot/.clawdbot ] || mkdir -p /var/lib/clawdbot/.clawdbot
stage /var/lib/clawdbot/.clawdbot/clawdbot.json 600 clawdbot:clawdbot <<'EOF'
{
  "gateway": {
    "mode": "local",
    "bind": "loopback",
    "auth": {
      "allowTailscale": false,
      "mode": "token"
    },
    "port": 18789
  },
  "browser": {
    "enabled": false
  },
  "canvasHost": {
    "enabled": false
  }
}
EOF
tell the gateway tries it
timeout 240 setpriv --reuid=clawdbot --regid=clawdbot --init-groups env -i PATH="$PATH" HOME=/var/lib/clawdbot TMPDIR=/var/lib/clawdbot/tmp CLAWDBOT_CONFIG_PATH=/var/lib/clawdbot/.clawdbot/clawdbot.json.new /usr/bin/node /opt/clawprov/clawdbot/releases/2026.1.24-3/node_modules/clawdbot/dist/entry.js config get gateway.mode </dev/null || { [ $? != 124 ] || echo it has not ended within 240 s; false; } || { rm -f /var/lib/clawdbot/.clawdbot/clawdbot.json.new; exit 1; }
settle /var/lib/clawdbot/.clawdbot/clawdbot.json clawdbot:clawdbot
) </dev/null
ended=$?; end $ended; [ $ended = 0 ] || return $ended
begin link:/opt/clawprov/clawdbot/current
(
set -e
ln -sfn releases/2026.1.24-3 /opt/clawprov/clawdbot/current.new
keep_original /opt/clawprov/clawdbot/current; mv -fT /opt/clawprov/clawdbot/current.new /opt/clawprov/clawdbot/current
) </dev/null
ended=$?; end $ended; [ $ended = 0 ] || return $ended
begin file:/usr/local/bin/clawdbot
(
set -e
[ -d /usr/local/bin ] || mkdir -p /usr/local/bin
stage /usr/local/bin/clawdbot 755 root:root <<'EOF'
#!/bin/sh
# Made by clawprov: Clawdbot's own command line, as the gateway's user, in its environment.
set -eu
[ "$(id -u)" = 0 ] || exec sudo -- "$0" "$@"
# The environment files as systemd reads them: nothing in them is run.
for file in /etc/clawdbot/memory.env /etc/clawdbot/gateway.env; do
  while IFS= read -r line || [ "$line" ]; do
    case $line in [A-Za-z_]*=*) ;; *) continue ;; esac
    name=${line%%=*} value=${line#*=}
    case $name in *[!A-Za-z0-9_]*) continue ;; esac
    case $value in
      \"*\") value=${value#?}; value=$(printf '%s\n' "${value%?}" | sed 's/\\\(["\\`$]\)/\1/g') ;;
      \'*\') value=${value#?}; value=${value%?} ;;
    esac
    export "$name=$value"
  done <"$file"
done
set -a
HOME=/var/lib/clawdbot
TMPDIR=/var/lib/clawdbot/tmp
# Else OpenClaw's looks for the gateway's process, which the sandbox hides, for a minute.
CLAWDBOT_GATEWAY_URL=ws://127.0.0.1:18789
CLAWDBOT_NO_RESPAWN=1
CLAWDBOT_DISABLE_BONJOUR=1
CLAWDBOT_SERVICE_MARKER=clawdbot
CLAWDBOT_SERVICE_KIND=gateway
CLAWDBOT_VERSION=2026.1.24-3
NODE_COMPILE_CACHE=/var/lib/clawdbot/tmp/node-compile-cache
set +a
cd "$HOME"
exec setpriv --reuid=clawdbot --regid=clawdbot --init-groups -- \
  /usr/bin/node /opt/clawprov/clawdbot/current/node_modules/clawdbot/dist/entry.js "$@"
EOF
settle /usr/local/bin/clawdbot root:root
) </dev/null
ended=$?; end $ended; [ $ended = 0 ] || return $ended
begin file:/etc/systemd/system/clawdbot-gateway.service
(
set -e
[ -d /etc/systemd/system ] || mkdir -p /etc/systemd/system
stage /etc/systemd/system/clawdbot-gateway.service 644 root:root <<'EOF'
# Made by clawprov; your own lines belong under `unit:` of the inventory.
[Unit]
Description=Clawdbot gateway
Wants=network-online.target
After=network-online.target tailscaled.service
# It restarts for ever: an outage at boot must not end it for good.
StartLimitIntervalSec=0

[Service]
Type=simple
User=clawdbot
Group=clawdbot
WorkingDirectory=/var/lib/clawdbot
StateDirectory=clawdbot
StateDirectoryMode=0700
Environment=HOME=/var/lib/clawdbot
# Compile caches live here and outlast restarts.
Environment=TMPDIR=/var/lib/clawdbot/tmp
Environment=CLAWDBOT_NO_RESPAWN=1
Environment=CLAWDBOT_DISABLE_BONJOUR=1
Environment=CLAWDBOT_SERVICE_MARKER=clawdbot
Environment=CLAWDBOT_SERVICE_KIND=gateway
Environment=CLAWDBOT_VERSION=2026.1.24-3
Environment=NODE_COMPILE_CACHE=/var/lib/clawdbot/tmp/node-compile-cache
EnvironmentFile=/etc/clawdbot/memory.env
EnvironmentFile=/etc/clawdbot/gateway.env
# What this process was started with; clawprov restarts it when that is not what it should be.
ExecStartPre=-+/bin/sh -c 'mkdir -p -m 0700 /run/clawprov && sha256sum /etc/systemd/system/clawdbot-gateway.service /var/lib/clawdbot/.clawdbot/clawdbot.json /etc/clawdbot/gateway.env /etc/clawdbot/memory.env /opt/clawprov/clawdbot/current/package-lock.json >/run/clawprov/clawdbot.started'
ExecStart=/usr/bin/node /opt/clawprov/clawdbot/current/node_modules/clawdbot/dist/entry.js gateway
Restart=always
RestartSec=5
# Where memory runs out, what the agent has started goes first, then the gateway, and never the way in.
OOMScoreAdjust=500
OOMPolicy=continue
UMask=0077
TimeoutStopSec=20

# Hardening profile balanced
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
PrivateIPC=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
ProtectProc=invisible
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
IPAddressDeny=169.254.169.254 fd00:ec2::254
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallFilter=@chown

[Install]
WantedBy=multi-user.target
EOF
settle /etc/systemd/system/clawdbot-gateway.service root:root
) </dev/null
ended=$?; end $ended; [ $ended = 0 ] || return $ended
begin service:clawdbot-gateway
(
set -e
systemctl daemon-reload
systemctl reenable --quiet clawdbot-gateway.service
systemctl reset-failed clawdbot-gateway.service 2>/dev/null || :
systemctl restart clawdbot-gateway.service
unit=clawdbot-gateway.service port=18789; since=$(date +%s); calm=
show() { systemctl show -p "$1" $unit | cut -d= -f2; }
while :; do
  now=$(($(date +%s) - since)); pid=$(show MainPID)
  if [ "$(show NRestarts)" != 0 ] || [ "$(show ActiveState)" = failed ] || [ $now -gt 240 ]; then
    journalctl -q -o cat --since "@$((since - 1))" -u $unit | grep -E 'code=(killed|dumped)|oom' | tail -n 2 || :
    journalctl -q -o cat --since "@$((since - 1))" -n 25 _SYSTEMD_UNIT=$unit
    echo "after $now s: $(show ActiveState), $(show NRestarts) restarts"; exit 1
  fi
  if [ -n "$(ss -Hltnp "sport = :$port" | grep -v tailscaled)" ]; then
    [ "$calm" ] && [ "${calm%:*}" = "$pid" ] || calm=$pid:$now
    [ $((now - ${calm#*:})) -lt 2 ] || break
  else calm=; fi
  rss=$(awk '/^VmRSS/ { print int($2 / 1024) }' /proc/$pid/status 2>/dev/null || :)
  said=$(journalctl -q -o cat -n 1 _SYSTEMD_UNIT=$unit)
  tell "$now s, ${rss:-0} MB${said:+, $said}"
  sleep 0.5
done
) </dev/null
ended=$?; end $ended; [ $ended = 0 ] || return $ended
}
steps; ended=$?
audit '"who":"ann@laptop","verb":"up","plan":"a8eb5437cd51","exit":'"$ended"
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
