"""`audit`: how safe a server with a gateway is, whoever has made it, by what is really there."""

from __future__ import annotations

import time
from dataclasses import replace

from provision.app.doubts import judge_bad
from provision.app.exposure import leads_here
from provision.app.operator import Operator
from provision.app.outside import reach
from provision.app.prove import NOBODY, SHUT, Way, visit_together
from provision.app.server import connected
from provision.checks.addresses import own_addresses
from provision.checks.audit import build_rules, find_all, find_unknown
from provision.checks.audit.network import LISTENERS, gateways
from provision.checks.audit.outside import OUTSIDE, tell_reach
from provision.checks.audit.published import docker_published
from provision.checks.audit.release import VERSION, read_versions
from provision.checks.audit.settings import AUTHENTICATION
from provision.checks.audit.sockets import parse_sockets
from provision.engine.gather import Seen, Session, Stack, gather
from provision.engine.run import converge
from provision.model.audit import Audit
from provision.model.facts import Facts, Reading
from provision.model.report import Check
from provision.model.secret import Secret
from provision.model.shell import Sh, sh
from provision.model.spec import Host
from provision.products.installed import Installed, look_for_installed, parse_installed
from provision.protocol.messages import Refusal
from provision.resources.cure import Cure

GATEWAY_PORTS = (18789, 18791, 18792)
"""Where gateways listen unless they are told otherwise, and beside that."""
VISIT_S = 5
SYSTEM, ADDRESSES, THERE = "audit:system", "audit:addresses", "audit:there"


def audit(host: Host, operator: Operator, *, fix: bool = False) -> Audit:
    """What is wrong with a server, from inside and from here; with `fix`, what is safe is mended.

    One connection; one exec, or as many as `up` takes where something is mended.
    """
    return examine(host, operator, fix=fix)[0]


def examine(host: Host, operator: Operator, *, fix: bool = False) -> tuple[Audit, Facts]:
    """The audit of a server, and the facts that it is made of."""
    with connected(host, operator, "audit --fix" if fix else "audit") as session:
        stack = build_stack(host.name)
        fixed: tuple[str, ...] = ()
        if fix:
            made = converge(session, stack, operator.confirm)
            seen, fixed = made.seen, tuple(outcome.resource for outcome in made.outcomes)
        else:
            seen = gather(session, stack)
        return replace(judge(host, session, seen), fixed=fixed), seen.facts


def build_stack(target: str) -> Stack:
    """Every question of an audit as one stack, which mends what its rules can."""
    questions = (
        _question(SYSTEM, sh('. /etc/os-release; echo "$PRETTY_NAME"')),
        _question(ADDRESSES, own_addresses("tailscale")),
        _question(THERE, look_for_installed("")),
    )
    return Stack(target, (), tuple(map(Cure, build_rules())), questions)


def _question(id: str, script: Sh) -> Check:
    return Check(id, script, lambda reading, facts: "")


def judge(host: Host, session: Session, seen: Seen) -> Audit:
    """The audit of what was seen inside and is seen from here."""
    rules, facts = build_rules(), seen.facts
    audit = Audit(host.name, time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()))
    told = dict(facts.readings)
    if not host.here:
        session.progress.step("outside", "what this machine reaches")
        audit = _look_from_here(host, facts, audit)
        told[OUTSIDE] = tell_reach(audit.reached)
        session.progress.done(0)
    told[AUTHENTICATION] = _visit(session, host, facts)
    facts = Facts(told)
    findings = find_all(rules, facts)
    unknown = find_unknown(rules, facts)
    return replace(
        audit,
        system=facts[SYSTEM].out.strip(),
        gateways=_there(facts),
        findings=tuple(replace(f, hint=f.hint.replace("HOST", host.name)) for f in findings),
        asked=tuple(rule.id for rule in rules if rule.id not in unknown),
        unknown=unknown,
    )


def find_installed(facts: Facts) -> tuple[Installed, ...]:
    """The gateways that people have set up there."""
    return parse_installed(facts[THERE].lines())


def _there(facts: Facts) -> tuple[str, ...]:
    """The releases that are there, and the gateways that people have set up."""
    releases = [f"{name} {told} in {at}" for name, told, at in read_versions(facts[VERSION])]
    return (*releases, *map(str, find_installed(facts)))


def _look_from_here(host: Host, facts: Facts, audit: Audit) -> Audit:
    sockets = [s for s in parse_sockets(facts[LISTENERS]) if s.protocol == "tcp"]
    published = docker_published(facts)
    speaking = {*GATEWAY_PORTS, *_gateway_ports(facts), *published, host.gateway_port}
    ports = sorted({*speaking, *(s.port for s in sockets if s.outside)})
    ways = [*([] if leads_here(host.address) else [host.address]), *facts[ADDRESSES].out.split()]
    addresses = list(dict.fromkeys(ways))
    reached, no_way = reach(addresses, ports, speaking)
    return replace(
        audit,
        addresses=tuple(a for a in addresses if a not in no_way),
        no_way=no_way,
        tried=len(ports),
        reached=reached,
    )


def _visit(session: Session, host: Host, facts: Facts) -> Reading:
    """Whether a gateway lets in who has no secret, or a wrong one, over this connection.

    The exit code is 3 where that stays open.
    """
    told: set[str] = set()
    usual = {*GATEWAY_PORTS, host.gateway_port}
    for port in sorted(_gateway_ports(facts) | (docker_published(facts) & usual)):
        until = time.monotonic() + VISIT_S
        way = Way(session.transport, port, time.monotonic, time.sleep, VISIT_S, until)
        secrets = {"wrong_secret": Secret(next(session.nonces)), "no_secret": NOBODY}
        visits = visit_together(secrets, way, VISIT_S + 1)
        if judge_bad(visits, ""):
            return Reading(0, "let-in=yes\n")
        told |= {v.answer.kind for v in visits.values() if isinstance(v.answer, Refusal)}
    there = told or gateways(facts[LISTENERS])
    unclear = facts[LISTENERS].exit or (there and not told & {*SHUT})
    return Reading(3 if unclear else 0, "")


def _gateway_ports(facts: Facts) -> set[int]:
    """Where the gateways of this server listen, all that they are."""
    own = gateways(facts[LISTENERS])
    sockets = parse_sockets(facts[LISTENERS])
    return {s.port for s in sockets if s.protocol == "tcp" and s.pid in own}
