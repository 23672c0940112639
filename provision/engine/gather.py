"""Everything that is asked of a machine, in one exec, and what follows from the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from provision.engine import job, switch
from provision.engine.frames import finished, pack_probes, unpack
from provision.engine.ground import SERVER, Ground
from provision.engine.plan import build_plan, judge
from provision.engine.watch import TAIL, Progress
from provision.errors import ConnectError
from provision.model.facts import Facts, Probe
from provision.model.plan import Plan, Resource
from provision.model.report import Check, Verdict
from provision.model.shell import Sh
from provision.model.transport import Completed, Transport


@dataclass(frozen=True, slots=True)
class Stack:
    """All that is wished of one machine: what must hold first, what to make, what to check.

    `product` is what the machine is to run, as NAME@VERSION; `ground` is how scripts run there.
    """

    target: str
    preflight: tuple[Check, ...]
    resources: tuple[Resource, ...]
    checks: tuple[Check, ...] = ()
    product: str = ""
    ground: Ground = SERVER


@dataclass(frozen=True, slots=True)
class Seen:
    """A machine as one gather found it, and what follows from that."""

    facts: Facts
    plan: Plan
    preflight: tuple[Verdict, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def notes(self) -> tuple[Verdict, ...]:
        """What is worth a word before anything is changed and fails nothing."""
        return tuple(v for v in (*self.preflight, *self.verdicts) if v.note)


@dataclass(frozen=True, slots=True)
class Session:
    """A machine, whoever works on it, and the source of nonces (texts that nobody can guess).

    `fresh` runs a script over a connection of its own, opened for it, and raises ConnectError when
    there is none to be had; without it no connection can be lost, as on the machine itself.
    `patience_s` is how long the server waits for it before it takes a dangerous change back.
    `pin` is the machine's host key ("TYPE BASE64") where it was reached over SSH.
    """

    transport: Transport
    who: str
    verb: str
    nonces: Iterator[str]
    progress: Progress
    fresh: Callable[[Sh], Completed] | None = None
    patience_s: int = switch.PATIENCE_S
    pin: str = ""


def gather(session: Session, stack: Stack) -> Seen:
    """The machine's facts, in one exec; raises ConnectError when the answer is cut short."""
    where = "what is there" if stack.ground.supervised else "this laptop"
    session.progress.step("look", f"at {where}")
    nonce = next(session.nonces)
    completed = session.transport.execute(gather_script(stack, nonce))
    if not finished(completed.out, nonce):
        raise ConnectError(
            "the server did not answer our questions to the end",
            where=stack.target,
            hint="run the same command again",
            log=completed.out.splitlines()[-TAIL:],
        )
    session.progress.done(0)
    facts = Facts(unpack(completed.out, nonce))
    return Seen(
        facts,
        build_plan(stack.target, stack.resources, facts, product=stack.product),
        judge(stack.preflight, facts),
        judge(stack.checks, facts),
    )


def gather_script(stack: Stack, nonce: str) -> Sh:
    """Every question about the machine as one script."""
    checks = [Probe(c.id, c.script) for c in (*stack.preflight, *stack.checks)]
    jobs = (job.PROBE, switch.PROBE) if stack.ground.supervised else ()
    probes = [*jobs, *(r.probe() for r in stack.resources), *checks]
    return pack_probes(probes, nonce, stack.ground)
