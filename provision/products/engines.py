"""Version ranges as npm writes them in `engines`."""

from __future__ import annotations

import re

NODES = ("24.21.0", "22.23.3", "26.10.0")
"""The lines of Node.js that we can offer, with a release of each; the preferred one first."""
_TERM = re.compile(r"(>=|<=|>|<|=|\^|~)?\s*v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-[\w.-]+)?")
_SPAN = re.compile(r"(\S+)\s+-\s+(\S+)")


def parse_version(text: str) -> tuple[int, int, int] | None:
    """The three numbers of a version such as `v22.23.3`, or None."""
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", text.strip())
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def order(version: str) -> tuple[int, ...]:
    """What versions of the products are sorted by.

    `2026.2.2-3` is a repair of 2026.2.2 and comes after it, other than npm has it; `-beta.1` comes
    before.
    """
    numbers, _, suffix = version.partition("-")
    parts = [int(part) for part in re.findall(r"\d+", suffix)]
    rank = -1 if suffix and not suffix.isdecimal() else 0
    return (*(int(part) for part in re.findall(r"\d+", numbers)), rank, *parts)


def choose_node(engines: str, preferred: str) -> str:
    """The release of Node.js for that range, `preferred` if it will do; "" when none will."""
    return next((node for node in (preferred, *NODES) if satisfies(node, engines)), "")


def satisfies(version: str, engines: str) -> bool:
    """Whether `version` lies in `engines`: alternatives by `||`, terms of one by spaces.

    Understands comparisons, `^`, `~`, `A - B` and bare versions; source: npm's documentation.
    """
    have = parse_version(version)
    return have is not None and any(
        all(_holds(have, term) for term in _TERM.finditer(_SPAN.sub(r">=\1 <=\2", alternative)))
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
