"""The clients of a gateway as text for a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from provision.protocol.pairing import Client, Paired, Request
from provision.ui.style import Style, clean

SHORT = 12  # characters of an id, enough to name it again
UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (0, "s"))


def show_devices(
    requests: Iterable[Request],
    paired: Iterable[Paired],
    ours: Mapping[str, str],
    style: Style,
    *,
    now: float,
) -> str:
    """Who asks and who is in; `ours` says whose some device ids are, `now` in s since 1970."""
    asking = [
        (r.id[:SHORT], show_client(r.client), show_age(r.at, now), show_rights(r.client), "")
        for r in requests
    ]
    inside = [
        (
            p.client.device[:SHORT],
            show_client(p.client),
            f"{show_age(p.since, now)}, last seen {show_age(p.seen, now)}",
            "revoked" if p.revoked else show_rights(p.client),
            ours.get(p.client.device, ""),
        )
        for p in paired
    ]
    if not asking and not inside:
        return "no device is paired, and none asks to be\n"
    return _table("asking to be paired", asking, style) + _table("paired", inside, style)


def show_client(client: Client) -> str:
    """Who that is, by its own words, and from where."""
    on = f" on {client.platform}" if client.platform else ""
    return clean(f"{client.name}{on}" + (f" from {client.address}" if client.address else ""))


def show_rights(client: Client) -> str:
    """What it may, or wants to: `operator: read, write`."""
    rights = ", ".join(scope.removeprefix("operator.") for scope in client.scopes)
    return clean(f"{', '.join(client.roles)}: {rights}" if rights else ", ".join(client.roles))


def show_age(at: int, now: float) -> str:
    """How long ago `at` was, in milliseconds since 1970, 0 being never."""
    if not at:
        return "never"
    seconds = max(0, int(now - at / 1000))
    size, unit = next((size, unit) for size, unit in UNITS if seconds >= size)
    return f"{seconds // (size or 1)} {unit} ago"


def _table(title: str, rows: Sequence[tuple[str, ...]], style: Style) -> str:
    if not rows:
        return ""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [style("bold", f"{title}:")]
    for *cells, whose in rows:
        padded = [f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=False)]
        mark = f"  ({whose})" if whose else ""
        lines.append(("  " + "  ".join(padded)).rstrip() + style("dim", mark))
    return "".join(f"{line}\n" for line in lines)
