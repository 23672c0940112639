"""`plan`, `verify` and `render`: looking without touching."""

from __future__ import annotations

import time

from provision.app.operator import Operator, nonces
from provision.app.server import build_wish, connected, prove_it
from provision.engine.job import apply_script, read_job
from provision.engine.run import Seen, gather
from provision.errors import UsageError
from provision.model.report import Report, Verdict
from provision.model.secret import MASK
from provision.model.shell import Sh
from provision.model.spec import Host


def plan(host: Host, operator: Operator) -> Seen:
    """What `up` would find and change."""
    wish = build_wish(host)
    with connected(host, operator, "plan") as session:
        session.progress.step("look", "at what is there")
        seen = gather(session, wish.gateway.stack)
        session.progress.done(0)
        return seen


def build_script(seen: Seen, operator: Operator) -> Sh:
    """The script that `up` would run for this plan."""
    serial = read_job(seen.facts).serial
    return apply_script(seen.plan, serial=serial, who=operator.who, verb="up", nonce=next(nonces()))


def verify(host: Host, operator: Operator) -> Report:
    """Whether the host is as wished and its gateway proves itself; nothing is changed."""
    started = time.monotonic()
    wish = build_wish(host)
    with connected(host, operator, "verify") as session:
        session.progress.step("look", "at what is there")
        seen = gather(session, wish.gateway.stack)
        session.progress.done(0)
        proof, seen = prove_it(session, wish, seen)
        return Report(
            host.name,
            seen.plan,
            verdicts=(_as_planned(seen), *seen.preflight, *seen.verdicts),
            proof=proof,
            seconds=time.monotonic() - started,
        )


def _as_planned(seen: Seen) -> Verdict:
    """Whether `up` would find nothing to do."""
    pending = [change.resource for change in seen.plan.changes]
    problem = f"not as planned: {', '.join(pending)}" if pending else ""
    return Verdict(
        "host:as-planned", problem, f"clawprov plan {seen.plan.target}" if pending else ""
    )


def render_files(host: Host, path: str = "") -> dict[str, str]:
    """The files that `up` would write, by their path on the server; secrets are masked.

    With `path`, that file alone; raises UsageError when there is none of that name.
    """
    gateway = build_wish(host).gateway
    texts = {file.path: str(file.content) for file in gateway.files}
    credential = gateway.credential
    names = [credential.variable, *(name for name, _ in credential.more)]
    texts[credential.path] = "".join(f"{name}={MASK}\n" for name in names)
    if not path:
        return texts
    found = {
        name: text for name, text in texts.items() if name == path or name.endswith(f"/{path}")
    }
    if not found:
        raise UsageError(f"no file {path} is rendered", hint=f"choose from {', '.join(texts)}")
    return found
