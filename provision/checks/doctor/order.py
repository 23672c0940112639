"""Which finding explains another, and which is told first."""

from __future__ import annotations

from collections.abc import Iterable

from provision.model.finding import Finding

SYMPTOMS = frozenset({"service:down", "service:falling", "service:start-limit", "port:silent"})
"""What any other critical finding explains: that the gateway is not there."""
EXPLAINS = {
    "host:disk-full": ("config:invalid", "memory:killed", "config:mode", "port:silent"),
    "network:dns": ("channel:telegram",),
    "memory:heap": ("memory:killed",),
    "port:duel": ("port:second-unit", "port:orphan", "port:lost"),
    "port:orphan": ("port:lost",),
    "port:second-unit": ("port:lost",),
    "port:stranger": ("port:lost",),
    "service:masked": ("service:disabled",),
    "config:unreadable": ("config:mode", "config:invalid"),
    "service:sandbox": ("memory:killed",),
    "tailscale:not-enabled": ("tailscale:no-https",),
}
"""What a finding explains: it is the cause, and they are not told beside it."""
_RANK = ("critical", "serious", "minor")


def sort_out(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The causes, most severe first; what follows from one of them is left out."""
    found = tuple(findings)
    rules = {finding.rule for finding in found}
    explained = {effect for rule in rules for effect in EXPLAINS.get(rule, ())}
    if any(f.severity == "critical" and f.rule not in SYMPTOMS | explained for f in found):
        explained |= SYMPTOMS
    elif "service:start-limit" in rules:
        explained |= SYMPTOMS - {"service:start-limit"}
    told = [finding for finding in found if finding.rule not in explained]
    return tuple(sorted(told, key=lambda finding: _RANK.index(finding.severity)))
