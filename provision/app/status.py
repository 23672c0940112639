"""`status`: many hosts at once, each looked at as `verify` does, and nobody asked anything."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from threading import BoundedSemaphore, Thread

from provision.app.operator import Operator, Silence
from provision.app.verify import verifying
from provision.errors import ConnectError, ProvisionError, RegistryError
from provision.model.report import Report
from provision.model.spec import Host
from provision.products.published import Published

AT_ONCE = 8
CONNECT_S = 3.0
"""How long an address may be silent, unless the ssh config says otherwise."""
STARTING_S = 4.0
LIMIT_S = 20.0
"""After this time a host that has got its turn is given up."""


@dataclass(frozen=True, slots=True)
class State:
    """How one host is: what a look at it came to, or why there was none."""

    host: Host
    found: Report | ProvisionError

    @property
    def ok(self) -> bool:
        return isinstance(self.found, Report) and self.found.ok

    def to_dict(self) -> dict[str, object]:
        if isinstance(self.found, Report):
            return {"ok": self.ok, "access": list(self.host.access), **self.found.to_dict()}
        error = self.found
        told = {"what": error.what, "where": error.where, "hint": error.hint}
        return {"ok": False, "host": self.host.name, "errors": [told], "exit": int(error.exit)}


def status(hosts: Sequence[Host], *, limit_s: float = LIMIT_S) -> list[State]:
    """How each of the hosts is, in their order; one that cannot be looked at holds up no other.

    The threads are daemons: a host that answers nothing at all keeps nobody from ending.
    """
    import provision.transport.ssh  # noqa: F401 - once, and not in every thread

    states = {n: State(host, _late(host, limit_s)) for n, host in enumerate(hosts)}
    turns = BoundedSemaphore(AT_ONCE)

    def look(number: int, host: Host) -> None:
        with turns:
            states[number] = State(host, _look(host))

    threads = [Thread(target=look, args=item, daemon=True) for item in enumerate(hosts)]
    until = time.monotonic() + limit_s * max(1, ceil(len(hosts) / AT_ONCE))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return [states[n] for n in range(len(hosts))]


def _late(host: Host, limit_s: float) -> ConnectError:
    hint = f"clawprov verify {host.name} --debug"
    return ConnectError(f"gave no answer in {limit_s:g} s", hint=hint)


def _look(host: Host) -> Report | ProvisionError:
    """A look with the server's own secret: none of this machine is looked up."""
    operator = Operator(
        lambda *key: False, lambda seen: None, Silence(), registry=_unasked, connect_s=CONNECT_S
    )
    try:
        with verifying(host, operator) as look:
            return look(STARTING_S)
    except ProvisionError as error:
        return error
    except Exception as error:
        told = f"clawprov itself failed: {type(error).__name__}: {error}"
        return ProvisionError(told, hint=f"clawprov verify {host.name} --debug")


def _unasked(name: str, version: str) -> Published:
    raise RegistryError(f"what {name} {version} is was not looked up")
