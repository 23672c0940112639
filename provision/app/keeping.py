"""What a person must know of a laptop's tunnel: how it is kept running, that it is left."""

from __future__ import annotations

from provision.app.laptop import recall_tunnel
from provision.checks.tunnel import AT_LOGIN, ENABLE_LINGER
from provision.errors import UsageError
from provision.model.laptop import Laptop
from provision.model.report import Verdict
from provision.model.spec import Host
from provision.model.tunnel import Tunnel
from provision.products import find_product

LEFT = "this machine still has a tunnel to it"


def tell_keeping(laptop: Laptop, tunnel: Tunnel, host: Host) -> tuple[Verdict, ...]:
    """What is left to a person on this laptop once the tunnel to `host` is installed."""
    if not laptop.supervisor:
        return (_by_hand(tunnel),)
    if laptop.supervisor == "systemd" and not laptop.lingers:
        return (Verdict("tunnel:linger", "", ENABLE_LINGER, note=AT_LOGIN),)
    if laptop.supervisor == "launchd" and host.product == "clawdbot":
        return (_for_the_app(host),)
    return ()


def _by_hand(tunnel: Tunnel) -> Verdict:
    """As on WSL without systemd; the script ends with 0 when there is no point in another try."""
    loop = f"until sh ~/.ssh/clawprov/{tunnel.name}.sh; do sleep 3; done"
    note = "nothing on this laptop keeps it running: start it yourself, and at every login"
    return Verdict("tunnel:running", "", loop, note=note)


def _for_the_app(host: Host) -> Verdict:
    """The macOS app takes a token from its environment, and a password from the settings alone."""
    if host.auth.kind == "password":
        note = "the macOS app takes a password from gateway.remote.password alone"
        hint = f"clawprov tunnel up {host.name} --client-config"
    else:
        note = "the macOS app takes the token from its environment, which every login empties"
        variable = f"{find_product(host.product).env_prefix}_GATEWAY_TOKEN"
        hint = f'launchctl setenv {variable} "$(clawprov secret show {host.name} --yes)"'
    return Verdict("laptop:app", "", hint, note=note)


def tell_left(host: Host, *, leave: bool) -> tuple[Verdict, ...]:
    """A word on this laptop's tunnel to a host that is to be reached by other ways, or by none.

    Nobody's wish says anything against one where no way is named and `host` is not left.
    """
    if host.here or host.kept_tunnel or not (host.access or leave):
        return ()
    try:
        left = recall_tunnel(host) is not None
    except UsageError as error:  # the server is well all the same
        return (Verdict("laptop:tunnel", "", error.hint, note=f"{error.where}: {error.what}"),)
    hint = f"clawprov tunnel down {host.name}"
    return (Verdict("laptop:tunnel", "", hint, note=LEFT),) if left else ()
