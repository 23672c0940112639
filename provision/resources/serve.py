"""The gateway on its tailnet, over https: one route of `tailscale serve`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from provision.model.facts import Facts, Probe
from provision.model.plan import Blocked, Change
from provision.model.routes import LIMIT_S, STATUS, ask_ports, forget, read_config
from provision.model.secret import Secret
from provision.model.serve import Route, find_hindrance, parse_routes
from provision.model.shell import Sh, sh
from provision.model.tailnet import Node

PORT = 443
STAMP = "/var/lib/clawprov/stamps/serve"
FAILED = "/run/clawprov/serve.failed"
CLAIM_S, FRESH_S = 45, 300
"""How long a gateway may take to get its route, and how long after its start it may still do so."""
GONE_S = 10
"""How long Tailscale may take to notice that who has held a route is gone."""
JOIN = "tailnet:join"


@dataclass(frozen=True, slots=True)
class Serve:
    """https://NAME/ of the tailnet leads to the gateway, `unit` on `port`; routes of others stay.

    The route is a background one of root's, or one that the gateway holds itself (`by_gateway`),
    as long as it runs. One that clawprov has made is known by a stamp, and taken away again when
    it is not `wished`. What fails is written down under `attempt`, tried again with another one
    only, and fails no plan: the gateway runs, and a check tells.
    """

    unit: str
    port: int
    node: Callable[[Facts], Node]
    attempt: Secret
    by_gateway: bool = False
    wished: bool = True
    id: str = "tailscale:serve"

    def probe(self) -> Probe:
        look = sh(
            "command -v tailscale >/dev/null || exit 0\n"
            'echo "stamp=$(cat {} 2>/dev/null)"\n'
            'echo "attempt=$(head -n 1 {} 2>/dev/null)"\n'
            'echo "said=$(tail -n +2 {} 2>/dev/null | tr -s "[:space:]" " " | cut -c 1-400)"\n'
            'echo "own="$({})\n'
            "echo content=\n{}",
            *(STAMP, FAILED, FAILED, ask_ports(self.unit), STATUS),
        )
        return Probe(self.id, look)

    @property
    def target(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def routes(self, facts: Facts) -> tuple[Route, ...]:
        return parse_routes(read_config(facts[self.id]))

    def route(self, facts: Facts) -> Route | None:
        """The gateway's route, under the name that the node has now."""
        name = self.node(facts).name
        found = [r for r in self._ours(facts) if r.host == name]
        if self.by_gateway:
            return next((r for r in found if r.session), None)
        return next((r for r in found if not r.session and r.target == self.target), None)

    def obstacle(self, facts: Facts) -> str:
        """What of somebody else's is in the way of the route, or ""."""
        ours = self._ours(facts)
        for route in self.routes(facts):
            beside = route.path not in ("", "/") and not route.session
            if route.port != PORT or route in ours or (beside and not self.by_gateway):
                continue
            who = "is held by a program that serves" if route.session else "leads to"
            return f"port 443 of this node {who} {route.target} already"
        return ""

    def trouble(self, facts: Facts) -> str:
        """Why the route is not there, or ""."""
        node = self.node(facts)
        if not node.joined:
            return "the server is in no tailnet"
        if self.route(facts):
            return ""
        said = facts[self.id].pairs().get("said", "")
        known = self.obstacle(facts) or find_hindrance(node)
        return known or f"https://{node.name}/ leads nowhere{f': {said}' if said else ''}"

    def able(self, facts: Facts) -> bool:
        """Whether nothing keeps the route from being there."""
        node = self.node(facts)
        return node.joined and not self.obstacle(facts) and not find_hindrance(node)

    def diff(self, facts: Facts) -> Change | Blocked | None:
        node, seen = self.node(facts), facts[self.id].pairs()
        if not self.wished:
            return self._removal(facts)
        if not node.joined:
            return Blocked(self.id, JOIN)
        if seen.get("attempt") == self.attempt.value or not self.able(facts):
            return None
        stale = tuple(r for r in self._ours(facts) if r.host != node.name and not r.session)
        if self.route(facts) and not stale:
            return None
        away = forget(stale, read_config(facts[self.id]))
        if self.by_gateway:
            why = f"the gateway holds no https://{node.name}/"
            return Change(self.id, "restart", (*away, self._claim(node)), why)
        why = f"https://{node.name}/ leads to it" if not stale else f"was {stale[0].host}"
        return Change(self.id, "update" if stale else "create", (*away, self._serve(node)), why)

    def _ours(self, facts: Facts) -> tuple[Route, ...]:
        """The routes of this gateway's, whatever the node was called when they were made."""
        seen = facts[self.id].pairs()
        known = {self.target, seen.get("stamp", "").partition(" ")[2] or self.target}
        if self.by_gateway:
            known |= {f"http://127.0.0.1:{port}" for port in seen.get("own", "").split()}
        found = (r for r in self.routes(facts) if (r.port, r.path) == (PORT, "/"))
        return tuple(r for r in found if r.target in known)

    def _removal(self, facts: Facts) -> Change | Blocked | None:
        """Of a route that we have made; one without a stamp is the gateway's, or somebody's own."""
        if self.by_gateway and (held := self.route(facts)):
            why = f"https://{held.host}/ still leads to the gateway"
            return Change(self.id, "remove", (self._await_end(self.node(facts)),), why)
        host, _, target = facts[self.id].pairs().get("stamp", "").partition(" ")
        if not host:
            return None
        text = read_config(facts[self.id])
        if not text:  # it may be there, and comes back with tailscaled
            return Blocked(self.id, JOIN)
        ours = tuple(r for r in self._ours(facts) if r.target == target and not r.session)
        commands = (*forget(ours, text), sh("rm -f {}", STAMP))
        return Change(self.id, "remove", commands, f"https://{host}/ still leads to the gateway")

    def _serve(self, node: Node) -> Sh:
        return sh(
            "serve() {\n"
            "  timeout -k 5 {} tailscale serve --bg --yes --https=443 {} </dev/null 2>&1\n}\n"
            'said=$(serve) || case $said in *"try again"*) sleep 1; said=$(serve) || :;; esac\n'
            "{}\nif there; then (umask 077; mkdir -p {}; echo {} >{}; rm -f {})\nelse {}; fi",
            *(LIMIT_S, self.target, self._there(node, f'{{"Proxy":"{self.target}"')),
            *(STAMP.rpartition("/")[0], f"{node.name} {self.target}", STAMP, FAILED),
            self._write_down,
        )

    def _claim(self, node: Node) -> Sh:
        """A gateway that has only just started is waited for, another one is started anew."""
        return sh(
            "{}\nawait() { left=$1; until there; do [ $left -gt 0 ] || return 1; "
            'tell "waiting for its route, $left s"; sleep 1; left=$((left - 1)); done; }\n'
            "started=$(systemctl show {} -p ExecMainStartTimestampMonotonic)\n"
            "read -r up _ </proc/uptime; age=$((${up%.*} - ${started#*=} / 1000000))\n"
            "{ [ $age -lt {} ] && await {}; } || { systemctl restart {}; await {}; } || {\n"
            "said=$(journalctl -q -o cat -n 50 -u {} | grep -F tailscale | tail -n 3)\n"
            "{}; exit 0; }\nrm -f {}",
            *(self._there(node, ""), self.unit, FRESH_S, CLAIM_S, self.unit, CLAIM_S, self.unit),
            *(self._write_down, FAILED),
        )

    def _await_end(self, node: Node) -> Sh:
        """It ends with the gateway's life in which it was claimed."""
        return sh(
            "{}\nleft={}\nwhile there; do\n"
            "  [ $left -gt 0 ] || { echo the gateway still holds its route; exit 1; }\n"
            "  sleep 1; left=$((left - 1))\ndone",
            self._there(node, ""),
            GONE_S,
        )

    def _there(self, node: Node, handler: str) -> Sh:
        """A function of shell: whether the route is there, whatever a command has said.

        What a gateway holds itself stands after all routes that stay.
        """
        mark = f'"{node.name}:443":{{"Handlers":{{"/":{handler}'
        held = sh(""" | grep -o '"Foreground":.*'""" if self.by_gateway else "")
        return sh("there() { {} | tr -d '[:space:]'{} | grep -qF {}; }", STATUS, held, mark)

    @property
    def _write_down(self) -> Sh:
        return sh(
            '(umask 077; mkdir -p {}; printf "%s\\n%s\\n" {} "$said" >{}); printf "%s\\n" "$said"',
            FAILED.rpartition("/")[0],
            self.attempt,
            FAILED,
        )
