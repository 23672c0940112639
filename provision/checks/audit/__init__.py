"""What is asked of a server in an audit, and what is wrong by the answers."""

from __future__ import annotations

from collections.abc import Iterable

from provision.checks.audit import files, host, network, published, release, settings, unit
from provision.model.facts import Facts
from provision.model.finding import Finding, Rule

_WORST_FIRST = ("critical", "serious", "minor")


def build_rules() -> tuple[Rule, ...]:
    """Every rule; those that read another one's answer come after it."""
    return (
        network.gateway_port(),
        settings.authentication(),
        published.docker_ports(),
        network.other_ports(),
        network.firewall(),
        network.announced(),
        unit.rights(),
        unit.unit_secret(),
        unit.sandbox(),
        settings.settings(),
        published.funnel(),
        settings.config_secret(),
        release.version(),
        files.modes(),
        files.profiles(),
        files.history(),
        host.ssh_passwords(),
        host.updates(),
        release.own_audit(),
    )


def find_all(rules: Iterable[Rule], facts: Facts) -> tuple[Finding, ...]:
    """What is wrong, the worst first."""
    found = [finding for rule in rules if (finding := rule.judge(facts[rule.id], facts))]
    return tuple(sorted(found, key=lambda finding: _WORST_FIRST.index(finding.severity)))


def find_unknown(rules: Iterable[Rule], facts: Facts) -> tuple[str, ...]:
    """The rules that the server could not answer."""
    return tuple(rule.id for rule in rules if facts[rule.id].exit)
