"""A plan carried out, and a job of the server's own that is already under way."""

from __future__ import annotations

from provision.engine import job
from provision.engine.frames import equipped, pack_changes, whole
from provision.engine.gather import Seen, Session, Stack
from provision.engine.switch import ARMED, guarded
from provision.engine.watch import TAIL, Watch
from provision.errors import ApplyError, LockedError
from provision.model.plan import Change
from provision.model.report import Outcome
from provision.model.shell import Sh, joined, sh

TIMES = 3
"""How often the same run may be followed to its end before it counts as stuck."""


def apply(session: Session, stack: Stack, seen: Seen) -> tuple[Outcome, ...] | None:
    """Run the plan in one exec; None when another run came first and the facts are old."""
    nonce = next(session.nonces)
    script, steps = _script(session, stack, seen, nonce)
    watch = Watch(nonce, steps, session.progress)
    completed = session.transport.execute(script, watch.line)
    if watch.word in (job.STALE, job.BUSY):
        return None
    failed = next((o for o in watch.outcomes if o.status == "failed"), None)
    if failed:
        armed = any(outcome.resource == ARMED for outcome in watch.outcomes)
        stays = "what is done stays done"
        if armed:
            stays = f"else the server takes back in {session.patience_s} s what could lock you out"
        raise ApplyError(
            f"{failed.resource} failed with exit code {failed.exit}",
            where=seen.plan.target,
            hint=f"run clawprov {session.verb} {seen.plan.target} again; {stays}",
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


def _script(
    session: Session, stack: Stack, seen: Seen, nonce: str
) -> tuple[Sh, tuple[Change, ...]]:
    """The plan as a job of the machine's supervisor, or as something just done; and its steps."""
    changes = seen.plan.changes
    if not stack.ground.supervised:
        body = joined([pack_changes(changes), sh("frame done")])
        return whole(equipped(body, stack.ground), nonce, stack.ground), changes
    script = job.apply_script(
        seen.plan,
        serial=job.read_job(seen.facts).serial,
        who=session.who,
        verb=session.verb,
        nonce=nonce,
        patience_s=session.patience_s,
    )
    return script, tuple(guarded(changes, session.patience_s))


def attach(session: Session, stack: Stack, running: job.Job, times: int) -> None:
    """Follow the run that is under way when it is ours; raises LockedError when it is not.

    One that is still there after we have followed it several `times` to its end is stuck.
    """
    if times > TIMES:
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
    watch = Watch(running.nonce, (), session.progress)
    session.transport.execute(job.attach_script(running.nonce), watch.line)
