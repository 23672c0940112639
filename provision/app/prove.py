"""The proof that a gateway lets in who has the secret, and nobody else."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Thread

from provision.model.report import Proof
from provision.model.secret import Secret
from provision.model.transport import Transport
from provision.protocol.gateway import Session, open_session
from provision.protocol.messages import Hello, Refusal
from provision.protocol.websocket import Clock, show

SHUT = ("wrong secret", "no secret", "pairing")  # refusals that are about who is asking
NOBODY = Secret("")
UNANSWERED = Refusal("other", "gave no answer in time")


@dataclass(frozen=True, slots=True)
class Visit:
    """What one handshake came to, and how long it took from opening the stream, in seconds."""

    answer: Hello | Refusal
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Way:
    """How the gateway is reached, and for how long it is worth trying."""

    transport: Transport
    port: int
    clock: Clock
    wait: Callable[[float], None]
    attempt: float
    until: float

    def visit(self, secret: Secret) -> Visit:
        """One handshake, tried again as long as the gateway says that it is starting."""
        starting: Refusal | None = None
        while True:
            started = self.clock()
            answer = self._try(secret, min(started + self.attempt, self.until))
            ended = self.clock()
            if isinstance(answer, Hello):
                return Visit(answer, ended - started)
            if answer.kind != "starting":  # cut short by the end of our patience, it says nothing
                told = starting if starting and ended >= self.until else answer
                return Visit(told, ended - started)
            if ended + answer.retry >= self.until:
                return Visit(answer, ended - started)
            starting = answer
            self.wait(answer.retry)

    def _try(self, secret: Secret, deadline: float) -> Hello | Refusal:
        try:
            channel = self.transport.open_stream(self.port)
        except OSError as error:  # nothing listens yet; ConnectError, no OSError, goes up
            return Refusal("starting", f"takes no connection ({error.strerror or error})")
        host = f"127.0.0.1:{self.port}"
        session = open_session(channel, secret, host=host, clock=self.clock, deadline=deadline)
        if isinstance(session, Refusal):
            return session
        try:
            return session.hello if secret is NOBODY else ask_health(session)
        finally:
            session.close()


def prove(
    transport: Transport,
    port: int,
    secret: Secret,
    *,
    nonce: str,
    path: str = "ssh",
    patience: float = 30.0,
    attempt: float = 10.0,
    clock: Clock = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> Proof:
    """Three handshakes at once: the right secret gets in, a wrong one and none do not.

    `nonce` is the wrong secret, any random text; `patience` is how long a gateway may be
    starting and `attempt` how long one handshake may take, in seconds; `path` names the way in
    the proof. Raises what `transport.open_stream` raises, except OSError.
    """
    way = Way(transport, port, clock, wait, attempt, clock() + patience)
    visits = visit_together(
        {"right": secret, "wrong_secret": Secret(nonce), "no_secret": NOBODY}, way, patience + 1
    )
    right = visits.pop("right")
    refused = {
        name: isinstance(visit.answer, Refusal) and visit.answer.kind in SHUT
        for name, visit in visits.items()
    }
    problem = judge_bad(visits, port) or judge_right(right.answer, port, patience)
    problem = problem or judge_unclear(visits, refused)
    hello = right.answer if isinstance(right.answer, Hello) else None
    server = f"{hello.version or 'unknown version'}, protocol {hello.protocol}" if hello else ""
    return Proof(not problem, path, round(right.seconds * 1000), server, refused, problem)


def ask_health(session: Session) -> Hello | Refusal:
    """The session's hello, if the gateway also answers `health` and calls itself well."""
    health = session.call("health")
    if isinstance(health, Refusal):
        return health
    if health.get("ok") is not True:
        return Refusal("other", f"answers `health` with ok: {show(str(health.get('ok')))}")
    return session.hello


def visit_together(secrets: Mapping[str, Secret], way: Way, limit: float) -> dict[str, Visit]:
    """All visits, made at once; the first error of any of them is raised.

    The threads are daemons and awaited for `limit` seconds at most: a transport that hangs in
    `open_stream` hangs nobody else.
    """
    visits: dict[str, Visit] = {name: Visit(UNANSWERED) for name in secrets}
    errors: list[BaseException] = []

    def run(name: str, secret: Secret) -> None:
        try:
            visits[name] = way.visit(secret)
        except BaseException as error:
            errors.append(error)

    threads = [Thread(target=run, args=item, daemon=True) for item in secrets.items()]
    started = way.clock()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, limit - (way.clock() - started)))
    if errors:
        raise errors[0]
    return dict(visits)


def judge_bad(visits: Mapping[str, Visit], port: int) -> str:
    """The problem that somebody without the secret is let in, or ""."""
    told = {"wrong_secret": "a wrong secret", "no_secret": "no secret at all"}
    inside = [told[name] for name, visit in visits.items() if isinstance(visit.answer, Hello)]
    if not inside:
        return ""
    return f"the gateway on port {port} lets in who comes with {' and with '.join(inside)}"


def judge_right(answer: Hello | Refusal, port: int, patience: float) -> str:
    """The problem that the right secret does not get in, or ""."""
    if isinstance(answer, Hello):
        return ""
    told = answer.message
    match answer.kind:
        case "wrong secret" | "no secret":
            return f"the gateway on port {port} refuses the secret it should take: {told}"
        case "pairing":
            return f"the gateway on port {port} wants this client paired first: {told}"
        case "protocol":
            return f"the gateway on port {port} speaks another protocol: {told}"
        case "starting":
            return f"the gateway on port {port} is not ready after {patience:.0f} s: {told}"
        case "other":
            return f"what listens on port {port} did not prove a working gateway: it {told}"


def judge_unclear(visits: Mapping[str, Visit], refused: Mapping[str, bool]) -> str:
    """The problem that a bad secret got neither in nor a clear no, or ""."""
    told = {"wrong_secret": "a wrong secret", "no_secret": "a missing secret"}
    for name, visit in visits.items():
        if not refused[name] and isinstance(visit.answer, Refusal):
            return f"whether {told[name]} is refused stays open: {visit.answer.message}"
    return ""
