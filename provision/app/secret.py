"""The gateway's secret: what this machine knows of it, and what the server has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from provision.app.operator import Operator, config_folder
from provision.app.server import build_wish, connected
from provision.engine.gather import Stack, gather
from provision.errors import UnsupportedError
from provision.model.access import TailscaleSpec
from provision.model.facts import Facts
from provision.model.secret import Secret
from provision.model.spec import Host
from provision.products import find_product
from provision.resources.credential import Credential
from provision.secrets.file import read_line
from provision.secrets.keep import Keep, open_keep


def recall(host: Host) -> Host:
    """The host with all that this machine knows of its secret; `host.auth.known` is the best of it.

    One that is given already (by the environment) stays; else its command is run, or the copy
    that is kept here is looked up. The key to its tailnet is read where the inventory says where it
    is. Raises SecretError where that fails.
    """
    auth = host.auth
    if auth.secret is None and auth.command:
        from provision.secrets.command import run_command  # it needs POSIX, others do not

        auth = replace(auth, secret=run_command(auth.command))
    if auth.secret is None:
        auth = replace(auth, spare=_keep(host).read())
    return replace(host, auth=auth, tailscale=_with_key(host))


def _with_key(host: Host) -> TailscaleSpec:
    """What lets the host into a tailnet, from its command or file where it has one."""
    spec, key = host.tailscale, host.tailscale.auth_key
    if not host.on_tailnet:
        return spec
    if key.command:
        from provision.secrets.command import run_command

        return replace(spec, auth_key=replace(key, value=run_command(key.command)))
    if key.file:
        return replace(spec, auth_key=replace(key, value=read_line(Path(key.file))))
    return spec


def keep_secret(host: Host, secret: Secret) -> None:
    """The secret that the server has is kept here, as the host wishes; else SecretError."""
    _keep(host).write(secret)


def _keep(host: Host) -> Keep:
    """The place of a host's copy; whoever logs in as another user means the same server."""
    return open_keep(host.auth, host.name.rpartition("@")[2], config_folder() / "secrets")


def read_secret(host: Host, operator: Operator) -> Secret:
    """The secret that clients of this host's gateway need; nothing is changed there.

    Raises UnsupportedError where there is none.
    """
    credential = build_wish(host, find_product(host.product)).gateway.credential
    with connected(host, operator, "secret") as session:
        seen = gather(session, Stack(host.name, (), (credential,)))
    return require_secret(host, credential, seen.facts)


def require_secret(host: Host, credential: Credential, facts: Facts) -> Secret:
    """The secret that the server has; raises UnsupportedError where there is none."""
    kept = credential.kept(facts)
    if kept is None:
        raise UnsupportedError(
            f"{credential.path} holds no {credential.variable}",
            where=host.name,
            hint=f"clawprov up {host.name}, or name the other kind with --auth",
        )
    return kept
