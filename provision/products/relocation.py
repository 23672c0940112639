"""A person's gateway, stopped, and its files copied to where the service has them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from provision.model.product import Product
from provision.model.shell import Sh, joined, sh
from provision.products.installed import ITS
from provision.products.legacy import Legacy


def relocate(legacy: Legacy, product: Product, record: str, node: str) -> tuple[Sh, ...]:
    """Stop it, disable it, copy; where that fails, theirs is started again and `record` goes.

    `node` is the Node.js that will run it.
    """
    return (
        _named(
            {
                "user": legacy.user,
                "theirs": f"{legacy.user}:{legacy.group}",
                "home": legacy.home,
                "state": legacy.state.removeprefix(f"{legacy.home}/"),
                "product": product.name,
                "ours": f"{product.name}:{product.name}",
                "there": product.home,
                "record": record,
                "node": node,
                "system": _system(legacy),
                "units": " ".join(unit_names(legacy)),
            }
        ),
        joined([_ASK, sh("names=$product"), ITS, _MANAGE]),
        sh("halt || give_back"),
        sh("forget || give_back"),
        *(sh("copy {} || give_back", folder) for folder in legacy.folders),
        _rename(legacy, product),
        _REKEY,
    )


def asking(legacy: Legacy) -> tuple[Sh, ...]:
    """`ask`, which is systemctl for the manager of its `$units`, and whose they are."""
    return (
        _named(
            {
                "user": legacy.user,
                "theirs": f"{legacy.user}:{legacy.group}",
                "system": _system(legacy),
                "units": " ".join(unit_names(legacy)),
            }
        ),
        _ASK,
    )


def _named(values: Mapping[str, str]) -> Sh:
    """Shell variables with values."""
    return joined([sh("{}={}", Sh(name, name), value) for name, value in values.items()])


def _system(legacy: Legacy) -> str:
    """Whether its units are the system's: `yes` or nothing."""
    return "yes" if any(unit.startswith("/etc/") for unit in legacy.units) else ""


def unit_names(legacy: Legacy) -> tuple[str, ...]:
    """The names of its units."""
    return tuple(PurePosixPath(unit).name for unit in legacy.units)


_ASK = sh(r"""
if [ "$system" ]; then
  ask() { systemctl "$@"; }
else
  ask() { as "$theirs" env XDG_RUNTIME_DIR="/run/user/$(id -u "$user")" systemctl --user "$@"; }
fi
""")
_MANAGE = sh(r"""
running() { pgrep -u "$user" -f "$its" >/dev/null; }
halt() {
  for unit in $units; do
    ask stop "$unit" 2>/dev/null || :
    ask disable --quiet "$unit" 2>/dev/null || :
    [ "$system" ] || as "$theirs" find "$home/.config/systemd/user" -type l \
      -path '*.wants/*' -name "$unit" -delete
  done
  waited=0
  while running; do
    [ $waited -lt 60 ] || {
      echo "the gateway of $user does not end, or is started again" >&2; return 1; }
    [ $((waited % 20)) != 0 ] || pkill -u "$user" -f "$its" || :
    tell "waiting for the gateway of $user to end, $waited s"; sleep 1; waited=$((waited + 1))
  done
}
give_back() {
  rm -f "$record"
  for unit in $units; do ask enable --now --quiet "$unit" || :; done
  exit 1
}
# forget: what SQLite has beside a database belongs to that very file, not to a later copy of it
forget() { as "$ours" find "$there/$state" -name '*.sqlite-*' -delete; }
# copy NAME: what has this name below their home, if it is there; a link of this name is followed,
# links below it stay what they are
copy() {
  from=$home to=$there what=./$1 links=-h torn=/run/clawprov/torn; rm -f $torn
  as "$theirs" test -e "$home/$1" || return 0
  if as "$theirs" test -d "$home/$1"; then from=$home/$1 to=$there/$1 what=. links=; fi
  [ "$1" != "$state" ] || set -- "--exclude=./$product.json*" --exclude=./tmp --exclude=./logs \
    '--exclude=./agents/*.lock' '--exclude=./credentials/*.lock'
  [ $# != 1 ] || shift
  as "$ours" sh -c 'umask 077; mkdir -p "$1"' - "$to" || return
  { as "$theirs" tar -C "$from" "$@" $links -cf - -- "$what" || [ $? = 1 ] || : >$torn; } |
    (umask 077; as "$ours" tar -C "$to" --no-overwrite-dir -xpf -) && [ ! -e $torn ]
}
""")
_REKEY = sh(r"""
# The state's databases find what they keep, such as the jobs of cron, by whole paths, and those of
# agents say in which folder a session works: these become ours. What goes by a digest of a
# workspace's path, and what was said, stays.
for file in "$there/$state"/state/*.sqlite "$there/$state"/agents/*/agent/*.sqlite; do
  [ -s "$file" ] || continue
  as "$ours" "$node" --no-warnings - "$home/" "$there/" "$file" <<'END' || give_back
const { basename, dirname } = require("node:path");
const { DatabaseSync } = require("node:sqlite");
const [theirs, ours, file] = process.argv.slice(2);
const database = new DatabaseSync(file, { enableForeignKeyConstraints: false });
const columns = database.prepare(`SELECT t.name AS "table", c.name AS "column"
  FROM pragma_table_list AS t, pragma_table_info(t.name) AS c
  WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite%'`).all();
database.exec("BEGIN");
if (basename(dirname(file)) === "agent") {
  for (const { table, column } of columns)
    if (table.startsWith("session_") && column === "entry_json")
      database.prepare(`UPDATE "${table}" SET entry_json = replace(entry_json, ?1, ?2)
        WHERE instr(entry_json, ?1)`).run(`"${theirs}`, `"${ours}`);
} else {
  for (const { table, column } of columns)
    if (!table.startsWith("workspace"))
      database.prepare(`UPDATE OR IGNORE "${table}"
        SET "${column}" = ?2 || substr("${column}", length(?1) + 1)
        WHERE substr("${column}", 1, length(?1)) = ?1`).run(theirs, ours);
}
database.exec("COMMIT");
database.close();
END
done
""")


def _rename(legacy: Legacy, product: Product) -> Sh:
    """The index of sessions, which names their files by whole paths, names those of ours."""
    return sh(
        "find {} -path '*/sessions/sessions.json' -type f -exec \\\n"
        "  setpriv --reuid={} --regid={} --clear-groups -- sed -i {} {} + || give_back",
        f"{product.home}/.{product.name}",
        product.name,
        product.name,
        f's|"{_literal(legacy.home)}/|"{product.home}/|g',
        Sh("{}", "{}"),
    )


def _literal(text: str) -> str:
    """`text` as sed takes it for nothing but itself."""
    return re.sub(r"([]\\.*^$[|])", r"\\\1", text)
