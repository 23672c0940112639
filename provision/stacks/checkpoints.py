"""What `verify` asks beside what `up` does, and where things are executed."""

from __future__ import annotations

from dataclasses import replace

from provision.checks import security
from provision.checks.tunnel import rules_hold
from provision.engine.gather import Stack
from provision.model.facts import Facts
from provision.model.inside import Inside, Place
from provision.model.json5 import Json5, Json5Error
from provision.model.product import Product
from provision.model.spec import Host
from provision.model.tunnel import ACCOUNT


def widen(stack: Stack, host: Host, product: Product, *, tunnel: bool) -> Stack:
    """A server's stack with the tutorial's security checklist, and what a `tunnel` to it needs."""
    checks = [security.no_secret_in_config(host.name, product.config_path)]
    if not host.here:
        checks.append(security.ssh_by_key())
    if tunnel:
        checks.append(rules_hold(ACCOUNT))
    return replace(stack, checks=(*stack.checks, *checks))


def find_places(host: Host, product: Product, facts: Facts, inside: Inside) -> tuple[Place, ...]:
    """Where what an agent does is done: on the gateway's host, or on a device node."""
    config, name = _read_config(facts), host.name
    away = config and config.read("tools", "exec", "host") == "node"
    boxed = config and config.read("agents", "defaults", "sandbox", "mode") not in (None, "off")
    node = (config and config.read("tools", "exec", "node")) or "a device node"
    where = f"node {node}" if away else f"a sandbox on {name}" if boxed else f"gateway host {name}"
    who = "" if away or boxed else f"as user {product.name}"
    off = config and '"enabled": false' in _raw(config, "browser")
    browser = (
        Place("browser", "", "switched off") if off else Place("browser", f"gateway host {name}")
    )
    places = [Place("exec", where, who), browser]
    for one in inside.nodes or ():
        state = "" if one.connected else "away"
        places.append(Place(", ".join(one.commands) or "its commands", f"node {one.name}", state))
    return tuple(places)


def _read_config(facts: Facts) -> Json5 | None:
    text = facts["security:config"].out.partition("\n")[2]
    try:
        return Json5(text)
    except Json5Error:
        return None


def _raw(config: Json5, *path: str) -> str:
    """The text of a member as it stands there, "" when there is none."""
    value = config.root
    for key in path:
        member = value.find(key)
        if member is None:
            return ""
        value = member.value
    return config.text[value.start : value.end]
