"""`funnel`: a gateway open to the whole internet for a while."""

from __future__ import annotations

import secrets
import time
from dataclasses import replace

from provision.app.operator import Operator
from provision.app.secret import recall
from provision.app.server import connected, prove_it, wished
from provision.checks.funnel import HOLDER, OPEN, WISHED
from provision.engine.gather import Seen, gather
from provision.engine.guard import demand
from provision.engine.run import Converged, converge
from provision.errors import UnsupportedError, UsageError
from provision.model.access import FOR_GOOD
from provision.model.funnel import Opening
from provision.model.report import Report, Verdict
from provision.model.spec import Host
from provision.stacks.funnel import (
    build_closing,
    build_opening,
    build_question,
    find_held,
    is_told,
)

COMES_BACK = Verdict(
    "funnel:comes-back",
    "",
    f"take {FOR_GOOD} out of `access:`",
    note="its inventory still wishes it open, so the next `up` opens it again",
)


def funnel_on(host: Host, operator: Operator, *, seconds: int, port: int) -> Report:
    """Open a proved gateway to the internet for `seconds`, or until it is closed when that is 0.

    `port` is the public one, 0 for the product's usual one.
    """
    started = time.monotonic()
    if FOR_GOOD in host.access:
        raise UsageError(
            f"its inventory opens it for good (access: {FOR_GOOD})",
            hint=f"take that out of the inventory first, then: clawprov up {host.name}",
        )
    host = recall(_with_password(host))
    alone = replace(host, access=())  # it is proved over the connection that is there
    with wished(alone, operator, "funnel on") as (session, wish):
        opening = Opening(seconds, secrets.token_hex(4))
        stack = build_opening(host, wish.product, wish.gateway.credential, port, opening)

        def confirm(seen: Seen) -> None:
            demand(host.name, seen.preflight)
            proof, _ = prove_it(session, wish, seen)
            if not proof.ok:
                hint = f"clawprov verify {host.name}"
                raise UnsupportedError(proof.problem, where=host.name, hint=hint)
            operator.confirm(seen)

        return _told(host, converge(session, stack, confirm), started)


def _with_password(host: Host) -> Host:
    """The host, whose gateway must have a password; raises UnsupportedError for another kind."""
    if host.auth.mode == "token":
        raise UnsupportedError(
            "a gateway that the whole internet gets to needs a password, and this one has a token",
            where=host.name,
            hint=f"`auth: {{mode: password}}` in the inventory, then: clawprov up {host.name}",
        )
    return replace(host, auth=replace(host.auth, mode="password"))


def funnel_off(host: Host, operator: Operator) -> Report:
    """Close the gateway to the internet; what it serves to the tailnet stays."""
    started = time.monotonic()
    with connected(host, operator, "funnel off") as session:
        made = converge(session, build_closing(host), operator.confirm)
        if not is_told(made.seen.facts):
            raise UnsupportedError(
                "its Tailscale does not answer, so nothing could be closed",
                where=host.name,
                hint="systemctl restart tailscaled   (on the server), then the same again",
            )
        if held := find_held(made.seen.facts, host):
            raise UnsupportedError(
                f"{held} is still open: {HOLDER} holds that",
                where=host.name,
                hint=f"end that program, or clawprov up {host.name} where it is the gateway",
            )
        return _told(host, made, started, (COMES_BACK,) if FOR_GOOD in host.access else ())


def _told(host: Host, made: Converged, started: float, more: tuple[Verdict, ...] = ()) -> Report:
    verdicts = (*made.seen.verdicts, *more)
    seconds = time.monotonic() - started
    return Report(host.name, made.plan, made.outcomes, verdicts=verdicts, seconds=seconds)


def funnel_status(host: Host, operator: Operator) -> Report:
    """Whether the gateway is open to the internet, and until when."""
    started = time.monotonic()
    with connected(host, operator, "funnel status") as session:
        seen = gather(session, build_question(host))
        seconds = time.monotonic() - started
        told = tuple(v for v in seen.verdicts if v.check in (OPEN, WISHED))
        return Report(host.name, seen.plan, verdicts=told, seconds=seconds)
