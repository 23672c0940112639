"""`watch`: somebody who looks again and again, on the server or on this laptop, and tells."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from provision.app.laptop import at_laptop
from provision.app.operator import Operator, config_folder
from provision.app.server import Wish, build_wish, connected
from provision.app.tunnel import there_is_a_gateway
from provision.app.verify import verify
from provision.engine.frames import whole
from provision.engine.gather import Session, Stack, gather
from provision.engine.laptop import LAPTOP
from provision.engine.run import converge
from provision.errors import ConnectError, ProvisionError, UnsupportedError
from provision.model.news import LINK, News, compare, parse_told
from provision.model.report import Report, Verdict
from provision.model.shell import Sh, heredoc, sh
from provision.model.spec import Host
from provision.products import find_product
from provision.stacks import watch as stacks
from provision.stacks.laptop import SUPERVISOR
from provision.ui.style import clean

NOTIFY_S = 120


def look_once(host: Host, operator: Operator) -> tuple[Verdict, ...]:
    """What the server's own watch would find now; nothing is left there."""
    wish = _wish(host)
    script = stacks.build_script(host, wish.product)
    with connected(host, operator, "watch") as session:
        nonce = next(session.nonces)
        run = heredoc(sh("sh -s -- --print"), script)
        out = session.transport.execute(whole(Sh(run.text, run.shown), nonce)).out
    rows = (line.split("\t") for line in out.split("\n") if line.count("\t") == 2)
    return tuple(Verdict(id, problem, hint) for id, problem, hint in rows)


def install(host: Host, operator: Operator, wish: stacks.Wish) -> Report:
    """A timer on the server that looks and tells."""
    wished = _wish(host)
    stack = stacks.build_watch(host, wished.product, wish)
    stack = replace(stack, preflight=(there_is_a_gateway(wished),))
    with connected(host, operator, "watch") as session:
        return _converge(session, stack, operator)


def uninstall(host: Host, operator: Operator) -> Report:
    """Nothing of it is left on the server."""
    with connected(host, operator, "watch") as session:
        return _converge(session, stacks.build_no_watch(host, _wish(host).product), operator)


def install_here(
    host: Host, operator: Operator, wish: stacks.Wish, options: Sequence[str]
) -> Report:
    """A timer on this laptop that runs `clawprov watch HOST --tell` with these `options`."""
    clawprov = Path(sys.argv[0]).absolute()
    command = [str(clawprov), "watch", host.name, "--tell", *options]
    with at_laptop(operator, "watch") as here:
        desk = _desk(here)
        return _converge(here, stacks.build_laptop_watch(host, desk, wish, command), operator)


def uninstall_here(host: Host, operator: Operator) -> Report:
    """Nothing of it is left on this laptop."""
    with at_laptop(operator, "watch") as here:
        return _converge(here, stacks.build_no_laptop_watch(host, _desk(here)), operator)


def tell(host: Host, operator: Operator) -> News:
    """What is new about a host since the last time, given to the command that wants to know.

    What the command does not take is told again next time; raises UnsupportedError then.
    """
    desk = stacks.Desk(str(Path.home()), str(config_folder()), "")
    notify, memory = (Path(f"{desk.place(host)}.{end}") for end in ("notify", "told"))
    told = parse_told(memory.read_text() if memory.exists() else "")
    news, then = compare(told, _problems(host, operator))
    if news:
        _notify(host, notify, news)
    memory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    memory.write_text(then.to_json())
    return news


def _problems(host: Host, operator: Operator) -> dict[str, str]:
    """What a look from here finds wrong, by its check."""
    try:
        report = verify(host, operator)
    except ConnectError as error:
        return {LINK: f"it cannot be reached: {error.what}"}
    except ProvisionError as error:
        return {"verify": error.what}
    return name_problems(report)


def name_problems(report: Report) -> dict[str, str]:
    """What is wrong by a report, a line for each check: no mail program reads orders in it."""
    found = {verdict.check: verdict.problem for verdict in report.verdicts if not verdict.ok}
    if report.proof and not report.proof.ok:
        found["gateway:websocket"] = report.proof.problem
    found |= {v.check: v.note for v in report.verdicts if v.check == "funnel:open" and v.note}
    words = {check: clean(" ".join(problem.split())) for check, problem in found.items()}
    return {check: f"{check}: {problem}" for check, problem in words.items()}


def _notify(host: Host, command: Path, news: News) -> None:
    told = {"CLAWPROV_HOST": host.name, "CLAWPROV_SUBJECT": news.subject(host.name)}
    text = news.show(host.name).encode(errors="replace")
    try:
        ended = subprocess.run(
            ["sh", str(command)], input=text, env=os.environ | told, timeout=NOTIFY_S
        )
        why = f"the command ended with {ended.returncode}" if ended.returncode else ""
    except subprocess.TimeoutExpired:
        why = f"the command took more than {NOTIFY_S} s"
    if why:
        raise UnsupportedError(
            f"the message did not get through: {why}",
            where=str(command),
            hint=f"clawprov watch {host.name} --install --on laptop --notify COMMAND",
        )


def _wish(host: Host) -> Wish:
    """The wish for a host; which version it has does not matter here."""
    return build_wish(host, find_product(host.product))


def _desk(here: Session) -> stacks.Desk:
    """This laptop; raises UnsupportedError where nothing keeps services."""
    seen = gather(here, Stack("this laptop", (), (), (SUPERVISOR,), ground=LAPTOP))
    kind = seen.facts[SUPERVISOR.id].pairs().get("kind", "")
    if not kind:
        raise UnsupportedError(
            "neither systemd nor launchd keeps services of yours here",
            where="this laptop",
            hint="leave out --on laptop: the server can look after itself",
        )
    return stacks.Desk(str(Path.home()), str(config_folder()), kind)


def _converge(session: Session, stack: Stack, operator: Operator) -> Report:
    started = time.monotonic()
    done = converge(session, stack, operator.confirm)
    seconds = time.monotonic() - started
    return Report(stack.target, done.plan, done.outcomes, seconds=seconds)
