"""Every hardening profile runs both real gateways and what they do, and closes what it says."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from machines import Server, await_in, out, show
from persons import Person
from sandbox import exposure, look_inside, offer_metadata

from provision.lab import Box

WORKS = {
    "shell": "10240",
    "fork": "forked",
    "worker": "worked",
    "sqlite": "the quick fox",
    "interfaces": True,
    "egress": "open",
}
TRIES = [
    ("clawdbot", "strict", 1.1),
    ("clawdbot", "off", 10.0),
    ("clawdbot", "balanced", 1.3),
    ("openclaw", "strict", 1.3),
    ("openclaw", "off", 10.0),
    ("openclaw", "balanced", 1.5),
]


@dataclass(frozen=True)
class Gateway:
    """A real gateway on a box, and whoever looks after it."""

    box: Box
    owner: Person
    product: str

    @property
    def service(self) -> str:
        return f"{self.product}-gateway.service"

    @property
    def config(self) -> str:
        return f"/var/lib/{self.product}/.{self.product}/{self.product}.json"


@pytest.fixture(scope="module")
def gateways(server: Server, successor: tuple[Box, Person]) -> dict[str, Gateway]:
    box, owner = successor
    for each in (server.box, box):
        offer_metadata(each)
    return {
        "clawdbot": Gateway(server.box, server.owner, "clawdbot"),
        "openclaw": Gateway(box, owner, "openclaw"),
    }


@pytest.mark.parametrize(("product", "profile", "worst"), TRIES)
def test_a_profile_runs_the_gateway_and_closes_the_rest(
    gateways: dict[str, Gateway], product: str, profile: str, worst: float
) -> None:
    it = gateways[product]
    wishing = it.owner.wishing(it.box.name, profile=profile)
    said = wishing.run("up", it.box.name, "--json")
    assert said.exit == 0, said
    assert said.answer["proof"]["ok"]
    assert exposure(it.box, it.service) <= worst
    inside = look_inside(it.box, product)
    assert {name: inside[name] for name in WORKS} == WORKS
    closed = profile != "off"
    assert (inside["metadata"] == "open") is not closed
    assert ("EROFS" in inside["etc"]) is closed
    assert "EACCES" in inside["root"]
    if product == "openclaw":
        plugins = json.loads(out(it.box, "openclaw gateway call health --json"))["plugins"]
        assert {"memory-core", "anthropic"} <= set(plugins["loaded"])
        assert plugins["errors"] == []
    assert inside["secret"] == ([] if product == "openclaw" else ["CLAWDBOT_GATEWAY_TOKEN"])
    assert wishing.run("up", it.box.name, "--json").planned == []


@pytest.fixture
def openclaw(gateways: dict[str, Gateway]) -> Gateway:
    return gateways["openclaw"]


def test_clawdbot_starts_again_from_its_caches(gateways: dict[str, Gateway]) -> None:
    it = gateways["clawdbot"]
    caches = "find /var/lib/clawdbot/tmp/jiti -type f"
    assert int(out(it.box, f"{caches} | wc -l")) > 500
    out(it.box, "touch /run/before; systemctl restart clawdbot-gateway")
    await_in(it.box, "ss -Hltn 'sport = :18789' | grep -q .")
    assert out(it.box, f"{caches} -newer /run/before | wc -l") == "0"


def test_openclaw_finds_its_secret_and_none_of_its_processes_has_it(openclaw: Gateway) -> None:
    secret = openclaw.owner.copy(openclaw.box.name).read_text().strip()
    assert len(out(openclaw.box, "pgrep -u openclaw").splitlines()) > 1
    environments = "cat $(pgrep -u openclaw | sed 's|.*|/proc/&/environ|')"
    assert secret not in out(openclaw.box, f"{environments} | tr '\\0' '\\n'")
    found = openclaw.box.run(f"grep -raslF --exclude-dir=proc --exclude-dir=sys -e '{secret}' /")
    assert set(found.stdout.split()) == {
        "/etc/openclaw/gateway.env",
        "/etc/openclaw/credentials/gateway-secret",
        "/run/credentials/openclaw-gateway.service/gateway-secret",
        "/run/openclaw/gateway-secret",
    }
    modes = "stat -c '%U %a' /etc/openclaw/credentials /etc/openclaw/credentials/*"
    assert out(openclaw.box, modes) == "root 700\nroot 600"
    assert out(openclaw.box, "stat -c '%U %a' /run/openclaw/*") == "openclaw 600"


def test_openclaw_that_ends_to_be_restarted_is_restarted(openclaw: Gateway) -> None:
    assert show(openclaw.box, "NRestarts", unit=openclaw.service)["NRestarts"] == "0"
    out(openclaw.box, "openclaw config set gateway.controlUi.basePath /ui")
    await_in(openclaw.box, f"[ $(systemctl show -P NRestarts {openclaw.service}) = 1 ]")
    await_in(openclaw.box, "curl -fs http://127.0.0.1:18789/readyz", seconds=240)
    assert show(openclaw.box, "Result", unit=openclaw.service)["Result"] == "success"
    out(openclaw.box, "openclaw config set agents.defaults.thinkingDefault low")  # has a backup now
    mended = openclaw.owner.run("up", openclaw.box.name, "--json")
    assert (mended.exit, mended.planned[0]) == (0, f"file:{openclaw.config}"), mended
    assert "basePath" not in out(openclaw.box, f"cat {openclaw.config}")


def test_openclaw_that_cannot_use_its_configuration_stays_down_until_it_is_mended(
    openclaw: Gateway,
) -> None:
    out(openclaw.box, f'sed -i \'s/"local"/"remote"/\' {openclaw.config}')
    out(openclaw.box, f"systemctl restart {openclaw.service}")
    await_in(openclaw.box, f"[ $(systemctl show -P ActiveState {openclaw.service}) = failed ]")
    seen = show(openclaw.box, "ExecMainStatus", "NRestarts", unit=openclaw.service)
    assert seen == {"ExecMainStatus": "78", "NRestarts": "0"}
    assert openclaw.owner.run("up", openclaw.box.name).exit == 0
