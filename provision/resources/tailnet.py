"""A server's place in a tailnet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from provision.model.facts import Facts, Probe
from provision.model.plan import Blocked, Change
from provision.model.secret import Secret
from provision.model.shell import Sh, joined, sh
from provision.model.tailnet import CONTROL, Node, parse_node, same_control
from provision.products.tailscale import STATUS, await_tags, rename, up, up_flags

PACKAGE = "tailscale:package"
HUMAN_S = 600
"""How long a login URL waits for somebody to open it, and a server for an admin's approval."""
STAMP = "/var/lib/clawprov/stamps/tailnet"
"""A server that has it was brought into its tailnet by clawprov, and by nobody before."""
_STAMPED = sh("mkdir -p {}; : >{}", STAMP.rpartition("/")[0], STAMP)
_OAUTH = "tskey-client-"

_WAITS = {
    "Stopped": "was taken down",
    "NeedsMachineAuth": "waits for an admin's approval",
    "NoState": "waits for its control server",
}
"""What a server that has been logged in once is up to, by the state of its Tailscale."""


@dataclass(frozen=True, slots=True)
class Join:
    """The server as a node of a tailnet, let in by `auth_key`, or without one by a person.

    That may be an OAuth client's secret, too, which goes with `tags` ("tag:..."). A server that is
    in a tailnet already stays there with all its settings; of these only `hostname` and `tags`
    are ours. `login_server` is the control server's URL, "" for Tailscale's own, or for whichever
    the server is with. A person who is asked has `limit_s` seconds.
    """

    auth_key: Secret | None = None
    tags: tuple[str, ...] = ()
    hostname: str = ""
    login_server: str = ""
    limit_s: int = HUMAN_S
    id: str = "tailnet:join"

    def probe(self) -> Probe:
        return Probe(self.id, STATUS)

    def node(self, facts: Facts) -> Node:
        """The server's node as it was found; its state is "" without Tailscale."""
        _, _, rest = facts[self.id].out.partition("status=\n")
        status, _, prefs = rest.partition("\nprefs=\n")
        return parse_node(status, prefs)

    def elsewhere(self, facts: Facts) -> str:
        """That it is in another tailnet than the wished one, where it is left, or ""."""
        node, wished = self.node(facts), same_control(self.login_server)
        if not (node.keyed and self.login_server) or node.control_url == wished:
            return ""
        whose = f" of {node.user}" if node.user else ""
        return f"it is in a tailnet{whose} at {node.control_url}, not at {wished}"

    def obstacle(self, facts: Facts) -> str:
        """Why the server cannot join, or must not, or ""."""
        if told := self.elsewhere(facts):
            return told
        if self.auth_key is None or not isinstance(self.diff(facts), Change):
            return ""
        if self.auth_key.value.startswith("tskey-api-"):
            return "what is given is a key for Tailscale's API, and lets no machine in"
        if self.auth_key.value.startswith(_OAUTH) and not self.tags:
            return "an OAuth client's secret lets in machines with tags alone"
        return ""

    def diff(self, facts: Facts) -> Change | Blocked | None:
        node, seen = self.node(facts), facts[self.id].pairs()
        if not node.state and ("there" in seen or "left" in seen):
            return Blocked(self.id, PACKAGE)
        if self.elsewhere(facts):
            return None
        missing = [tag for tag in self.tags if tag not in node.tags]
        if node.on and missing:
            why = f"it has no {', '.join(missing)}"
            return Change(self.id, "update", self._up(node), why)
        if node.on:
            return self._rename(node)
        waits = _WAITS.get(node.state, "")
        if waits and (node.state != "NoState" or (node.keyed and not node.expired)):
            # Without words it changes no setting, and asks for no login where none is due.
            return Change(self.id, "start", (up((), self.limit_s, None),), waits)
        why = "by its key" if self.auth_key else "you are asked to log it in"
        why = "its login has expired" if node.keyed else why
        *before, last = self._up(node)
        last = last if node.keyed else joined([last, _STAMPED])
        return Change(self.id, "join", (*before, last), why)

    def _rename(self, node: Node) -> Change | None:
        if not self.hostname or node.hostname == self.hostname:
            return None
        why = f"asks for the name {self.hostname}"
        return Change(self.id, "update", rename(self.hostname), why)

    def _up(self, node: Node) -> tuple[Sh, ...]:
        key = _line(self.auth_key) if self.auth_key else None
        # A key is heeded at once; forced to, Tailscale may use it twice, and most are good for one.
        again = ["--force-reauth"] if node.keyed and not key else []
        words = [*self._flags(node), *again]
        login = up(words, self.limit_s, key, forget=bool(key) and not node.keyed)
        return (login, await_tags(self.tags)) if self.tags else (login,)

    def _flags(self, node: Node) -> Iterator[str]:
        """All that differs from the defaults: `tailscale up` refuses to drop any of it.

        Tags of a server that is logged out may be those for which it was refused before.
        """
        flags = up_flags(node.prefs)
        if "advertise-tags" in flags and not node.keyed:
            flags["advertise-tags"] = ""
        kept = node.control_url if node.keyed else CONTROL
        flags["login-server"] = self.login_server or kept
        if self.hostname:
            flags["hostname"] = self.hostname
        if self.auth_key and not self.auth_key.value.startswith("tskey-"):
            # Keys of other control servers bring their tags, and bear no asking for them.
            flags |= {"advertise-tags": ""} if "advertise-tags" in flags else {}
        elif self.tags:
            flags["advertise-tags"] = ",".join(self.tags)
        for name, value in flags.items():
            yield f"--{name}={value}"


def _line(key: Secret) -> Secret:
    """The key as the line that `tailscale up` reads.

    An OAuth secret makes a node that stays, and needs nobody's approval; one with words of its
    own after the "?" keeps them.
    """
    value = key.value
    if value.startswith(_OAUTH) and "?" not in value:
        value += "?ephemeral=false&preauthorized=true"
    return replace(key, value=f"{value}\n", shown=f"{key.shown}\n")
