"""Version ranges as npm writes them in `engines`."""

from __future__ import annotations

import re

_TERM = re.compile(r"(>=|<=|>|<|=|\^|~)?\s*v?(\d+)(?:\.(\d+))?(?:\.(\d+))?")


def parse_version(text: str) -> tuple[int, int, int] | None:
    """The three numbers of a version such as `v22.23.3`, or None."""
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", text.strip())
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def satisfies(version: str, engines: str) -> bool:
    """Whether `version` lies in `engines`: alternatives by `||`, terms of one by spaces.

    Understands comparisons, `^`, `~` and bare versions; source: npm's semver documentation.
    """
    have = parse_version(version)
    return have is not None and any(
        all(_holds(have, term) for term in _TERM.finditer(alternative))
        for alternative in engines.split("||")
    )


def _holds(have: tuple[int, int, int], term: re.Match[str]) -> bool:
    sign = term[1] or "="
    given = [int(part) for part in term.groups()[1:] if part is not None]
    want = [*given, 0, 0][:3]
    floor = (want[0], want[1], want[2])
    match sign:
        case ">=":
            return have >= floor
        case ">":
            return have[: len(given)] > tuple(given)
        case "<":
            return have < floor
        case "<=":
            return have[: len(given)] <= tuple(given)
        case "^":
            return have >= floor and have[0] == floor[0]
        case "~":
            return have >= floor and have[:2] == floor[:2]
        case _:
            return have[: len(given)] == tuple(given)
