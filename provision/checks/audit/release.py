"""Which release a gateway is, and what it says of itself."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

from provision.checks.audit.places import asked
from provision.model.facts import Facts, Reading
from provision.model.finding import Finding, Rule
from provision.model.secret import hide
from provision.products import find_product, working
from provision.products.engines import order

VERSION = "audit:version"
KNOWN = ("clawdbot", "openclaw")


def version() -> Rule:
    """The release is known to be broken, or is older than the one that clawprov knows."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        rows = [row for row in read_versions(reading) if row[0] in KNOWN]
        broken = [row for row in rows if not working(row[0], [row[1]])]
        newest = {name: find_product(name).version for name in KNOWN}
        old = [row for row in rows if order(row[1]) < order(newest[row[0]])]
        if not broken and not old:
            return None
        name, told, path = (broken or old)[0]
        ours = path.startswith("/opt/clawprov/")
        other = f"npm install -g {name}@{newest[name]}"
        return Finding(
            VERSION,
            "serious" if broken else "minor",
            f"{name} {told} is known not to work"
            if broken
            else f"{name} {told} is older than {newest[name]}",
            "what was mended since is not mended here",
            f"take {newest[name]}: clawprov {'up HOST' if ours else f'adopt HOST, or {other}'}",
            tuple(f"{name} {told} in {path}" for name, told, path in broken or old),
        )

    script = asked(r"""
package() {
  told=$(sed -n 's/^ *"version": *"\([^"]*\)".*/\1/p' "$2" 2>/dev/null | head -n 1)
  [ ! "$told" ] || printf '%s\t%s\t%s\n' "$1" "$told" "${2%/package.json}"
}
for product in clawdbot moltbot openclaw; do
  { units | while IFS= read -r line; do sed -n 's/^ExecStart=//p' "${line#*	}"; done
    echo "/usr/bin/$product /usr/local/bin/$product"; } | tr ' "' '\n\n' | grep / | sort -u |
  while read -r word; do
    real=$(readlink -f "$word"); case $real in *"/node_modules/$product/"*)
      package $product "${real%%"/node_modules/$product/"*}/node_modules/$product/package.json" ;;
    esac
  done | sort -u
done""")
    return Rule(VERSION, script, judge)


def read_versions(reading: Reading) -> list[tuple[str, str, str]]:
    """The releases that are there: product, version and folder."""
    rows = [line.split("\t") for line in dict.fromkeys(reading.lines())]
    return [(row[0], row[1], row[2]) for row in rows if len(row) == 3]


def own_audit() -> Rule:
    """The product's own `security audit` calls something critical."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        found = [
            f"{path}: {hide(str(one.get('title', '')))} ({one.get('checkId', '?')})"
            for path, told in _audits(reading)
            for one in _listed(told.get("findings"))
            if isinstance(one, dict) and one.get("severity") == "critical"
        ]
        if not found:
            return None
        return Finding(
            "audit:own",
            "serious",
            "its own security audit calls something critical",
            "the product looks at its settings, and at the modes of its files",
            "security audit --fix, with the product's own command line, mends the files",
            tuple(found),
        )

    script = asked(r"""
one() {
  if grep -qs '^# Made by clawprov' "/usr/local/bin/$product"; then
    [ "$user" = "$product" ] || return
    told=$(timeout 90 "/usr/local/bin/$product" security audit --json 2>/dev/null)
  else
    told=$(as "$user:$gid" env -i HOME="$home" LANG=C.UTF-8 PATH="$home/.npm-global/bin:"`
      `"$home/.local/bin:/usr/local/bin:/usr/bin:/bin" \
      timeout 90 "$product" security audit --json 2>/dev/null)
  fi
  printf '%s\t%s\n' "$state" "$(printf '%s' "$told" | base64 -w0)"
}
cd /; found=$(states one); printf '%s\n' "$found"
! printf '%s\n' "$found" | grep -q '	$'""")
    return Rule("audit:own", script, judge)


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _audits(reading: Reading) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for line in reading.lines():
        path, _, text = line.partition("\t")
        try:
            told = json.loads(b64decode(text).decode(errors="replace"))
        except (ValueError, RecursionError):
            continue
        if isinstance(told, dict):
            yield path, told
