"""What a node serves on its tailnet, as `tailscale serve status --json` tells it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from provision.model.tailnet import CONTROL, Node

ADMIN = "https://login.tailscale.com"
_LOOPBACK = re.compile(r"[a-z+]+://(?:127\.0\.0\.1|localhost|\[::1\]):([0-9]{1,5})(?:/.*)?")


@dataclass(frozen=True, slots=True)
class Route:
    """One thing that is served: what comes for `host` on `port` below `path` goes to `target`.

    `host` and `path` are "" for a port that is forwarded as it is. `session` names the foreground
    process that holds it, "" for one that stays; `public` says that Funnel lets the world in.
    """

    host: str
    port: int
    path: str
    target: str
    session: str = ""
    public: bool = False

    def leads_to(self, ports: Collection[int]) -> bool:
        """Whether it ends at one of these ports of the server's own loopback."""
        found = _LOOPBACK.fullmatch(self.target)
        return found is not None and int(found[1]) in ports

    def __str__(self) -> str:
        place = f"https://{self.host}{self.path}" if self.port == 443 and self.host else ""
        return place or f"port {self.port}"


def parse_routes(text: str) -> tuple[Route, ...]:
    """Every route of a node, those of foreground processes too; the format is not promised."""
    config = _object(text)
    parts = [("", config), *_mapping(config, "Foreground").items()]
    allowed = [place for _, part in parts for place in _mapping(part, "AllowFunnel").items()]
    public = {place for place, on in allowed if on is True}  # whoever has opened it, for all parts
    return tuple(route for session, part in parts for route in _routes(part, session, public))


def _routes(config: object, session: str, public: Collection[str]) -> Iterator[Route]:
    for key, web in _mapping(config, "Web").items():
        host, _, port = key.rpartition(":")
        for path, handler in _mapping(web, "Handlers").items():
            if port.isdecimal():
                yield Route(host, int(port), path, _target(handler), session, key in public)
    for port, tcp in _mapping(config, "TCP").items():
        forward = tcp.get("TCPForward") if isinstance(tcp, dict) else None
        if isinstance(forward, str) and forward and port.isdecimal():
            open_ = any(one.endswith(f":{port}") for one in public)
            yield Route("", int(port), "", f"tcp://{forward}", session, open_)


def _target(handler: object) -> str:
    words = handler.values() if isinstance(handler, dict) else ()
    return next((word for word in words if isinstance(word, str)), "")


def find_hindrance(node: Node) -> str:
    """Why its tailnet lets a node serve nothing over https, and where that is changed; or ""."""
    own = node.control_url != CONTROL
    if not node.magic_dns:
        where = "dns.magic_dns of your control server" if own else f"{ADMIN}/admin/dns"
        return f"MagicDNS is off in this tailnet: switch it on ({where})"
    if "https" not in node.caps:
        page = f"{ADMIN}/f/serve?node={node.id}" if node.id else f"{ADMIN}/admin/dns"
        where = 'the attribute "https" in the policy of your control server' if own else page
        return f"HTTPS is off in this tailnet: switch it on ({where})"
    if node.name not in node.cert_domains:
        where = "your control server" if own else f"{ADMIN}/admin/dns"
        return f"this tailnet has no certificate for {node.name}: see {where}"
    return ""


def without(text: str, routes: Iterable[Route]) -> str:
    """The configuration in `text` as JSON, without these `routes` of web servers that stay."""
    config = json.loads(text)
    for route in routes:
        key = f"{route.host}:{route.port}"
        handlers = config["Web"][key]["Handlers"]
        del handlers[route.path]
        if not handlers:
            del config["Web"][key]
            (config.get("AllowFunnel") or {}).pop(key, None)
        if not any(one.endswith(f":{route.port}") for one in config["Web"]):
            (config.get("TCP") or {}).pop(str(route.port), None)
    return json.dumps({key: value for key, value in config.items() if value}, indent=2)


def _object(text: str) -> Mapping[str, object]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _mapping(of: object, key: str) -> Mapping[str, object]:
    value = of.get(key) if isinstance(of, dict) else None
    return value if isinstance(value, dict) else {}
