"""A bare server and its owner, with the real engine and transport but no gateway."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

import paramiko
import pytest

from provision.app.operator import Operator
from provision.app.server import connected
from provision.engine.gather import Session, Stack
from provision.engine.run import Converged, converge
from provision.lab import Box
from provision.model.plan import Plan
from provision.model.spec import BasicsSpec, Host
from provision.resources.firewall import Firewall
from provision.resources.sshd import KeysOnly
from provision.stacks.basics import build_basics

HOME = "/var/lib/clawprov"
UNITS = "/etc/systemd/system"
CLOSED = BasicsSpec(ssh_keys_only=True, firewall=True)


@dataclass
class Diary:
    """A progress that remembers its steps, and may stop the run after one of them."""

    stop_after: str = ""
    steps: list[str] = field(default_factory=list)

    def step(self, name: str, why: str = "") -> None:
        self.steps.append(name)

    def detail(self, line: str) -> None: ...

    def ask(self, words: str, url: str) -> None: ...

    def done(self, exit: int) -> None:
        if self.steps[-1] == self.stop_after:
            raise KeyboardInterrupt

    def plan(self, plan: Plan) -> None: ...


@dataclass
class Owner:
    """Somebody at a laptop, with the real transport and engine."""

    box: Box
    port: int = 22
    patience_s: int = 180
    diary: Diary = field(default_factory=Diary)

    def up(self, spec: BasicsSpec) -> Converged:
        """The basics alone, without a gateway."""
        made = build_basics(Host(self.box.name, self.box.address, basics=spec))
        resources = (*made.first, *made.last)
        return self.converge(
            Stack(self.box.name, tuple(made.preflight), resources, tuple(made.checks))
        )

    def converge(self, stack: Stack) -> Converged:
        with self.session() as session:
            return converge(replace(session, patience_s=self.patience_s), stack)

    def done(self, spec: BasicsSpec) -> list[str]:
        result = self.up(spec)
        assert [verdict.problem for verdict in result.seen.verdicts if not verdict.ok] == []
        return [outcome.resource for outcome in result.outcomes]

    @contextmanager
    def session(self) -> Iterator[Session]:
        box = self.box
        host = Host(
            box.name,
            box.address,
            port=self.port,
            user=box.user,
            identity=str(box.identity),
            host_key=box.host_key,
        )
        operator = Operator(lambda *_: False, lambda seen: None, self.diary)
        with connected(host, operator, "up") as session:
            yield session


def out(box: Box, command: str) -> str:
    done = box.run(command)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def await_true(condition: Callable[[], object], seconds: float) -> float:
    """How many seconds it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() < began + seconds
        time.sleep(0.2)
    return time.monotonic() - began


def answers(box: Box, port: int) -> bool:
    with suppress(OSError), socket.create_connection((box.address, port), 1):
        return True
    return False


def greets(box: Box, port: int) -> bool:
    """sshd itself is there, not only a proxy that holds the port."""
    with suppress(OSError), socket.create_connection((box.address, port), 1) as stream:
        stream.settimeout(1)
        return stream.recv(4) == b"SSH-"
    return False


def password_works(box: Box) -> bool:
    with paramiko.Transport((box.address, 22)) as transport:
        transport.start_client(timeout=10)
        try:
            transport.auth_password("root", "hunter2", fallback=True)
        except paramiko.BadAuthenticationType as refused:
            return "password" in refused.allowed_types
        return transport.is_authenticated()


def listen(box: Box, port: int) -> None:
    out(
        box,
        f"systemctl is-active -q on-{port} || systemd-run -q --unit=on-{port} "
        f"python3 -m http.server {port}; until ss -Hltn | grep -q :{port}; do sleep 0.1; done",
    )


def unarmed(box: Box) -> bool:
    """Nothing is left of a switch."""
    return not box.run(f"find {HOME}/undo {UNITS} -name 'clawprov-undo*' -o -name undo").stdout


class Wrong(Firewall):
    """A firewall that takes port 9 for that of SSH."""

    def _rules(self, ssh: set[str], allow: set[str]) -> str:
        return Firewall._rules(self, {"9"}, allow)


def lock_out_and_go(owner: Owner) -> None:
    """The client is gone as soon as nobody gets in any more."""
    with pytest.raises(KeyboardInterrupt):
        owner.converge(Stack(owner.box.name, (), (KeysOnly(), Wrong())))
    await_true(lambda: not answers(owner.box, 22), 10)
