"""Values as text for a person."""

from __future__ import annotations

import difflib
import shlex

from provision.errors import InventoryError, ProvisionError
from provision.model.plan import Change, Plan
from provision.model.report import Proof, Report, Verdict
from provision.model.spec import Host
from provision.ui.style import Style, clean

LOG_LINES = 10
_MARKS = {"create": ("green", "+"), "install": ("green", "+"), "start": ("green", "+")}


def show_plan(plan: Plan, style: Style, *, verbose: bool = False) -> str:
    """A plan that reads like a diff; with `verbose`, new files in full."""
    if not plan.changes and not plan.blocked:
        return f"{plan.target}: nothing to change{f' ({plan.product})' if plan.product else ''}\n"
    count = len(plan.changes)
    plural, to = "s" if count != 1 else "", f" to {plan.product}" if plan.product else ""
    lines = [style("bold", f"{plan.target}: {count} change{plural}{to} (plan {plan.digest})")]
    for change in plan.changes:
        lines += _show_change(change, style, verbose)
    lines += [f"? {b.resource}  after {b.on}" for b in plan.blocked]
    return "\n".join(lines) + "\n"


def _show_change(change: Change, style: Style, verbose: bool) -> list[str]:
    colour, mark = _MARKS.get(change.verb, ("yellow", "~"))
    line = f"{mark} {change.verb:<8} {change.resource:<52}"
    lines = [f"{style(colour, line)} {style('dim', clean(change.why))}".rstrip()]
    several = "\n" in change.before + change.after  # of one line, `why` has told all
    if change.after and several and (change.before or verbose) and change.before != change.after:
        lines += _show_diff(change.before, change.after, style)
    return lines


def _show_diff(before: str, after: str, style: Style) -> list[str]:
    diff = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    colours = {"+": "green", "-": "red", "@": "dim"}
    lines = [clean(line) for line in diff if not line.startswith(("---", "+++"))]
    return [f"    {style(colours.get(line[:1], 'dim'), line)}" for line in lines]


def show_verdicts(verdicts: tuple[Verdict, ...], style: Style) -> str:
    """A line a check, with what to do where it is not well or worth a word."""
    lines = []
    for verdict in verdicts:
        good = style("yellow", "!") if verdict.note else style("green", "✓")
        mark = good if verdict.ok else style("red", "✗")
        lines.append(
            f"{mark} {clean(verdict.check):<44} {clean(verdict.problem or verdict.note)}".rstrip()
        )
        if not verdict.silent and verdict.hint:
            lines.append(f"  next: {clean(verdict.hint)}")
    return "".join(f"{line}\n" for line in lines)


def show_proof(proof: Proof, style: Style) -> str:
    """What was proved, in one line."""
    if not proof.ok:
        return style("red", f"✗ not proved: {clean(proof.problem)}")
    return style("green", "✓ proved: ") + (
        f"{clean(proof.server)}: health in {proof.latency_ms} ms, {proof.path}; "
        "a wrong secret and none are refused"
    )


def show_report(report: Report, style: Style) -> str:
    """The end of `up` or `verify`: what is not well or worth a word, and the proof."""
    text = show_verdicts(tuple(v for v in report.verdicts if not v.silent), style)
    if report.proof:
        text += show_proof(report.proof, style) + "\n"
    return text + "".join(
        style("dim", f"  | {clean(line)}") + "\n" for line in report.log[-LOG_LINES:]
    )


def show_ways(host: Host, again: str, path: str = "") -> str:
    """How to get in from here; `again` is what follows a verb to mean this host once more.

    `path` is the way that was proved.
    """
    port = host.gateway_port
    tunnel = f"-N -L {port}:127.0.0.1:{port}"
    target = f"{host.user}@{host.address}" if host.user else host.address
    options = (f" -p {host.port}" if host.port else "") + (
        f" -i {shlex.quote(host.identity)}" if host.identity else ""
    )
    way = "it is here" if host.here else f"ssh {tunnel}{options} {target}"
    keep = f"{'for good:':<13} clawprov tunnel up {again}\n"
    reach = (
        f"reach it:     {way}\n"
        f"{'then:':<13} ws://127.0.0.1:{port}, in a browser http://127.0.0.1:{port}\n"
    ) + ("" if host.here else keep)
    if path.startswith("https:"):
        url = path.partition(" ")[0]
        reach = (
            f"reach it:     {url}/ (wss://{url.partition('//')[2]}) from your tailnet\n"
            f"{'a browser:':<13} asks to be let in once: clawprov devices {again}\n"
        )
    return ("" if host.kept_tunnel and not path.startswith("https:") else reach) + (
        f"its {host.auth.kind + ':':<9} clawprov secret show {again}\n"
        f"its own CLI:  clawprov exec {again} gateway health\n"
    )


def show_error(error: ProvisionError, style: Style) -> str:
    """A failure: where, what, what to type next; every mistake of an inventory on its line."""
    if isinstance(error, InventoryError):
        return "".join(show_error(mistake, style) for mistake in error.mistakes)
    where = f"{error.where}: " if error.where else ""
    lines = [f"{style('red', 'error:')} {where}{clean(error.what)}"]
    lines += [style("dim", f"  | {clean(line)}") for line in error.log[-LOG_LINES:]]
    if error.hint:
        lines.append(f"  next: {error.hint}")
    return "\n".join(lines) + "\n"
