"""The server's account for tunnels: no shell, no files, one port."""

from __future__ import annotations

from provision.checks import tunnel as checks
from provision.checks.addresses import own_addresses
from provision.engine.gather import Stack
from provision.model.plan import Resource
from provision.model.report import Check
from provision.model.shell import sh
from provision.model.spec import Host
from provision.model.tunnel import ACCOUNT, Tunnel
from provision.render import render
from provision.resources.authorized_key import AuthorizedKey
from provision.resources.file import File
from provision.resources.user import SystemUser

KEYS = f"/etc/ssh/{ACCOUNT}.keys"
RULES = f"/etc/ssh/sshd_config.d/{ACCOUNT}.conf"


def build_account(host: Host, tunnel: Tunnel, public: str) -> tuple[Resource, ...]:
    """The account, and one laptop's key to it.

    What a line of keys cannot forbid (Unix sockets, internal-sftp) sshd forbids by its own rules.
    """
    options = (
        f'restrict,port-forwarding,permitopen="127.0.0.1:{host.gateway_port}",permitlisten="none:1"'
    )
    return (
        SystemUser(ACCOUNT, "/nonexistent"),
        AuthorizedKey(KEYS, comment(tunnel), public, options),
        File(
            RULES,
            render("gateway/tunnel.conf.j2", {"account": ACCOUNT, "keys": KEYS}),
            trial=sh("mkdir -p /run/sshd; /usr/sbin/sshd -t -f {}", f"{RULES}.new"),
            activate=sh("systemctl try-reload-or-restart ssh"),
        ),
    )


def build_account_checks() -> tuple[Check, ...]:
    """What must be in effect for the account, whatever else sshd is told; and a question.

    `tunnel:addresses` reads every address by which others may reach the server.
    """
    asked = Check("tunnel:addresses", own_addresses(), lambda reading, facts: "")
    return checks.rules_hold(ACCOUNT), asked


def build_no_account(host: Host, tunnel: Tunnel) -> Stack:
    """The wish for a server on which this laptop's key opens nothing any more."""
    return Stack(host.name, (), (AuthorizedKey(KEYS, comment(tunnel)),))


def comment(tunnel: Tunnel) -> str:
    """How a laptop's key is known among those of the account."""
    return f"clawprov:{tunnel.id}"
