"""The ways into a gateway from other machines, as parts of its server's stack."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from provision.checks import access as checks
from provision.engine.gather import Stack
from provision.model.facts import Facts
from provision.model.plan import Resource
from provision.model.product import Product
from provision.model.report import Check
from provision.model.secret import Secret
from provision.model.spec import Host
from provision.model.tailnet import Node
from provision.resources.forward import Forward
from provision.resources.leave import Leave
from provision.resources.operator import TailnetOperator
from provision.resources.serve import Serve
from provision.stacks.tailnet import Tailnet


@dataclass(slots=True)
class Access:
    """Resources that come `first`, before the gateway, and `last`, after it.

    What is in `closing` shuts ways that are wished no more, once those that are wished are proved.
    """

    first: list[Resource] = field(default_factory=list)
    last: list[Resource] = field(default_factory=list)
    closing: list[Resource] = field(default_factory=list)
    preflight: list[Check] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)


def build_serve(host: Host, product: Product, tailnet: Tailnet, fresh: Secret) -> Serve:
    """The gateway's route over https, or the end of one; `fresh` is of this run alone."""
    attempt = Secret(hashlib.sha256(fresh.value.encode()).hexdigest()[:12])
    return Serve(
        product.service,
        host.gateway_port,
        tailnet.join.node,
        attempt,
        by_gateway=product.serves_itself,
        wished=host.served,
    )


def build_own_mode(
    host: Host, product: Product, serve: Serve, kept: Callable[[Facts], bool]
) -> Callable[[Facts], Mapping[str, object]]:
    """What a gateway that publishes itself must know, as soon as it can: else it does not start.

    A route that is `kept` is one that it has and is to lose later. Funnel, which comes to its
    other port, is let in from the start.
    """
    trusted = ["127.0.0.1"]
    served = {
        "gateway": {
            "tailscale": {"mode": "serve"},
            "auth": {"allowTailscale": False},
            "trustedProxies": trusted,
        }
    }
    own = product.serves_itself and serve.wished
    public = own and "tailscale-funnel" in host.access
    usual = {"gateway": {"trustedProxies": trusted}} if public else {}
    return lambda facts: served if (own and serve.able(facts)) or kept(facts) else usual


def build_kept(product: Product, serve: Serve) -> Callable[[Facts], bool]:
    """Whether the gateway holds a route of its own that is wished no more."""
    ends = product.serves_itself and not serve.wished
    return lambda facts: ends and serve.route(facts) is not None


def build_closing(
    stack: Stack, tailnet: Tailnet, ending: Sequence[Resource], access: Access
) -> Stack:
    """The end of the ways that are wished no more, and what must be known for it.

    `ending` is of a gateway that publishes itself: what of it changes with that.
    """
    resources = (*ending, *access.closing)
    asked: dict[str, Resource] = {tailnet.join.id: tailnet.join}
    asked |= {one.id: one for one in stack.resources if ending}
    known = [checks.asked(one) for id, one in asked.items() if id not in {r.id for r in resources}]
    return Stack(stack.target, (), resources, tuple(known))


def build_leaving(closing: Stack, node: Callable[[Facts], Node]) -> Stack:
    """The same, and the end of the server's place in its tailnet."""
    leave = Leave(node)
    preflight = (checks.can_leave(leave.obstacle),)
    return replace(closing, preflight=preflight, resources=(*closing.resources, leave))


def heed_leaving(stack: Stack, node: Callable[[Facts], Node]) -> Stack:
    """A stack of which nothing is changed where the server cannot leave afterwards."""
    leave = Leave(node)
    before = (checks.asked(leave), checks.can_leave(leave.obstacle))
    return replace(stack, preflight=(*stack.preflight, *before))


def build_forward(host: Host, tailnet: Tailnet) -> Forward:
    """The gateway's port on the tailnet, or the end of it."""
    return Forward(host.gateway_port, tailnet.join.node, wished="tailnet" in host.access)


def build_access(
    host: Host, product: Product, tailnet: Tailnet, serve: Serve, forward: Forward
) -> Access:
    made, node = Access(), tailnet.join.node
    if host.on_tailnet:
        made.first.append(tailnet.package)
        made.last.append(tailnet.join)
        made.preflight += tailnet.preflight
        made.checks += tailnet.checks
    else:
        made.checks.append(checks.asked(tailnet.join))
    if serve.wished:
        made.last.append(serve)
        made.preflight.append(checks.port_free(serve.obstacle))
        made.checks.append(checks.served(serve.trouble, host.name))
    else:
        made.closing.append(serve)
    if forward.wished:
        made.last.append(forward)
        made.preflight.append(checks.forward_free(forward.port, forward.obstacle))
        made.checks.append(checks.forwarded(forward.trouble, host.name))
    else:
        made.closing.append(forward)
    if product.serves_itself:
        operator = TailnetOperator(product.name, node, wished=serve.wished)
        (made.first if operator.wished else made.closing).append(operator)
    made.checks += [checks.closes(resource, host.name) for resource in made.closing]
    return made
