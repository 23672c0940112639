"""Gateways that people have set up for themselves, as the products' own installers leave them."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from provision.model.shell import Sh, joined, sh


@dataclass(frozen=True, slots=True)
class Installed:
    """A gateway of `user`'s (group id `group`) that is not this host's own, and all that it has.

    `units` are paths of systemd units, `pids` its processes, `port` the first that they listen
    on, `container` the id of that in which they run, "" for none; `state` its folder, of `mb`
    megabytes, with a configuration in it. What `config`, `dotenv`, `unit_env` and `environ` hold
    may be secret; it is read for a take-over alone.
    """

    user: str
    product: str
    group: str = ""
    home: str = ""
    units: tuple[str, ...] = ()
    enabled: bool = False
    linger: bool = False
    pids: tuple[str, ...] = ()
    port: str = ""
    container: str = ""
    state: str = ""
    mb: str = ""
    config: str = ""
    dotenv: str = ""
    unit_env: str = ""
    environ: str = ""

    @property
    def active(self) -> bool:
        """Whether it runs, or will after the next boot or login."""
        return self.enabled or bool(self.pids)

    def __str__(self) -> str:
        parts = []
        for unit in self.units:
            kind = "unit" if unit.startswith("/etc/") else "user unit"
            name = PurePosixPath(unit).name
            parts.append(f"{kind} {name}{' (enabled)' if self.enabled else ''}")
        if self.container:
            parts.append(f"container {self.container}")
        if self.pids:
            parts.append(f"process {self.pids[0]}{f' on port {self.port}' if self.port else ''}")
        if self.state:
            parts.append(f"{self.mb or '?'} MB in {self.state}")
        return f"{self.user}'s {self.product} gateway is here: {', '.join(parts)}"


def look_for_installed(detailed: str) -> Sh:
    """A script that finds every gateway that clawprov has not made.

    Of the product `detailed`, "" being none, it tells configuration and environment too.
    """
    return sh("detailed={}\n{}\n{}", detailed, ANY, _LOOK)


ITS = sh(r'''its="^($names)-gateway|/($names)/[^ ]* gateway( run| --|\$)"''')
"""Sets `its`, a pattern of the command lines of gateways, from the `names` of their products."""
ANY = joined([sh("names='clawdbot|moltbot|openclaw'"), ITS])
_LOOK = sh(r"""
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
""")


def parse_installed(lines: Iterable[str]) -> tuple[Installed, ...]:
    """The gateways that the script has found, one for each user and product."""
    found: dict[tuple[str, str], Installed] = {}
    for line in lines:
        kind, *words = line.split("\t")
        if kind not in _TOLD or len(words) < 3:
            continue
        user, product, *rest = words
        one = found.get((user, product), Installed(user, product))
        found[user, product] = _with(one, kind, rest)
    return tuple(found.values())


_TOLD = ("unit", "state", "process", "config", "dotenv", "unit_env", "environ")


def _with(one: Installed, kind: str, rest: list[str]) -> Installed:
    """`one`, and what a line of the script adds to it."""
    match kind, rest:
        case "unit", [unit]:
            known = {PurePosixPath(path).name for path in one.units}
            more = () if PurePosixPath(unit).name in known else (unit,)
            enabled = one.enabled or ".wants/" in unit
            return replace(one, units=(*one.units, *more), enabled=enabled)
        case "process", [pid, port, container]:
            port, container = one.port or port, one.container or container
            return replace(one, pids=(*one.pids, pid), port=port, container=container)
        case "state", [state, group, home, mb, linger]:
            return replace(
                one, state=state, group=group, home=home, mb=mb, linger=linger == "linger"
            )
        case ("config" | "dotenv" | "unit_env" | "environ") as name, [text]:
            plain = b64decode(text).decode(errors="replace")
            return replace(one, **{name: getattr(one, name) + plain})
    return one
