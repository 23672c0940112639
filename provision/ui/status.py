"""Many hosts as text for a person: a line each, and what is wrong below."""

from __future__ import annotations

from collections.abc import Sequence

from provision.checks.inside import show_node
from provision.errors import ProvisionError
from provision.model.report import Report
from provision.model.spec import Host
from provision.ui.checkpoints import ALARMS, Row, build_rows, show_row
from provision.ui.style import Style, clean

FEW = 3
"""So many problems of a host are told, where not all are asked for."""


def show_status(
    looks: Sequence[tuple[Host, Report | ProvisionError]],
    style: Style,
    *,
    width: int = 0,
    verbose: bool = False,
) -> str:
    """A line for each host; below it what is not well, and with `verbose` what is inside."""
    cells = [_cells(host, found) for host, found in looks]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for (host, found), row in zip(looks, cells, strict=True):
        ok = isinstance(found, Report) and found.ok
        mark = style("green", "✓") if ok else style("red", "✗")
        padded = [f"{cell:<{room}}" for cell, room in zip(row, widths, strict=True)]
        lines.append(f"{mark} {'  '.join(padded)}".rstrip())
        ill = _rows(found)
        few = ill if verbose else ill[:FEW]
        column = max((len(row.check) for row in few), default=0)
        below = [w for row in few for w in show_row(row, style, column=column, width=width - 2)]
        if more := len(ill) - len(few):
            below.append(f"and {more} more: clawprov verify {host.name}")
        lines += [f"  {line}" for line in (*below, *_inside(found, verbose=verbose))]
    return "".join(f"{line}\n" for line in lines)


def _cells(host: Host, found: Report | ProvisionError) -> tuple[str, ...]:
    """Name, product, ways in, how fast the proof was."""
    ways = list(host.access) or ["here" if host.here else "ssh"]
    if not isinstance(found, Report):
        return host.name, host.product, ", ".join(ways), "away"
    if any(v.check == "tunnel:gateway" for v in found.verdicts):
        ways = list(dict.fromkeys([*ways, "ssh-tunnel"]))
    proved = found.proof is not None and found.proof.ok
    spent = f"{found.proof.latency_ms} ms" if found.proof and proved else "no proof"
    return host.name, found.plan.product, ", ".join(ways), spent


def _rows(found: Report | ProvisionError) -> list[Row]:
    """What is not well."""
    if not isinstance(found, Report):
        return [Row("connect", "ill", found.what, found.hint)]
    return [
        row
        for row in build_rows(found)
        if row.state == "ill" or (row.check in ALARMS and row.state != "well")
    ]


def _inside(report: Report | ProvisionError, *, verbose: bool) -> list[str]:
    """Channels, nodes, and where things are executed."""
    if not verbose or not isinstance(report, Report):
        return []
    inside = report.proof.inside if report.proof else None
    channels = None if inside is None else inside.channels
    nodes = None if inside is None else inside.nodes
    told = {
        "channels": None if channels is None else [f"{c.name} {c.state}" for c in channels],
        "nodes": None if nodes is None else [show_node(node) for node in nodes],
    }
    lines = [
        f"  {name:<10} {'not known' if ones is None else ', '.join(ones) or 'none'}"
        for name, ones in told.items()
    ]
    for place in report.places:
        where = f"on {place.where}" if place.where else ""
        lines.append(f"  {place.what:<10} {' '.join(filter(None, (where, place.remark)))}")
    return [clean(line) for line in lines]
