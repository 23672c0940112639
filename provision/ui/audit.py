"""An audit as text for a person, and as a page to keep."""

from __future__ import annotations

from provision.model.audit import TRIFLES, Audit
from provision.render import render
from provision.ui.findings import show_findings
from provision.ui.style import Style, clean

_COLOURS = {"A": "green", "B": "green", "C": "yellow", "D": "red", "F": "red"}


def show_audit(audit: Audit, style: Style, *, verbose: bool = False) -> str:
    """The letter, what is there, what is wrong, and what was looked at."""
    lines = [
        f"{style(_COLOURS[audit.grade], f'grade {audit.grade}')}  {audit.host}: {weigh(audit)}"
    ]
    lines += [style("dim", f"  {clean(line)}") for line in (audit.system, *audit.gateways) if line]
    lines += [f"{style('green', '✓ fixed')}    {rule}" for rule in audit.fixed]
    text = "".join(f"{line}\n" for line in lines)
    text += show_findings(audit.findings, style, verbose=verbose)
    if verbose:
        text += "".join(f"{style('green', '✓')} {rule}\n" for rule in audit.clean)
    for line in (show_outside(audit), show_unknown(audit)):
        text += f"{style('dim', line)}\n" if line else ""
    return text


def show_brief(audit: Audit, style: Style) -> str:
    """The letter, and a line for each thing that is wrong."""
    letter = style(_COLOURS[audit.grade], f"grade {audit.grade}")
    lines = [f"{letter}  {audit.host}: {weigh(audit)}"]
    lines += [f"  {one.severity:<8}  {clean(one.problem)}" for one in audit.findings]
    return "".join(f"{line}\n" for line in lines)


def show_page(audit: Audit, version: str) -> str:
    """The audit as one page of HTML that needs nothing beside it."""
    told = {
        "audit": audit,
        "worth": weigh(audit),
        "there": [line for line in (audit.system, *audit.gateways) if line],
        "outside": show_outside(audit),
        "trifles": TRIFLES,
        "version": version,
    }
    return render("audit/report.html.j2", told)


def show_adopted(again: str) -> str:
    """How to go on with a gateway that is ours from now on; `again` follows a verb to mean it."""
    return (
        f"from now on:  clawprov up {again}   (options can be keys of the inventory)\n"
        f"the way back: clawprov adopt --undo {again}"
    )


def weigh(audit: Audit) -> str:
    """How much of what weight was found."""
    worth = [finding.severity for finding in audit.findings]
    told = [f"{worth.count(w)} {w}" for w in ("critical", "serious", "minor") if w in worth]
    return ", ".join(told) or "nothing found"


def show_outside(audit: Audit) -> str:
    """What was tried from here, in a sentence."""
    if not audit.tried:
        return "seen from inside only: it is this very machine"
    tried = f"{audit.tried} ports on {', '.join(audit.addresses) or 'no address'} tried from here"
    answered = ", ".join(map(str, audit.reached)) or "none"
    untried = f"; no way from here to {', '.join(audit.no_way)}" if audit.no_way else ""
    return clean(f"{tried}; open: {answered}{untried}")


def show_unknown(audit: Audit) -> str:
    """The questions that found no answer, in a sentence."""
    return f"not answered there: {', '.join(audit.unknown)}" if audit.unknown else ""
