"""A report as a table that is read in one look."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from provision.model.report import Proof, Report, Verdict
from provision.ui.style import Style, clean

State: TypeAlias = Literal["well", "note", "ill"]

SECTIONS = ("checkpoints", "ways in", "security", "server")
_PLACES = {
    "gateway:steady": 0,
    "gateway:websocket": 0,
    "gateway:channels": 0,
    "gateway:nodes": 0,
    "tunnel:account": 2,
    "host:ssh": 2,
    **dict.fromkeys(("gateway", "security", "funnel"), 2),
    **dict.fromkeys(("access", "proof", "serve", "tailnet", "tailscale", "tunnel"), 1),
}
"""The section of a check, or of all of its kind; that of others is the server."""
_MARKS = {"well": ("green", "✓"), "note": ("yellow", "!"), "ill": ("red", "✗")}
ALARMS = ("funnel:open",)
"""Checks whose notes nobody may overlook."""
_ASKING = ("tailnet", "tailscale", "funnel")
NARROW = 50


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what was looked at, how it is, what is seen, what to type."""

    check: str
    state: State
    detail: str = ""
    hint: str = ""

    @property
    def section(self) -> int:
        """The number of its section in SECTIONS."""
        return _PLACES.get(self.check, _PLACES.get(self.check.partition(":")[0], 3))


def build_rows(report: Report) -> tuple[Row, ...]:
    """Every check of the report and its proof, section by section."""
    proof = _proved(report.proof, report.host) if report.proof else []
    rows = [*proof, *map(_row, report.verdicts)]
    order = list(_PLACES)
    return tuple(
        sorted(rows, key=lambda r: (r.section, order.index(r.check) if r.check in order else 99))
    )


def _row(verdict: Verdict) -> Row:
    state: State = "ill" if not verdict.ok else "note" if verdict.note else "well"
    return Row(
        verdict.check, state, verdict.problem or verdict.note or verdict.detail, verdict.hint
    )


def _proved(proof: Proof, host: str) -> list[Row]:
    if not proof.ok:
        hint = f"clawprov doctor {host}"
        return [Row("gateway:websocket", "ill", proof.problem, hint)]
    reached = f"{proof.server}: health in {proof.latency_ms} ms, {proof.path}"
    return [
        Row("gateway:websocket", "well", reached),
        Row("gateway:secret", "well", "a wrong one and none are refused"),
    ]


def fold(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The rows with all that a server must have beforehand as one, where it has it.

    Questions about a tailnet that have found nothing are left out.
    """
    loud, names = [], []
    for row in rows:
        kind, _, name = row.check.partition(":")
        if row.state == "well" and kind == "preflight":
            names.append(name)
        elif row.state != "well" or row.detail or kind not in _ASKING:
            loud.append(row)
    return (*loud, *([Row("preflight", "well", ", ".join(names))] if names else []))


def show_table(report: Report, style: Style, *, width: int = 0, verbose: bool = False) -> str:
    """The whole table, no line of which but a command is wider than `width`; 0 is any width."""
    rows = build_rows(report)
    shown = rows if verbose else fold(rows)
    column = max((len(row.check) for row in shown), default=0)
    name = f"{report.host}: {report.plan.product}" if report.plan.product else report.host
    lines = [style("bold", name)]
    section = -1
    for row in shown:
        if row.section != section:
            section = row.section
            lines.append(style("dim", SECTIONS[section]))
        lines += show_row(row, style, column=column, width=width)
    return "".join(f"{line}\n" for line in (*lines, _sum(rows, report.seconds, style)))


def show_row(row: Row, style: Style, *, column: int = 0, width: int = 0) -> list[str]:
    """Mark, check and detail, folded to the width, and the next command below."""
    colour, mark = _MARKS["ill" if row.check in ALARMS and row.state != "well" else row.state]
    head, detail = f"{row.check:<{column}}", clean(row.detail)
    room = width - column - 4
    parts = textwrap.wrap(detail, room) if width and room >= NARROW // 2 else [detail]
    lines = [f"{style(colour, mark)} {head}  {part}".rstrip() for part in parts[:1] or [""]]
    lines += [f"{'':<{column + 4}}{part}" for part in parts[1:]]
    if row.state != "well" and row.hint:
        lines.append(f"  next: {clean(row.hint)}")
    return lines


def _sum(rows: tuple[Row, ...], seconds: float, style: Style) -> str:
    ill = sum(row.state == "ill" for row in rows)
    if ill:
        return style("red", f"✗ {ill} of {len(rows)} checks failed, {seconds:.1f} s")
    return style("green", f"✓ all well: {len(rows)} checks, {seconds:.1f} s")


def show_changes(before: tuple[Row, ...] | None, now: tuple[Row, ...], style: Style) -> list[str]:
    """What is otherwise than `before`, a line for each check; without a before, how it all is."""
    ill = [row for row in now if row.state != "well"]
    if before is None:
        first = f"{len(now)} checks, {sum(row.state == 'ill' for row in ill)} failed"
        return [first, *(line for row in ill for line in show_row(row, style))]
    states = {row.check: row.state for row in before}
    changed = [row for row in now if states.get(row.check, "well") != row.state]
    gone = [
        Row(check, "well")
        for check in states.keys() - {row.check for row in now}
        if states[check] != "well"
    ]
    return [line for row in (*changed, *gone) for line in show_row(row, style)]
