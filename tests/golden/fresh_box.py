"""A Debian 12 as a provider hands it out, and every wish that the golden files are about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product as combined

from provision.engine.gather import Stack
from provision.engine.job import PROBE
from provision.engine.plan import build_plan, judge
from provision.model.facts import Facts, Reading
from provision.model.plan import Plan
from provision.model.product import Product
from provision.model.secret import Secret
from provision.model.spec import AuthSpec, BasicsSpec, Host, NodeSpec
from provision.products import find_product, read_lock
from provision.stacks.gateway import Gateway, build_gateway

NOW = 1767322800.0
NONCE = "5ca1ab1e5ca1ab1e"
FRESH = Secret("this-is-the-secret")

READ = {
    "tailscale": "",
    "node": "node=\ntype=absent\n",
    "release": "made=\nMemTotal=3915\nMemAvailable=3600\nSwapFree=0\n",
    "secret": "type=absent\ncontent=\n",
    "service": "ActiveState=inactive\nSubState=dead\nUnitFileState=\nMainPID=0\nstamp=\n",
    "file": "stamp=\ntype=absent\n",
    "directory": "type=absent\n",
    "link": "type=absent\n",
    "takeover": "stamp=\nrecord=\n",
    "user": "",
    "package": "",
    "swap": "container=none\nunit=\nkind=ext2/ext3\nfree=36000\nfile=0\n",
    "clock": "container=none\n",
    "sshd": "passwordauthentication=yes\nkbdinteractiveauthentication=no\ninclude=yes\nkeys=yes\n"
    "stamp=\ntype=absent\n",
    "firewall": "rival=\nssh 22\nopen 22\nopen 80\nlive=e3b0\nloaded=\nunit=\nstate= inactive\n"
    "type=absent\n",
}
ANSWERS = {
    PROBE.id: "ActiveState=inactive\nMainPID=0\nserial=0\n",
    "preflight:system": (
        'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n'
        "kernel=Linux\narch=x86_64\nuid=0\nsystemd=yes\n"
    ),
    "preflight:memory": "MemTotal:=3915\nSwapTotal:=0\n",
    "preflight:disk": "/opt=36000\n/var=36000\nroot=rw,relatime\n",
    "preflight:clock": f"{NOW:.0f}\n",
}


@dataclass(frozen=True)
class Wish:
    """One host of the golden files, by what makes a difference to them."""

    host: Host

    @property
    def product(self) -> Product:
        return find_product(self.host.product)

    @property
    def gateway(self) -> Gateway:
        return build_gateway(self.host, self.product, fresh=FRESH, clock=lambda: NOW)

    @property
    def stack(self) -> Stack:
        return self.gateway.stack

    @property
    def locks(self) -> tuple[str, str]:
        return read_lock(self.product, full=self.host.full)

    def facts(self) -> Facts:
        """What the box answers before anything was done to it."""
        readings = {r.id: Reading(0, READ[r.id.partition(":")[0]]) for r in self.stack.resources}
        checks = (*self.stack.preflight, *self.stack.checks)
        readings |= {check.id: Reading(0, ANSWERS.get(check.id, "")) for check in checks}
        return Facts(readings | {PROBE.id: Reading(0, ANSWERS[PROBE.id])})

    def plan(self) -> Plan:
        facts = self.facts()
        assert [v.problem for v in judge(self.stack.preflight, facts) if not v.ok] == []
        stack = self.stack
        return build_plan(stack.target, stack.resources, facts, product=stack.product)


def wish(product: str, profile: str = "balanced", mode: str = "token", node: str = "apt") -> Wish:
    auth, source = AuthSpec(mode), NodeSpec(source=node)  # type: ignore[arg-type]
    return Wish(
        Host("box", "192.0.2.1", product=product, profile=profile, auth=auth, node=source)  # type: ignore[arg-type]
    )


BASICS = BasicsSpec(
    updates=True, swap="1G", time_sync=True, ssh_keys_only=True, firewall=True, allow=("443",)
)


def with_basics() -> Wish:
    """A server that is to have everything beside the gateway, too."""
    bare = wish("clawdbot")
    return Wish(replace(bare.host, basics=BASICS))


PRODUCTS = ("clawdbot", "openclaw")
PROFILES = ("strict", "balanced", "off")
WISHES = [
    wish(*choice)
    for choice in combined(PRODUCTS, PROFILES, ("token", "password"), ("apt", "tarball"))
]


def name_of(wish: Wish) -> str:
    host = wish.host
    return f"{host.product}-{host.profile}-{host.auth.mode}-{host.node.source}"
