"""The shell functions that scripts are made of: FRAMES in every one, TOOLS where work is done.

TOOLS need what a minimal Debian has: dash, coreutils, systemd, iproute2.
"""

from __future__ import annotations

from provision.model.shell import sh

FRAMES = sh(r"""
frame() { printf '\n%s %s\n' "$NONCE" "$*"; }
begin() { printf '\n%s begin %s\n' "$NONCE" "$1"; }
end() { printf '\n%s end %s\n' "$NONCE" "$1"; }
""")

TOOLS = sh(r"""
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
""")
