"""The way in for the whole internet, as part of a server's stack and alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from provision.checks import access, gateway
from provision.checks import funnel as checks
from provision.engine.gather import Stack
from provision.model.access import FOR_GOOD
from provision.model.facts import Facts, Reading
from provision.model.funnel import BY_INVENTORY, Opening, parse_seen, show_addresses
from provision.model.product import Product
from provision.model.report import Check
from provision.model.secret import Secret, reveal
from provision.model.spec import Host
from provision.resources.credential import Credential
from provision.resources.file import Deduced
from provision.resources.funnel import Funnel
from provision.stacks.access import Access

USUAL = {"clawdbot": 443, "openclaw": 8443}
"""The public port; OpenClaw itself holds 443 for the tailnet, and shows it to nobody else."""


def build_funnel(host: Host, product: Product, credential: Credential, config: Deduced) -> Access:
    """Funnel as the inventory has it, else as a person has asked for it on the server."""
    wished = "tailscale-funnel" in host.access
    port = USUAL[product.name]
    want = checks.wanted(port, host.gateway_port, wished=wished)
    wish: Opening | Literal["kept"] = BY_INVENTORY if wished else "kept"

    def text(reading: Reading, facts: Facts) -> str:
        return reveal(config.deduce(facts).content)

    return Access(
        last=[Funnel(port, product.service, host.gateway_port, wish, _served(host))],
        preflight=[
            *_conditions(host, credential.secret, want),
            checks.no_leak(host.name, product.name, text, "", want),
        ],
        checks=[checks.open_now(host.name, host.gateway_port, wished=wished)],
    )


def _served(host: Host) -> bool:
    """Whether we are the ones who serve port 443 to the tailnet."""
    return host.product == "clawdbot" and host.served


def _conditions(host: Host, secret: Callable[[Facts], Secret], want: checks.Wanted) -> list[Check]:
    hint = f"choose another: clawprov funnel on {host.name} --port 8443 or 10000"
    if FOR_GOOD in host.access:
        hint = f"end what is served there; or, without {FOR_GOOD} in its access, {hint}"
    return [
        checks.allowed(want),
        checks.free_port(host.gateway_port, want, hint),
        checks.long_password(host.name, secret, want),
        checks.warning(host.name, host.gateway_port, want),
    ]


def build_opening(
    host: Host, product: Product, credential: Credential, port: int, opening: Opening
) -> Stack:
    """The wish for a gateway that is there: that it be open, and nothing else of it touched."""
    port = port or USUAL[product.name]
    want = checks.wanted(port, host.gateway_port, wished=True)

    def kept(facts: Facts) -> Secret:
        return credential.kept(facts) or Secret("")

    before = (
        checks.in_tailnet(host.name),
        gateway.steady(product.service),
        gateway.loopback_only(product.service, host.gateway_port),
        Check(credential.id, credential.probe().script, lambda reading, facts: ""),
        checks.no_leak(
            host.name, product.name, lambda reading, facts: reading.out, product.config_path, want
        ),
        *_conditions(host, kept, want),
    )
    funnel = Funnel(port, product.service, host.gateway_port, opening, _served(host))
    return Stack(host.name, before, (funnel,), (checks.open_now(host.name, host.gateway_port),))


def build_end(host: Host) -> Funnel:
    """The end of any Funnel to the gateway, whoever has opened it."""
    unit = f"{host.product}-gateway.service"
    return Funnel(443, unit, host.gateway_port, "closed", _served(host))


def build_closing(host: Host) -> Stack:
    """The wish for a server whose gateway is not open to the internet any more."""
    opened = checks.open_now(host.name, host.gateway_port)
    return Stack(host.name, (), (build_end(host),), (opened,))


def is_told(facts: Facts) -> bool:
    """Whether the server could say what is open; without Tailscale it is nothing."""
    out = facts[checks.ASKED].out
    return not out.strip() or parse_seen(out).answered


def find_held(facts: Facts, host: Host) -> str:
    """Where the whole internet gets in as long as a program holds that, which nobody else ends."""
    public = parse_seen(facts[checks.ASKED].out).public(host.gateway_port)
    return show_addresses(route for route in public if route.session)


def build_question(host: Host) -> Stack:
    """Nothing but the question whether it is open."""
    wished = "tailscale-funnel" in host.access
    opened = checks.open_now(host.name, host.gateway_port, wished=wished)
    return Stack(host.name, (), (), (access.asked(build_end(host)), opened))
