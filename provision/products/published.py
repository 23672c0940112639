"""What the world says of a version that ships no data here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from provision.errors import RegistryError, UnsupportedError
from provision.products.engines import order

LATEST = "latest"
EXACT = r"[0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}(?:-[0-9A-Za-z][0-9A-Za-z.-]{0,39})?"
"""A version as npm writes it, fit to be a folder's name."""
_SUM = re.compile(r"sha512-[A-Za-z0-9+/]{86}==")
_SCRIPTS = ("preinstall", "install", "postinstall")


@dataclass(frozen=True, slots=True)
class Published:
    """One version of a package; source: its document in an npm registry, or a lock file's entry.

    `engines` is its Node range ("" for any), `integrity` the SHA-512 of its tarball as npm writes
    it, `scripts` whether it wants to run something when installed, `deprecated` its authors' word.
    """

    version: str
    integrity: str
    engines: str = ""
    scripts: bool = False
    deprecated: str = ""


# Asked for a package and a version or tag; raises RegistryError when there is no answer, and
# UnsupportedError when there is no such version.
Registry: TypeAlias = Callable[[str, str], Published]


def parse_published(name: str, document: Mapping[str, object]) -> Published:
    """The version that a document is about; raises RegistryError when that is not to be seen."""
    version = document.get("version")
    if not isinstance(version, str) or not re.fullmatch(EXACT, version):
        raise RegistryError(
            f"what is said of {name} names no version", hint="is that an npm registry?"
        )
    dist, engines, scripts = (_part(document, key) for key in ("dist", "engines", "scripts"))
    found = _SUM.search(str(dist.get("integrity", document.get("integrity", ""))))
    if not found:
        raise UnsupportedError(
            f"{name} {version} is published without a SHA-512", hint="use a newer version"
        )
    deprecated = document.get("deprecated")
    return Published(
        version,
        found[0],
        str(engines.get("node", "")),
        bool(document.get("hasInstallScript")) or any(key in scripts for key in _SCRIPTS),
        deprecated if isinstance(deprecated, str) else "",
    )


def _part(document: Mapping[str, object], key: str) -> Mapping[str, object]:
    part = document.get(key)
    return part if isinstance(part, Mapping) else {}


def no_such_version(name: str, version: str, existing: Iterable[str]) -> UnsupportedError:
    """The error for a version that is not among those `existing`, with the ones that come near."""
    ordered = sorted((v for v in existing if re.fullmatch(EXACT, v)), key=order)
    if not ordered:
        return UnsupportedError(
            f"the npm registry has no package {name}", hint="npm config get registry"
        )
    releases = [v for v in ordered if order(v) >= order(v.partition("-")[0])] or ordered
    below = [v for v in releases if order(v) < order(version)]
    nearest, newest = (below or releases[:1])[-1], releases[-1]
    near = f"use {nearest}, the nearest one"
    more = f", or {newest}, the newest" if newest != nearest else ""
    return UnsupportedError(f"there is no {name} {version}", hint=near + more)
