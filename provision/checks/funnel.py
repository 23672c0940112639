"""Whether a gateway may be open to the whole internet, and whether it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

from provision.model.facts import Facts, Reading
from provision.model.funnel import (
    PORTS,
    Seen,
    parse_seen,
    show_address,
    show_addresses,
    show_time,
)
from provision.model.report import Check
from provision.model.secret import Secret
from provision.model.serve import ADMIN, Route, find_hindrance
from provision.model.shell import sh
from provision.products.publicity import PASSWORD_LENGTH, find_leak

_PORTS_CAP = re.compile(r".*/cap/funnel-ports\?ports=([0-9,-]+)")
ASKED = "tailscale:funnel"
"""The id under which QUESTION was asked."""
OPEN, WISHED = "funnel:open", "funnel:wished"
HOLDER = "a program there (the gateway itself, or another)"

Wanted = Callable[[Seen], int]


def wanted(port: int, gateway_port: int, *, wished: bool) -> Wanted:
    """The public port by which the gateway is to be open, 0 for none.

    That is `port` where it is `wished`, else the one by which somebody has opened it before.
    """

    def asked(seen: Seen) -> int:
        return seen.record.port if seen.record and seen.opened(gateway_port) else 0

    return lambda seen: port if wished else asked(seen)


def in_tailnet(host: str) -> Check:
    """A server with a name in a tailnet, under which the internet may find it."""

    def judge(reading: Reading, facts: Facts) -> str:
        node = parse_seen(facts[ASKED].out).node
        if node.joined:
            return ""
        return "it is in no tailnet" if node.state else "it has no Tailscale that answers"

    hint = f"clawprov up {host} --access serve --auth password"
    return Check("preflight:tailnet", sh(":"), judge, hint)


def allowed(want: Wanted) -> Check:
    """The tailnet lets this node use Funnel, on this port."""

    def judge(reading: Reading, facts: Facts) -> str:
        seen = parse_seen(facts[ASKED].out)
        node = seen.node
        port = want(seen)
        if not port or not node.joined:
            return ""
        if hindrance := find_hindrance(node):
            return hindrance
        if "funnel" not in node.caps:
            where = f"{ADMIN}/admin/acls"
            return f"its tailnet does not let it use Funnel: give it the attribute in {where}"
        ports = _ports(node.caps)
        if port not in ports:
            told = ", ".join(map(str, ports)) or "none"
            return f"its tailnet lets it use Funnel on {told}, not on {port}"
        if node.prefs.get("ShieldsUp") is True:
            return "it takes no connections at all: tailscale set --shields-up=false (there)"
        return ""

    hint = "https://tailscale.com/kb/1223/funnel tells what Funnel needs (Headscale has none)"
    return Check("preflight:funnel", sh(":"), judge, hint)


def _ports(caps: frozenset[str]) -> list[int]:
    """Of the ports that there are, those which the capabilities allow."""
    spans = [
        span.partition("-")
        for found in map(_PORTS_CAP.fullmatch, caps)
        if found
        for span in found[1].split(",")
    ]
    ends = [(int(low), int(high or low)) for low, _, high in spans if low]
    return [port for port in PORTS if any(low <= port <= high for low, high in ends)]


def free_port(gateway_port: int, want: Wanted, hint: str) -> Check:
    """Nothing but the gateway is served on this port, or everybody would get at that, too."""

    def judge(reading: Reading, facts: Facts) -> str:
        seen = parse_seen(facts[ASKED].out)
        port = want(seen)
        if not port:
            return ""
        ours = ("/", f"http://127.0.0.1:{gateway_port}", "")
        there = [route for route in seen.routes if route.port == port]
        other = next((r for r in there if (r.path, r.target, r.session) != ours), None)
        return f"port {port} {_held(other)}" if other else ""

    return Check("preflight:funnel-port", sh(":"), judge, hint)


def _held(route: Route) -> str:
    if route.session:
        return "is held by a program that serves there: by the gateway itself, or another"
    return f"leads to {route.target or 'something else'} with {route.path or 'everything'}"


def long_password(host: str, secret: Callable[[Facts], Secret], want: Wanted) -> Check:
    """A password that nobody guesses."""

    def judge(reading: Reading, facts: Facts) -> str:
        length = len(secret(facts).value)
        if not want(parse_seen(facts[ASKED].out)) or length >= PASSWORD_LENGTH:
            return ""
        least = f"needs {PASSWORD_LENGTH}, or leave it to clawprov to make one"
        return f"its password has {length} characters; Funnel {least}"

    return Check("preflight:funnel-password", sh(":"), judge, f"clawprov secret set {host}")


def no_leak(
    host: str, product: str, config: Callable[[Reading, Facts], str], path: str, want: Wanted
) -> Check:
    """A configuration, as JSON text, under which nobody gets in without the password."""

    def judge(reading: Reading, facts: Facts) -> str:
        if not want(parse_seen(facts[ASKED].out)):
            return ""
        try:
            found = json.loads(config(reading, facts))
        except ValueError:
            return "its configuration cannot be read, and Funnel shows the gateway to everyone"
        leak = find_leak(product, found if isinstance(found, dict) else {})
        return f"Funnel shows the gateway to everyone, and {leak}" if leak else ""

    hint = f"correct `auth:` and `config:`, or clawprov funnel off {host}"
    read = sh("cat {} 2>/dev/null", path) if path else sh(":")
    return Check("preflight:funnel-config", read, judge, hint)


def warning(host: str, gateway_port: int, want: Wanted) -> Check:
    """What the world sees, told before it does."""

    def judge(reading: Reading, facts: Facts) -> str:
        seen = parse_seen(facts[ASKED].out)
        port = want(seen)
        if not port or seen.public(gateway_port):
            return ""
        url = show_address(seen.node.name or "NAME", port)
        return (
            f"the whole internet will see {url}: its login page, and may try passwords; the name "
            "stands in public certificate logs for ever"
        )

    hint = f"clawprov funnel off {host} closes it"
    return Check("funnel:public", sh(":"), judge, hint, note=True)


def open_now(host: str, gateway_port: int, *, wished: bool = False) -> Check:
    """Whether the whole internet gets to the gateway now, and until when.

    Where its inventory has `wished` for that, it is a word and no alarm.
    """

    def judge(reading: Reading, facts: Facts) -> str:
        seen = parse_seen(facts[ASKED].out)
        public = seen.public(gateway_port)
        if seen.record and not seen.answered:
            return "its Tailscale does not answer, so a Funnel may still be open"
        if not public:
            return ""
        end = ", as its inventory wishes" if wished else _end(seen)
        if any(route.session for route in public):
            end = f", as long as {HOLDER} holds that"
        return f"the whole internet gets in at {show_addresses(public)}{end}"

    off = f"clawprov funnel off {host}"
    hint = f"clawprov up {host}, without tailscale-funnel in `access:`" if wished else off
    id, told = WISHED if wished else OPEN, "closed to the internet"
    return Check(id, sh(":"), judge, hint, note=True, tell=lambda *_: told)


def _end(seen: Seen) -> str:
    if not seen.record or not seen.record.until:
        return ", until somebody closes it"
    at = datetime.fromtimestamp(seen.record.until, UTC).strftime("%F %H:%M UTC")
    left = seen.record.until - seen.now
    if left <= 0:
        return f", though it was to be closed at {at}"
    return f", until {at} (another {show_time(left)})"
