"""Gather, plan and apply, repeated until the plan is empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from provision.engine import job
from provision.engine.frames import finished, pack_probes, unpack
from provision.engine.guard import refuse
from provision.engine.plan import build_plan, judge
from provision.engine.watch import TAIL, Progress, Watch
from provision.errors import ApplyError, ConnectError, LockedError
from provision.model.facts import Facts, Probe
from provision.model.plan import Plan, Resource
from provision.model.report import Check, Outcome, Verdict
from provision.model.shell import Sh
from provision.model.transport import Transport

ROUNDS = 3
PATIENCE = 5
"""How often somebody else may be faster before we give up."""


@dataclass(frozen=True, slots=True)
class Stack:
    """All that is wished of one machine: what must hold first, what to make, what to check."""

    target: str
    preflight: tuple[Check, ...]
    resources: tuple[Resource, ...]
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """A machine as one gather found it, and what follows from that."""

    facts: Facts
    plan: Plan
    preflight: tuple[Verdict, ...]
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Session:
    """A machine, whoever works on it, and the source of nonces (texts that nobody can guess)."""

    transport: Transport
    who: str
    verb: str
    nonces: Iterator[str]
    progress: Progress


@dataclass(frozen=True, slots=True)
class Converged:
    """How a machine was brought to its wished state; `plan` is that of the first round."""

    plan: Plan
    outcomes: tuple[Outcome, ...]
    seen: Seen


def gather(session: Session, stack: Stack) -> Seen:
    """The machine's facts, in one exec; raises ConnectError when the answer is cut short."""
    nonce = next(session.nonces)
    completed = session.transport.execute(gather_script(stack, nonce))
    if not finished(completed.out, nonce):
        raise ConnectError(
            "the server did not answer our questions to the end",
            where=stack.target,
            hint="run the same command again",
            log=completed.out.splitlines()[-TAIL:],
        )
    facts = Facts(unpack(completed.out, nonce))
    return Seen(
        facts,
        build_plan(stack.target, stack.resources, facts),
        judge(stack.preflight, facts),
        judge(stack.checks, facts),
    )


def gather_script(stack: Stack, nonce: str) -> Sh:
    """Every question about the machine as one script."""
    checks = [Probe(c.id, c.script) for c in (*stack.preflight, *stack.checks)]
    return pack_probes([job.PROBE, *(r.probe() for r in stack.resources), *checks], nonce)


def converge(
    session: Session, stack: Stack, confirm: Callable[[Seen], None] = lambda seen: None
) -> Converged:
    """Bring the machine to its wished state; `confirm` sees the first plan and may raise.

    Raises UnsupportedError before anything is changed, LockedError when somebody else is at it,
    ApplyError when a step fails or when ROUNDS rounds were not enough.
    """
    first: Plan | None = None
    outcomes: tuple[Outcome, ...] = ()
    rounds = attached = late = 0
    while True:
        session.progress.step("look", "at what is there")
        seen = gather(session, stack)
        session.progress.done(0)
        running = job.read_job(seen.facts)
        if running.running:
            attached += 1
            _attach(session, stack, running, attached)
            continue
        refuse(seen.plan, seen.preflight)
        if first is None:
            confirm(seen)
            first = seen.plan
        if not seen.plan.changes:
            return Converged(first, outcomes, seen)
        _heed_limits(seen.plan, rounds, late)
        session.progress.plan(seen.plan)
        made = apply(session, seen)
        if made is None:
            late += 1
        else:
            rounds += 1
            outcomes += made


def _heed_limits(plan: Plan, rounds: int, late: int) -> None:
    """Raise when the plan was tried often enough, or others were faster often enough."""
    if rounds == ROUNDS:
        left = ", ".join(change.resource for change in plan.changes)
        raise ApplyError(
            f"still not as planned after {ROUNDS} rounds: {left}",
            where=plan.target,
            hint=f"clawprov plan {plan.target}",
        )
    if late > PATIENCE:
        raise LockedError(
            "others keep changing this server",
            where=plan.target,
            hint=f"see who in {job.AUDIT} there, then run the same command again",
        )


def apply(session: Session, seen: Seen) -> tuple[Outcome, ...] | None:
    """Run the plan in one exec; None when another run came first and the facts are old."""
    nonce = next(session.nonces)
    serial = job.read_job(seen.facts).serial
    script = job.apply_script(
        seen.plan, serial=serial, who=session.who, verb=session.verb, nonce=nonce
    )
    watch = Watch(nonce, seen.plan, session.progress)
    completed = session.transport.execute(script, watch.line)
    if watch.word in (job.STALE, job.BUSY):
        return None
    failed = next((o for o in watch.outcomes if o.status == "failed"), None)
    if failed:
        raise ApplyError(
            f"{failed.resource} failed with exit code {failed.exit}",
            where=seen.plan.target,
            hint=f"run clawprov {session.verb} {seen.plan.target} again; what is done stays done",
            log=failed.tail,
        )
    if watch.word != "done":
        raise ApplyError(
            "the server ended our job before it was through",
            where=seen.plan.target,
            hint=f"run clawprov {session.verb} {seen.plan.target} again",
            log=completed.out.splitlines()[-TAIL:],
        )
    return tuple(watch.outcomes)


def _attach(session: Session, stack: Stack, running: job.Job, times: int) -> None:
    """Follow the run that is under way when it is ours; raises LockedError when it is not.

    One that is still there after we have followed it several `times` to its end is stuck.
    """
    if times > ROUNDS:
        raise LockedError(
            "the last run does not end",
            where=stack.target,
            hint=f"systemctl stop {job.UNIT}   (on the server), then run the same command again",
        )
    if running.who != session.who:
        raise LockedError(
            f"{running.who or 'somebody'} has been changing this server since {running.since}",
            where=stack.target,
            hint="run the same command again when they are done",
        )
    session.progress.step("attach", f"to the run that began {running.since}")
    session.progress.done(0)
    watch = Watch(running.nonce, Plan(stack.target), session.progress)
    session.transport.execute(job.attach_script(running.nonce), watch.line)
