"""Gather, plan and apply, repeated until the plan is empty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from provision.engine import job, switch
from provision.engine.apply import apply, attach
from provision.engine.disarm import disarm
from provision.engine.gather import Seen, Session, Stack, gather
from provision.engine.guard import refuse
from provision.engine.switch import is_armed
from provision.errors import ApplyError, LockedError
from provision.model.plan import Plan
from provision.model.report import Outcome

ROUNDS = 3
PATIENCE = 5
"""How often somebody else may be faster before we give up."""


@dataclass(frozen=True, slots=True)
class Converged:
    """How a machine was brought to its wished state; `plan` is that of the first round."""

    plan: Plan
    outcomes: tuple[Outcome, ...]
    seen: Seen


def converge(
    session: Session, stack: Stack, confirm: Callable[[Seen], None] = lambda seen: None
) -> Converged:
    """Bring the machine to its wished state; `confirm` sees the first plan and may raise.

    A change that could lock us out, of this run or of one that was cut off, is confirmed by coming
    in anew. Raises UnsupportedError before anything is changed, LockedError when somebody else is
    at it, ConnectError when nobody gets in any more, ApplyError when a step fails or when ROUNDS
    rounds were not enough.
    """
    first: Plan | None = None
    outcomes: tuple[Outcome, ...] = ()
    rounds = attached = late = undone = 0
    while True:
        seen = gather(session, stack)
        running = job.read_job(seen.facts)
        if running.running:
            attached += 1
            attach(session, stack, running, attached)
            continue
        if is_armed(seen.facts) and not disarm(session, stack.target):
            undone += 1
            _heed_undo(stack.target, undone)
            continue
        refuse(seen.plan, seen.preflight)
        if first is None:
            confirm(seen)
            first = seen.plan
        if not seen.plan.changes:
            return Converged(first, outcomes, seen)
        _heed_limits(seen.plan, rounds, late)
        session.progress.plan(seen.plan)
        made = apply(session, stack, seen)
        if made is None:
            late += 1
        else:
            rounds += 1
            outcomes += made


def _heed_undo(target: str, times: int) -> None:
    """Raise when the server's own undo was waited for often enough, on a read-only disk say."""
    if times > PATIENCE:
        raise LockedError(
            "it is taking a change back, and does not get through",
            where=target,
            hint=f"journalctl -u {switch.UNIT} -n 20   (on the server)",
        )


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
