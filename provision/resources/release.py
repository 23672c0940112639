"""One exact version of a gateway, installed from its lock file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from provision.model.facts import Facts, Probe
from provision.model.plan import Change
from provision.model.shell import Sh, heredoc, sh

SMALL_MB = 2000
"""Below this much memory npm gets a heap limit, which costs it some seconds."""


@dataclass(frozen=True, slots=True)
class Release:
    """The folder `path` with node_modules exactly as `lock` says.

    Without `lock` npm makes one there of what `package` wishes, in which the package `name` must
    have `integrity`; from then on that one counts.

    It is made beside its place by `npm ci`, which checks every package against the lock's
    SHA-512 and runs no package's install script but those of `scripts`, and takes its place only
    when complete.
    """

    name: str
    path: str
    package: str
    lock: str
    packages: int
    node: str
    scripts: tuple[str, ...] = ()
    integrity: str = ""

    @property
    def id(self) -> str:
        return f"release:{self.name}"

    @property
    def digest(self) -> str:
        """SHA-256 of all that was wished."""
        wished = self.package + (self.lock or self.integrity) + " ".join(self.scripts)
        return hashlib.sha256(wished.encode()).hexdigest()

    @property
    def marker(self) -> str:
        """A file that is there when the folder is complete; it says of which wish and lock."""
        return f"{self.path}/.complete"

    def probe(self) -> Probe:
        return Probe(
            self.id,
            sh(
                "marker={} lock={}\n"
                'echo "made=$(sed -n 1p "$marker" 2>/dev/null)"\n'
                'echo "locked=$(sed -n 2p "$marker" 2>/dev/null)"\n'
                'echo "sha256=$(sha256sum "$lock" 2>/dev/null | cut -d" " -f1)"\n'
                'awk \'$1 == "MemTotal:" || $1 == "MemAvailable:" || $1 == "SwapFree:" '
                '{ print substr($1, 1, length($1) - 1) "=" int($2 / 1024) }\' /proc/meminfo',
                self.marker,
                f"{self.path}/package-lock.json",
            ),
        )

    def diff(self, facts: Facts) -> Change | None:
        seen = facts[self.id].pairs()
        made = seen["made"] == self.digest
        if made and seen["locked"] == seen["sha256"]:
            return None
        free = int(seen.get("MemAvailable", 0)) + int(seen.get("SwapFree", 0))
        small = int(seen.get("MemTotal", 0)) < SMALL_MB
        commands = (
            sh("rm -rf {}.new; mkdir -p {}.new; cd {}.new", *[self.path] * 3),
            heredoc(sh("cat >package.json"), self.package),
            *((heredoc(sh("cat >package-lock.json"), self.lock),) if self.lock else ()),
            heredoc(sh("cat >addresses.cjs"), _ADDRESSES),
            *((_SWAP,) if small and free < SMALL_MB // 2 else ()),
            self._npm(small),
            *(sh("npm rebuild --foreground-scripts {}", package) for package in self.scripts),
            sh(
                "sum=$(sha256sum <package-lock.json); printf '%s\\n' {} \"${sum%% *}\" >.complete",
                self.digest,
            ),
            sh("cd /; rm -rf {}.old {}", self.path, _CACHE),
            sh("[ ! -e {} ] || mv {} {}.old; mv {}.new {}; rm -rf {}.old", *[self.path] * 6),
        )
        why = f"{self.packages} packages" if self.lock else "npm resolves what it needs"
        why = "package-lock.json was changed" if made else why
        why += ", sparing memory" if small else ""
        return Change(self.id, "update" if seen["made"] else "install", commands, why)

    def _npm(self, small: bool) -> Sh:
        """npm in the background, its downloads counted from its own log.

        The lock that ships has no addresses. Where the registry's are guessed wrong, npm asks it.
        """
        spare = sh("export NODE_OPTIONS=--max-old-space-size=256; set -- --maxsockets 4\n")
        return sh(
            "PATH={}:$PATH; export TMPDIR=$PWD NODE_DISABLE_COMPILE_CACHE=1\nset --\n{}"
            "quiet='--ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=http'\n"
            "install() {\n"
            '  npm ci $quiet --cache {} "$@" >npm.log 2>&1 & npm=$!\n'
            "  while kill -0 $npm 2>/dev/null; do\n"
            "    tell \"$(grep -c 'fetch GET 200 .*tgz' npm.log){} packages\"; sleep 0.5\n"
            "  done\n"
            "  wait $npm\n"
            "}\n"
            "{}cp package-lock.json shipped.json\n"
            'node addresses.cjs "$(npm config get registry)" || cp shipped.json package-lock.json\n'
            'install "$@" || { grep -q E404 npm.log && cp shipped.json package-lock.json && '
            'install "$@"; } || '
            "{ grep -vE 'http (cache|fetch GET 200)' npm.log | tail -n 20\n"
            "  df -Pm . | awk 'NR == 2 && $4 < 20 { print \"No space left on device: \" $6 }'\n"
            "  exit 1; }\n"
            "mv shipped.json package-lock.json; rm npm.log addresses.cjs",
            self.node.rpartition("/")[0],
            spare if small else sh(""),
            _CACHE,
            sh(" of {}", self.packages) if self.lock else sh(""),
            sh("") if self.lock else self._resolve(),
        )

    def _resolve(self) -> Sh:
        """npm's own lock, without addresses as those that ship; refused when `name` is not ours."""
        return sh(
            "tell npm resolves what it needs\n"
            "npm install --package-lock-only --omit-lockfile-registry-resolved $quiet "
            '--cache {} "$@" >npm.log 2>&1 || '
            "{ grep -v 'http fetch GET 200' npm.log | tail -n 20; exit 1; }\n"
            "node -e {} {} {}\n",
            _CACHE,
            _SAME,
            self.name,
            self.integrity,
        )


