"""Tailscale from its signed apt repository, and its daemon as a service."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from provision.model.facts import Facts, Probe
from provision.model.plan import Change
from provision.model.shell import Sh, joined, sh
from provision.products.engines import parse_version
from provision.resources.file import File
from provision.resources.package import install_from

SOURCES = "/etc/apt/sources.list.d/clawprov-tailscale.sources"
OLDEST = (1, 52, 0)
"""From here on `tailscale serve` has the options that we use."""
_DAEMON = "tailscaled.service"


@dataclass(frozen=True, slots=True)
class TailscalePackage:
    """Tailscale of `version`, "" for the newest, from the apt repository below `url`.

    That has a part for each of Debian and Ubuntu, with their releases by codename; `key` is the
    armored OpenPGP key that signs it. A Tailscale that is there and suits stays, wherever it came
    from, and so does somebody else's list of the same repository.
    """

    url: str
    key: str
    version: str = ""
    id: str = "tailscale:package"

    def _source(self, seen: Mapping[str, str]) -> File:
        key = "\n".join(f" {line}" if line else " ." for line in self.key.strip().splitlines())
        return File(
            SOURCES,
            f"Types: deb\nURIs: {self.url}/{seen.get('os', 'debian')}\n"
            f"Suites: {seen.get('suite', '')}\nComponents: main\nSigned-By:\n{key}\n",
        )

    def probe(self) -> Probe:
        look = sh(
            '. /etc/os-release; echo "os=$ID"; echo "suite=$VERSION_CODENAME"\n'
            'echo "have=$(tailscale version 2>/dev/null | head -n 1)"\n'
            "dpkg-query -W -f '${db:Status-Status} ${Version}\\n' tailscale 2>/dev/null | "
            "sed -n 's/^installed /package=/p'\n"
            'echo "unit=$(systemctl is-enabled {} 2>/dev/null) $(systemctl is-active {})"\n'
            "for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list "
            "/etc/apt/sources.list.d/*.sources; do\n"
            '  [ "$file" != {} ] && text=$(grep -v \'^[[:space:]]*#\' "$file" 2>/dev/null) &&\n'
            '  case $text in *{}"/$ID"*) case $text in *"$VERSION_CODENAME"*) '
            'echo "other=$file" ;; esac ;; esac\n'
            "done\nlook {} -",
            *(_DAEMON, _DAEMON, SOURCES, re.sub("^https?:/", "", self.url), SOURCES),
        )
        return Probe(self.id, look)

    def obstacle(self, facts: Facts) -> str:
        """Why the Tailscale that is there will not do, though it is not ours to replace, or ""."""
        seen = facts[self.id].pairs()
        have = seen["have"]
        if not have or ("package" in seen and self.version):
            return ""
        if self.version and have != self.version:
            return f"Tailscale {have} is there, from no package, and {self.version} is wished"
        if (parse_version(have) or OLDEST) < OLDEST:
            oldest = ".".join(map(str, OLDEST))
            return f"Tailscale {have} is there, and {oldest} is the oldest that will do"
        return "" if _has_service(seen) else f"Tailscale {have} is there without {_DAEMON}"

    def diff(self, facts: Facts) -> Change | None:
        seen = facts[self.id].pairs()
        have = seen["have"]
        lacking = not have or bool(self.version and have != self.version)
        is_ours = seen["type"] != "absent"
        commands, why = self._list_commands(facts) if lacking or is_ours else ((), "")
        if lacking:
            why = f"{have or 'none'} is there" + f", {self.version} is needed" * bool(self.version)
            verb = "update" if have else "install"
            return Change(self.id, verb, (*commands, self._install(seen)), why)
        if _has_service(seen) and seen["unit"] != "enabled active":
            start = sh("systemctl enable --quiet --now {}", _DAEMON)
            return Change(self.id, "start", (*commands, start), f"its service is {seen['unit']}")
        return Change(self.id, "update", commands, why) if commands else None

    def _list_commands(self, facts: Facts) -> tuple[tuple[Sh, ...], str]:
        """What is to be done to our list, and why; apt bears no second list with another key."""
        seen = facts[self.id].pairs()
        if other := seen.get("other"):
            gone = (sh("discard {}", SOURCES),) if seen["type"] != "absent" else ()
            return gone, f"{other} lists the same repository"
        source = self._source(seen)
        own = source.diff(Facts({source.id: facts[self.id]}))
        return (own.commands, own.why) if own else ((), "")

    def _install(self, seen: Mapping[str, str]) -> Sh:
        package = f"tailscale={self.version}" if self.version else "tailscale"
        return joined(
            [
                install_from(seen.get("other") or SOURCES, package, "--allow-downgrades"),
                sh("systemctl enable --quiet --now {}", _DAEMON),
            ]
        )


def _has_service(seen: Mapping[str, str]) -> bool:
    return seen["unit"].partition(" ")[0] not in ("", "not-found")
