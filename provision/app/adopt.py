"""`adopt`: a gateway that somebody has set up, taken over by a service of clawprov's; and back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from provision.app.audit import examine, find_installed
from provision.app.operator import Operator
from provision.app.prove import greet
from provision.app.server import connected
from provision.app.up import up
from provision.checks.audit.settings import SETTINGS, read_auth
from provision.engine.gather import Seen, Stack
from provision.engine.run import converge
from provision.errors import UnsupportedError, UsageError
from provision.model.audit import Audit
from provision.model.report import Report, Verdict
from provision.model.spec import Host
from provision.products import find_product
from provision.products.installed import Installed
from provision.products.legacy import Legacy
from provision.resources.restitution import Restitution, read_port

PRODUCTS = ("clawdbot", "openclaw")
ANSWER_S = 30
"""How long a gateway that was given back, and listens, may take until it answers."""


def adopt(host: Host, operator: Operator, show: Callable[[Audit], None]) -> tuple[Host, Report]:
    """A person's gateway made a proved service of ours, with its state; `show` sees what was there.

    Returns the host as it is from now on, too: of which product it is, by which kind of secret.
    Raises UnsupportedError when nothing there can be taken over.
    """
    before, facts = examine(host, operator)
    show(before)
    one = choose(host, find_installed(facts))
    kind = host.auth.mode or read_auth(facts[SETTINGS], f"{one.state}/{one.product}.json")
    wish = replace(
        host,
        product=one.product,  # type: ignore[arg-type]
        version=host.version if one.product == host.product else "",
        auth=replace(host.auth, mode=kind),  # type: ignore[arg-type]
        existing="take-over",
    )
    return wish, up(wish, operator)


def choose(host: Host, found: Iterable[Installed]) -> Installed:
    """The gateway that is meant, or why there is none to be taken over."""
    there = tuple(found)
    contained = next((one for one in there if one.container), None)
    able = [one for one in there if one.state and one.product in PRODUCTS and not one.container]
    able = [one for one in able if one.active] or able
    own = [one for one in able if one.product == host.product] or able
    if own:
        return own[0]
    if contained:
        raise UnsupportedError(
            f"its {contained.product} gateway runs in container {contained.container}",
            where=host.name,
            hint=f"docker cp its /home/node/.{contained.product} to /root there, docker stop it, "
            f"then: clawprov adopt {host.name}",
        )
    if there:
        raise UnsupportedError(
            f"{there[0]}; its state was not found",
            where=host.name,
            hint=f"see the service's HOME and *_STATE_DIR there; it has to be a home folder's "
            f".{there[0].product}",
        )
    raise UnsupportedError(
        "nobody has set up a gateway there that clawprov could adopt",
        where=host.name,
        hint=f"clawprov up {host.name} makes one",
    )


def give_back(host: Host, operator: Operator) -> Report:
    """The gateway that was taken over runs as before, and answers; ours does not run any more."""
    started = time.monotonic()
    parts = tuple(Restitution(find_product(name)) for name in PRODUCTS)
    with connected(host, operator, "adopt --undo") as session:
        stack = Stack(host.name, (), parts)
        taken: list[Legacy] = []

        def confirm(seen: Seen) -> None:
            taken.extend(legacy for part in parts if (legacy := part.legacy(seen.facts)))
            if not taken:
                hint = f"clawprov audit {host.name} says what is there"
                raise UsageError("nothing was taken over there", where=host.name, hint=hint)
            operator.confirm(seen)

        made = converge(session, stack, confirm)
        session.progress.step("answer", f"{taken[0].user}'s gateway")
        answer = greet(session.transport, read_port(taken[0]), patience=ANSWER_S)
        session.progress.done(0 if answer.ok else 1)
        verdict = Verdict(
            "adopt:undone", answer.problem, _see(taken[0].units) * bool(answer.problem)
        )
        return Report(
            host.name,
            made.plan,
            made.outcomes,
            verdicts=(verdict,),
            seconds=time.monotonic() - started,
        )


def _see(units: Iterable[str]) -> str:
    unit = next(iter(units), "")
    kind = "" if unit.startswith("/etc/") else "--user "
    return f"systemctl {kind}status {unit.rpartition('/')[2]}   (on the server, as its owner)"
