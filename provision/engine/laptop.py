"""The laptop as the ground of scripts: its user's own shell, on Linux or macOS.

GNU and BSD tools differ where files are asked for their mode and their sum; the functions have
the names of a server's, so that the same resources are made with them.
"""

from __future__ import annotations

from provision.engine.ground import Ground
from provision.model.shell import sh

LAPTOP = Ground(
    sh(r"""
PATH=$PATH:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin LC_ALL=C
export PATH LC_ALL
umask 077
if [ -z "${XDG_RUNTIME_DIR-}" ] && [ -d "/run/user/$(id -u)" ]; then
  XDG_RUNTIME_DIR=/run/user/$(id -u); export XDG_RUNTIME_DIR
fi"""),
    sh(r"""
# mode PATH, sum PATH: as a number of octal digits, and as SHA-256
if stat -c %a / >/dev/null 2>&1; then mode() { stat -c %a "$1"; }
else mode() { stat -f %Lp "$1"; }; fi
if command -v sha256sum >/dev/null; then sum() { sha256sum <"$1"; }
else sum() { shasum -a 256 <"$1"; }; fi

# look PATH [SHA256]: what is at PATH; the text of a file too, when SHA256 is given and not its own
look() {
  if [ -L "$1" ]; then printf 'type=link\nto=%s\n' "$(readlink "$1")"; return; fi
  if [ -d "$1" ]; then echo type=directory; elif [ -f "$1" ]; then echo 'type=regular file'
  elif [ -e "$1" ]; then echo 'type=special file'; else echo type=absent; return 0; fi
  echo "mode=$(mode "$1")"
  [ -f "$1" ] || return 0
  sum=$(sum "$1"); sum=${sum%% *}; echo "sha256=$sum"
  if [ -n "${2-}" ] && [ "$sum" != "$2" ] && [ "$(wc -c <"$1")" -lt 65536 ]; then
    echo content=; cat "$1"
  fi
}

# keep_original PATH: what is made here has names of its own, and replaces nothing
keep_original() { :; }

# stage PATH MODE: standard input as PATH.new
stage() { rm -f "$1.new" && cat >"$1.new" && chmod "$2" "$1.new"; }

# settle PATH: the staged file takes the place of the old one, in one step
settle() { [ ! -d "$1" ] || { echo "$1 is a directory"; return 1; }; mv -f "$1.new" "$1"; }

# discard PATH...: no file is there any more
discard() { rm -f "$@"; }

# real PATH: where a chain of links ends
real() {
  real=$1
  while [ -L "$real" ]; do
    to=$(readlink "$real")
    case $to in /*) real=$to ;; *) real=${real%/*}/$to ;; esac
  done
  printf '%s\n' "$real"
}

# rewrite PATH: standard input takes the place of a file's text, in one step; its mode stays
rewrite() {
  if [ -e "$1" ]; then
    cp -p "$1" "$1.clawprov" && chmod u+w "$1.clawprov" && cat >"$1.clawprov" &&
      chmod "$(mode "$1")" "$1.clawprov" || { rm -f "$1.clawprov"; return 1; }
  else cat >"$1.clawprov"; fi
  mv -f "$1.clawprov" "$1"
}

# listening PORT: whether something listens there; yes where nobody can tell
listening() {
  if command -v ss >/dev/null; then [ -n "$(ss -Hltn "sport = :$1")" ]
  elif command -v lsof >/dev/null; then lsof -nP -iTCP:"$1" -sTCP:LISTEN >/dev/null
  fi
}

# tell WORDS: a passing word on how far it is, shown while the step runs
tell() { printf '~ %s\n' "$*"; }
"""),
    supervised=False,
)
