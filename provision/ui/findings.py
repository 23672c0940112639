"""What was found to be wrong, as text for a person."""

from __future__ import annotations

from collections.abc import Iterable

from provision.model.finding import Finding
from provision.ui.style import Style, clean

EVIDENCE_LINES = 6
_COLOURS = {"critical": "red", "serious": "red", "minor": "yellow"}
_MARKS = {"critical": "✗", "serious": "✗", "minor": "!"}


def show_findings(findings: Iterable[Finding], style: Style, *, verbose: bool = False) -> str:
    """Each finding with its evidence, why it is so, and what to do; with `verbose`, all of it."""
    return "".join(_show(finding, style, verbose) for finding in findings)


def _show(finding: Finding, style: Style, verbose: bool) -> str:
    colour, mark = _COLOURS[finding.severity], _MARKS[finding.severity]
    head = style(colour, f"{mark} {finding.severity:<8}")
    lines = [f"{head} {style('bold', clean(finding.problem))}  {style('dim', finding.rule)}"]
    shown = finding.evidence if verbose else finding.evidence[:EVIDENCE_LINES]
    lines += [f"    {style('dim', '|')} {clean(line)}" for line in shown]
    if more := len(finding.evidence) - len(shown):
        lines.append(f"    {style('dim', f'| and {more} more')}")
    if finding.cause:
        lines.append(f"    why:  {clean(finding.cause)}")
    if finding.fix:
        lines.append("    next: the same command with --fix mends it")
    elif finding.hint:
        lines.append(f"    next: {clean(finding.hint)}")
    return "".join(f"{line}\n" for line in lines)
