"""`secret`: the one on the server, for a second operator or a new client."""

from __future__ import annotations

from provision.app.operator import Operator
from provision.app.server import build_wish, connected
from provision.engine.run import Stack, gather
from provision.errors import UnsupportedError
from provision.model.secret import Secret
from provision.model.spec import Host


def read_secret(host: Host, operator: Operator) -> Secret:
    """The secret that clients of this host's gateway need; nothing is changed.

    Raises UnsupportedError where there is none.
    """
    credential = build_wish(host).gateway.credential
    with connected(host, operator, "secret") as session:
        seen = gather(session, Stack(host.name, (), (credential,)))
    kept = credential.kept(seen.facts)
    if kept is None:
        raise UnsupportedError(
            f"{credential.path} holds no {credential.variable}",
            where=host.name,
            hint=f"clawprov up {host.name}, or name the other kind with --auth",
        )
    return kept