@dataclass(frozen=True, slots=True)
class ResolvedLock:
    """The lock at `path` of a release that npm resolves on the server, as a service's input."""

    release: Release
    path: str

    @property
    def id(self) -> str:
        return f"lock:{self.path}"

    def digest(self, facts: Facts) -> str:
        """SHA-256 of the lock that is there; "" when the release is going to be made."""
        if self.release.diff(facts):
            return ""
        return facts[self.release.id].pairs()["sha256"]


_SAME = """\
const [name, told] = process.argv.slice(1);
const { version, integrity } = require("./package-lock.json").packages["node_modules/" + name];
if (integrity !== told) throw `EINTEGRITY: ${name} ${version} is ${integrity}, not ${told}`;"""


_ADDRESSES = """\
// Where the registry has each package, so that npm need not ask for every package's description.
const fs = require("fs"), registry = process.argv[2].replace(/\\/?$/, "/");
const lock = JSON.parse(fs.readFileSync("package-lock.json", "utf8"));
for (const [path, entry] of Object.entries(lock.packages)) {
  if (!path || entry.link || entry.inBundle || entry.resolved || !entry.integrity) continue;
  const name = entry.name || path.slice(path.lastIndexOf("node_modules/") + 13);
  const file = name.slice(name.lastIndexOf("/") + 1) + "-" + entry.version + ".tgz";
  entry.resolved = registry + name + "/-/" + file;
}
fs.writeFileSync("package-lock.json", JSON.stringify(lock));
"""

_CACHE = "/var/lib/clawprov/npm-cache"

_SWAP = sh(
    "swap=/var/lib/clawprov/swap\n"
    "tell making a swap file for the installation\n"
    "swapoff $swap 2>/dev/null || :\n"
    "if (umask 077; rm -f $swap; fallocate -l 1G $swap && mkswap $swap && swapon $swap) "
    ">/dev/null 2>&1; then trap 'swapoff $swap; rm -f $swap' EXIT; trap 'exit 143' TERM\n"
    "else rm -f $swap; tell no swap to be had here; fi"
)
