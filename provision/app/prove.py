"""The proof that a gateway lets in who has the secret, and nobody else."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Thread

from provision.app.doubts import judge_bad, judge_right, judge_unclear
from provision.model.inside import Inside
from provision.model.report import Proof, Verdict
from provision.model.secret import Secret
from provision.model.transport import Streams
from provision.protocol.gateway import Session, open_session
from provision.protocol.inside import look_inside
from provision.protocol.messages import Hello, Refusal
from provision.protocol.websocket import Clock, show

SHUT = ("wrong secret", "no secret", "pairing")  # refusals that are about who is asking
NOBODY = Secret("")
UNANSWERED = Refusal("other", "gave no answer in time")


@dataclass(frozen=True, slots=True)
class Visit:
    """What one handshake came to, and how long it took from opening the stream, in seconds.

    `inside` is what the gateway then said of itself, where it was asked.
    """

    answer: Hello | Refusal
    seconds: float = 0.0
    inside: Inside | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """How the gateway is reached, for how long it is worth trying, and whether we look around.

    `host` is what the Host header says, "" for the loopback address and the port.
    """

    transport: Streams
    port: int
    clock: Clock
    wait: Callable[[float], None]
    attempt: float
    until: float
    host: str = ""
    curious: bool = False

    def visit(self, secret: Secret) -> Visit:
        """One handshake, tried again as long as the gateway says that it is starting."""
        starting: Refusal | None = None
        while True:
            tried = self._try(secret, min(self.clock() + self.attempt, self.until))
            answer, ended = tried.answer, self.clock()
            if isinstance(answer, Hello):
                return tried
            if answer.kind != "starting":  # cut short by the end of our patience, it says nothing
                told = starting if starting and ended >= self.until else answer
                return Visit(told, tried.seconds)
            if ended + answer.retry >= self.until:
                return tried
            starting = answer
            self.wait(answer.retry)

    def _try(self, secret: Secret, deadline: float) -> Visit:
        started = self.clock()
        try:
            channel = self.transport.open_stream(self.port)
        except ssl.SSLCertVerificationError as error:
            told = f"shows a certificate that is not trusted here ({error.verify_message})"
            return Visit(Refusal("other", told))
        except OSError as error:  # nothing listens yet; ConnectError, no OSError, goes up
            return Visit(Refusal("starting", f"takes no connection ({error.strerror or error})"))
        host = self.host or f"127.0.0.1:{self.port}"
        session = open_session(channel, secret, host=host, clock=self.clock, deadline=deadline)
        if isinstance(session, Refusal):
            return Visit(session, self.clock() - started)
        try:
            answer = session.hello if secret is NOBODY else ask_health(session)
            seconds = self.clock() - started
            curious = self.curious and isinstance(answer, Hello)
            return Visit(answer, seconds, look_inside(session) if curious else None)
        finally:
            session.close()


def prove(
    transport: Streams,
    port: int,
    secret: Secret,
    *,
    nonce: str,
    path: str = "ssh",
    host: str = "",
    patience: float = 30.0,
    attempt: float = 10.0,
    curious: bool = False,
    alone: bool = False,
    clock: Clock = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> Proof:
    """Three handshakes at once: the right secret gets in, a wrong one and none do not.

    `nonce` is the wrong secret, any random text; `patience` is how long a gateway may be
    starting and `attempt` how long one handshake may take, in seconds; `path` names the way in
    the proof, `host` the gateway where it is asked by a name. Who is `curious` also asks for
    channels and nodes; with `alone`, the right secret comes alone. Raises what
    `transport.open_stream` raises, except OSError.
    """
    way = Way(transport, port, clock, wait, attempt, clock() + patience, host, curious)
    others = {} if alone else {"wrong_secret": Secret(nonce), "no_secret": NOBODY}
    visits = visit_together({"right": secret, **others}, way, patience + 1)
    right = visits.pop("right")
    refused = {
        name: isinstance(visit.answer, Refusal) and visit.answer.kind in SHUT
        for name, visit in visits.items()
    }
    place = _show_place(host, port)
    problem = judge_bad(visits, place) or judge_right(right.answer, place, patience)
    problem = problem or judge_unclear(visits, refused)
    hello = right.answer if isinstance(right.answer, Hello) else None
    server = f"{hello.version or 'unknown version'}, protocol {hello.protocol}" if hello else ""
    latency = round(right.seconds * 1000)
    return Proof(not problem, path, latency, server, refused, problem, right.inside)


def greet(
    transport: Streams,
    port: int,
    *,
    host: str = "",
    patience: float = 5.0,
    clock: Clock = time.monotonic,
) -> Verdict:
    """Whether a gateway answers on `port`, asked without a secret: it then refuses us.

    `host` is as for `prove`, `patience` is in seconds.
    """
    until = clock() + patience
    answer = Way(transport, port, clock, time.sleep, patience, until, host).visit(NOBODY).answer
    if isinstance(answer, Refusal) and answer.kind in SHUT:
        return Verdict("tunnel:gateway", "")
    told = "lets in who has no secret" if isinstance(answer, Hello) else answer.message
    place = _show_place(host, port)
    return Verdict("tunnel:gateway", f"no gateway proves itself {place}: it {told}")


def _show_place(host: str, port: int) -> str:
    return f"at https://{host}/" if host else f"on port {port}"


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
