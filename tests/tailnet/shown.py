"""Gateways that Funnel may show to the internet."""

from __future__ import annotations

import json
from dataclasses import dataclass

import yaml

from provision.lab import Box, Lab
from tests.box.up.persons import Person
from tests.tailnet.funnel import FunnelControl
from tests.tailnet.members import certify, name_of, out

SECRET = "a-password-of-more-than-24-characters"
STATUS = "tailscale serve status --json"


@dataclass(frozen=True)
class Shown:
    """A gateway that Funnel may show, and who owns it."""

    box: Box
    owner: Person
    control: FunnelControl

    def wishing(self, **keys: object) -> Person:
        """The owner, with the access that this inventory says."""
        lab = yaml.safe_load(self.owner.inventory.read_text())["hosts"][self.box.name]
        tailscale = lab.get("tailscale", {}) | {"login_server": self.control.url}
        usual = {"auth": {"mode": "password"}, "access": "tailscale-serve", "tailscale": tailscale}
        return self.owner.wishing(self.box.name, **(usual | keys))

    @property
    def name(self) -> str:
        """What it is called in MagicDNS."""
        return name_of(self.box.name)

    def routes(self) -> dict[str, object]:
        return json.loads(out(self.box, STATUS))


def bring_up(lab: Lab, box: Box, person: Person, control: FunnelControl, **keys: object) -> Shown:
    certify(lab.folder, box)
    authority = str(lab.folder.keys / "authority/lab-ca.crt")
    name = f"{keys.get('product', 'clawdbot')}_GATEWAY_PASSWORD".upper()
    owner = person.knowing(SSL_CERT_FILE=authority, **{name: SECRET})
    shown = Shown(box, owner, control)
    said = shown.wishing(**keys).run("up", box.name, seconds=480)
    assert said.exit == 0, said
    return shown
