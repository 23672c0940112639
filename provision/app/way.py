"""The way to a host, as the operator trusts it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from provision.app.operator import Operator, config_folder
from provision.model.secret import Secret
from provision.model.spec import Host
from provision.transport.local import Local

if TYPE_CHECKING:  # Fabric and Paramiko take their time
    from provision.transport.session import Ssh


def open_way(host: Host, operator: Operator, ask: Callable[[], Secret | None]) -> Ssh | Local:
    """The way to a host; `localhost`, when nothing else is said of it, needs none.

    `ask` gives the password that sudo wants there, or None. Raises ConnectError.
    """
    return Local() if host.here else open_far(host, operator, ask)


def open_far(
    host: Host, operator: Operator, ask: Callable[[], Secret | None] = lambda: None
) -> Ssh:
    """The same to a host that is not this machine."""
    from provision.transport.hostkeys import Pins
    from provision.transport.ssh import open_ssh

    pins = Pins(config_folder() / "known_hosts", host.host_key, operator.trust)
    return open_ssh(host, pins, patience=operator.connect_s, ask=ask)
