"""Tailscale's command line: how it is asked, what it wants to hear, and how long it is waited for.

Source: cmd/tailscale/cli/up.go, v1.102.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from provision.model.secret import Secret
from provision.model.shell import Sh, heredoc, joined, sh

PACKAGES = "https://pkgs.tailscale.com/stable"
CONTROL_S = 60
"""How long a control server may take to let a key in, or to make a login URL."""
_SWITCHES = {
    "ExitNodeAllowLANAccess": "exit-node-allow-lan-access",
    "PostureChecking": "report-posture",
    "RouteAll": "accept-routes",
    "RunSSH": "ssh",
    "ShieldsUp": "shields-up",
}
_OFF = {"CorpDNS": ("accept-dns", False), "NoSNAT": ("snat-subnet-routes", True)}
_WORDS = {
    "ControlURL": "login-server",
    "ExitNodeIP": "exit-node",
    "Hostname": "hostname",
    "OperatorUser": "operator",
}
_SAID = r"said=$(tailscale status --json --peers=false 2>/dev/null | tr -d '\n\t ')"

# What is on its way, after a boot say, is given five seconds to arrive.
STATUS = sh(
    "if command -v tailscale >/dev/null; then echo there=yes\n"
    "elif [ -s /var/lib/tailscale/tailscaled.state ]; then echo left=yes; fi\n"
    "for i in 1 2 3 4 5; do\n"
    "  said=$(timeout 10 tailscale status --json --peers=false 2>/dev/null)\n"
    "  case $said in *'\"NoState\"'*|*'\"Starting\"'*) sleep 1 ;; *) break ;; esac\n"
    "done\n"
    'printf "status=\\n%s\\nprefs=\\n" "$said"; timeout 10 tailscale debug prefs 2>/dev/null'
)
# It runs beside a loop that tells what it waits for: the login URL, or an admin's approval.
_WATCH = rf"""
up=$!
until=$(($(date +%s) + {CONTROL_S})) asked=
while kill -0 $up 2>/dev/null; do
  {_SAID}
  url=${{said#*'"AuthURL":"'}} words="log this server in to your tailnet:"
  [ "$url" != "$said" ] && [ -z "$key" ] && url=${{url%%'"'*}} || url=
  case $said in *'"BackendState":"NeedsMachineAuth"'*) url=https://login.tailscale.com/admin/machines
    words="this server waits for an admin of your tailnet:" ;; esac
  if [ -n "$url" ] && [ "$url" != "$asked" ]; then
    [ -n "$asked" ] || until=$(($(date +%s) + limit))
    asked=$url; frame ask "$words $(printf %s "$url" | sed 's/\\u0026/\&/g')"
  fi
  left=$((until - $(date +%s)))
  if [ -z "$asked" ]; then tell "waiting for the control server, $left s left"
  else tell "waiting for you, $((left / 60)):$(printf %02d $((left % 60))) left"; fi
  [ $left -gt 0 ] || {{ kill $up; break; }}
  sleep 0.5
done
wait $up || {{
  if [ -n "$asked" ]; then echo "nobody has answered at $asked within $limit s"
  elif [ $left -le 0 ]; then echo "no answer from the control server within {CONTROL_S} s"; fi
  [ -z "$forget" ] || timeout 10 tailscale logout >/dev/null 2>&1
  exit 1
}}"""
# The control server hands out names, a moment later; it may stay with the old one.
_RENAMED = rf"""
for i in 1 2 3 4 5 6 7 8 9 10; do
  {_SAID}
  case $said in *'"DNSName":"'{{}}*) break ;; esac
  sleep 0.5
done"""
_TAGGED = rf"""
for i in 1 2 3 4 5 6 7 8 9 10; do
  {_SAID} lacks=
  for tag in {{}}; do
    case $said in *'"Tags":['*"\"$tag\""*) ;; *) lacks="$lacks $tag" ;; esac
  done
  [ -n "$lacks" ] || break
  sleep 0.5
done
[ -z "$lacks" ] || {{
  [ -z "$forget" ] || timeout 10 tailscale logout >/dev/null 2>&1
  echo "it got no$lacks in the tailnet"; exit 1
}}"""


def up_flags(prefs: Mapping[str, object]) -> dict[str, str]:
    """What `tailscale up` wants repeated of settings that differ from its defaults, by flag."""
    flags = {flag: "true" for pref, flag in _SWITCHES.items() if prefs.get(pref) is True}
    flags |= {flag: "false" for pref, (flag, off) in _OFF.items() if prefs.get(pref) is off}
    flags |= {flag: str(prefs[pref]) for pref, flag in _WORDS.items() if prefs.get(pref)}
    routes, tags = (_list(prefs, pref) for pref in ("AdvertiseRoutes", "AdvertiseTags"))
    inner = [route for route in routes if not route.endswith("/0")]
    if tags:
        flags["advertise-tags"] = ",".join(tags)
    if inner:
        flags["advertise-routes"] = ",".join(inner)
    if len(inner) < len(routes):
        flags["advertise-exit-node"] = "true"
    connector = prefs.get("AppConnector")
    if isinstance(connector, dict) and connector.get("Advertise") is True:
        flags["advertise-connector"] = "true"
    mode = prefs.get("NetfilterMode")
    if mode in (0, 1) and not isinstance(mode, bool):
        flags["netfilter-mode"] = ("off", "nodivert")[mode == 1]
    return flags


def up(words: Sequence[str], limit_s: int, key: Secret | None, *, forget: bool = False) -> Sh:
    """`tailscale up`, watched; whoever is asked has `limit_s` seconds.

    It reads `key`, a line, from a pipe, so that none is on disk. With `forget`, a server that was
    not let in is logged out: else it would try a refused key again and again.
    """
    most = CONTROL_S + limit_s
    words = [*words, f"--timeout={most}s"] if words else []
    words += ["--auth-key=file:/dev/stdin"] if key else []
    told = joined((sh("{}", word) for word in words), " ")
    run = sh("timeout -k 5 {} tailscale up {}", most + 5, told)
    given, gone = "given" if key else "", "yes" if forget else ""
    before = sh("limit={} key={} forget={}", limit_s, given, gone)
    start = sh("{} </dev/null &", run)
    if key:
        start = sh("{\n{}\n} &", heredoc(sh("exec {}", run), key))
    return joined([before, start, Sh(_WATCH.strip(), _WATCH.strip())])


def rename(hostname: str) -> tuple[Sh, Sh]:
    """Another name is asked for, and given five seconds to arrive."""
    return sh("tailscale set {}", f"--hostname={hostname}"), sh(_RENAMED.strip(), hostname)


def await_tags(tags: Iterable[str]) -> Sh:
    """The server has all the tags within five seconds, or the step fails."""
    return sh(_TAGGED.strip(), joined((sh("{}", tag) for tag in tags), " "))


def _list(prefs: Mapping[str, object], pref: str) -> list[str]:
    value = prefs.get(pref)
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
