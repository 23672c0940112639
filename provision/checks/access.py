"""Whether other machines find the gateway where they are to find it, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable

from provision.model.facts import Facts
from provision.model.plan import Blocked, Change, Resource
from provision.model.report import Check
from provision.model.shell import sh


def port_free(obstacle: Callable[[Facts], str]) -> Check:
    """Nobody else's route on the port of https."""
    hint = "tailscale serve --https=443 off   (on the server), or take --access ssh-tunnel"
    return Check("preflight:port-443", sh(":"), lambda reading, facts: obstacle(facts), hint)


def can_leave(obstacle: Callable[[Facts], str]) -> Check:
    """A way in that is not the one that goes."""
    hint = "log in by an address that is not the tailnet's"
    return Check("preflight:leave", sh(":"), lambda reading, facts: obstacle(facts), hint)


def served(trouble: Callable[[Facts], str], host: str) -> Check:
    """The gateway is on its tailnet, over https."""
    told = "its tailnet gets there"
    return Check(
        "tailnet:https",
        sh(":"),
        lambda _, facts: trouble(facts),
        serve_hint(host),
        tell=lambda *_: told,
    )


def serve_hint(host: str) -> str:
    """What a person does about a way over https that does not work."""
    return f"mend it, then clawprov up {host}; until then: clawprov tunnel up {host}"


def forwarded(trouble: Callable[[Facts], str], host: str) -> Check:
    """The gateway is on its tailnet, without TLS."""
    hint = f"clawprov up {host}; until then: clawprov tunnel up {host}"
    return Check("tailnet:port", sh(":"), lambda reading, facts: trouble(facts), hint)


def forward_free(port: int, obstacle: Callable[[Facts], str]) -> Check:
    """Nobody else's route on the gateway's port."""
    hint = f"tailscale serve --tcp={port} off   (on the server), or choose another --gateway-port"
    return Check("preflight:tailnet-port", sh(":"), lambda reading, facts: obstacle(facts), hint)


def asked(resource: Resource) -> Check:
    """No check: what `resource` asks, for others to know."""
    hint = "tailscale status   (on the server)"
    return Check(resource.id, resource.probe().script, lambda reading, facts: "", hint)


def closes(resource: Resource, host: str) -> Check:
    """A note that a way which is wished no more is still open; it asks what `resource` asks.

    What waits to be closed waits for Tailscale.
    """

    def judge(_: object, facts: Facts) -> str:
        change = resource.diff(facts)
        if isinstance(change, Blocked):
            return "Tailscale does not answer, and may lead to the gateway as soon as it does"
        return change.why if isinstance(change, Change) else ""

    hint = f"clawprov up {host} closes it, once the others are proved"
    return Check(resource.id, resource.probe().script, judge, hint, note=True)
