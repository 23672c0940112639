"""What is broken on a server for real is named by the doctor; one that is well is left alone."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from faults import Odd, crowd, drop_in
from machines import UNIT, Server, during, out, untouched
from patients import found, well
from persons import Person
from strangers import forwarded, knock

from provision.lab import Box
from provision.protocol.device import Device

ENTRY = "/opt/clawprov/clawdbot/current/node_modules/clawdbot/dist/entry.js"
CONFIG = "/var/lib/clawdbot/.clawdbot/clawdbot.json"
READ = ("operator.read",)
LOCAL = {"mode": "local", "bind": "loopback"}
TOKEN = "Environment=CLAWDBOT_GATEWAY_TOKEN=canary-of-a-unit"
OLD_NODE = "/opt/old/bin/node"
BAD = "/opt/bad/node_modules/clawdbot"
WELL = well()
TELEGRAM = {
    "gateway": LOCAL,
    "channels": {"telegram": {"enabled": True, "botToken": "1:x", "dmPolicy": "pairing"}},
    "plugins": {"entries": {"telegram": {"enabled": True}}},
}


@contextmanager
def rewritten(box: Box, path: str, change: str) -> Iterator[None]:
    """The file, changed by a sed script meanwhile."""
    with during(
        box, f"cp -a {path} /root/was; sed -i '{change}' {path}", f"cp -a /root/was {path}"
    ):
        yield


def test_a_server_that_is_well_has_no_finding_and_is_not_touched(server: Server) -> None:
    out(server.box, f"rm -f /var/lib/clawdbot/.clawdbot/devices/pending.json; {WELL}")
    with untouched(server.box):
        said = server.owner.run("doctor", server.name)
    assert (said.exit, said.out[:2]) == (0, "✓ "), said


def test_openclaw_that_is_well_has_no_finding(openclaw: Server) -> None:
    said = openclaw.owner.run("doctor", openclaw.name)
    assert (said.exit, said.out[:2]) == (0, "✓ "), said


CLAWDBOTS = [
    Odd("clawdbot-invalid", {"gateway": {**LOCAL, "colour": 1}}, lines=(TOKEN,)),
    Odd("clawdbot-mode", {}),
    Odd("clawdbot-secretless", {"gateway": {**LOCAL, "auth": {"mode": "password"}}}),
    Odd("clawdbot-funnel", {"gateway": {**LOCAL, "tailscale": {"mode": "funnel"}}}, lines=(TOKEN,)),
    Odd("clawdbot-lan", {"gateway": {"mode": "local", "bind": "lan"}}),
    Odd("clawdbot-heap", lines=("Environment=NODE_OPTIONS=--max-old-space-size=40",)),
    Odd("clawdbot-sandbox", lines=("MemoryDenyWriteExecute=yes",)),
    Odd("clawdbot-telegram", TELEGRAM),
    Odd("clawdbot", command="/usr/local/bin/clawdbot gateway start", lines=("User=root",)),
    Odd("clawdbot-nvm", command=f"/root/.nvm/versions/node/v22.1.0/bin/node {ENTRY} gateway"),
    Odd("clawdbot-old", command=f"{OLD_NODE} {ENTRY} gateway"),
    Odd("clawdbot-bad", command=f"/usr/bin/node {BAD}/index.js gateway", lines=("Restart=no",)),
]
STRANGE = (
    f"mkdir -p {OLD_NODE.rpartition('/')[0]} {BAD}; "
    f"printf '#!/bin/sh\\n[ \"$1\" = --version ] && echo v20.19.0\\nexit 1\\n' >{OLD_NODE}; "
    f"chmod 755 {OLD_NODE}; echo 'process.exit(1)' >{BAD}/index.js; "
    f'printf \'{{\\n  "name": "clawdbot",\\n  "version": "0.1.0"\\n}}\\n\' >{BAD}/package.json; '
    "cp -a /etc/hosts /root/hosts; echo 127.0.0.1 api.telegram.org >>/etc/hosts"
)


def test_gateways_that_do_not_start_are_each_named_with_their_cause(
    yard: Box, person: Person
) -> None:
    gone = "rm -rf /opt/old /opt/bad; cat /root/hosts >/etc/hosts"
    with during(yard, STRANGE, gone), crowd(yard, "clawdbot", CLAWDBOTS):
        seen = found(person, yard)
    assert set(seen) >= {
        *("config:invalid", "config:mode", "config:no-secret", "config:funnel-token"),
        *("config:lan", "memory:heap", "service:sandbox", "service:gateway-start"),
        *("program:gone", "program:node", "program:known-bad", "service:secret"),
        *("channel:telegram", "service:not-restarted"),
    }
    assert "colour" in seen["config:invalid"]["cause"]


OPENCLAWS = [
    Odd("openclaw-invalid", {"gateway": {**LOCAL, "colour": 1}}),
    Odd("openclaw-mode", {}),
    Odd("openclaw-secretless", {"gateway": {**LOCAL, "auth": {"mode": "password"}}}),
    Odd("openclaw-lan", {"gateway": {"mode": "local", "bind": "lan"}}),
    Odd("openclaw-heap", lines=("Environment=NODE_OPTIONS=--max-old-space-size=40",)),
    Odd("openclaw-sandbox", lines=("MemoryDenyWriteExecute=yes",)),
    Odd("openclaw-dead", {"gateway": {"mode": "remote"}}, lines=("Restart=on-failure",)),
]


def test_the_same_of_openclaw(openclaw: Server) -> None:
    with crowd(openclaw.box, "openclaw", OPENCLAWS):
        seen = found(openclaw.owner, openclaw.box)
    assert set(seen) >= {
        *("config:invalid", "config:mode", "config:no-secret", "config:lan"),
        *("memory:heap", "service:sandbox", "service:not-restarted"),
    }
    assert "colour" in seen["config:invalid"]["cause"]


def test_names_that_are_not_resolved_are_told_and_not_what_comes_of_it(
    yard: Box, person: Person
) -> None:
    dumb = "mount --bind /dev/null /etc/resolv.conf", "umount /etc/resolv.conf"
    with during(yard, *dumb), crowd(yard, "clawdbot", [Odd("clawdbot-nameless", TELEGRAM)]):
        seen = found(person, yard)
    assert set(seen) == {"network:dns"}
    assert "api.telegram.org" in seen["network:dns"]["cause"]


@pytest.fixture
def lurking(yard: Box) -> Iterator[Box]:
    """A server whose gateway runs, and on which much waits for the next start."""
    says = '{"name": "clawdbot", "version": "1.0.0", "bin": {"clawdbot": "cli"}}'
    package = (
        "mkdir -p /root/pkg; cd /root/pkg; echo '#!/bin/sh' >cli; chmod 755 cli; "
        f"echo '{says}' >package.json; cp /usr/local/bin/clawdbot /root/wrapper; "
        "npm install -q -g --force --prefix /usr/local . >/dev/null 2>&1"
    )
    theirs = "~alice/.config/systemd/user"
    unit = f"[Service]\\nExecStart=/usr/bin/node {ENTRY} gateway --port 18789\\n"
    user_unit = (
        f"mkdir -p {theirs}/default.target.wants; cd {theirs}; "
        f"printf '{unit}' >clawdbot-gateway.service; "
        "ln -s ../clawdbot-gateway.service default.target.wants/; chown -R alice: ~alice/.config"
    )
    undone = (
        "npm uninstall -q -g --prefix /usr/local clawdbot >/dev/null 2>&1; rm -rf /root/pkg; "
        "mv /root/wrapper /usr/local/bin/clawdbot; "
        f"rm -rf {theirs}; loginctl disable-linger alice; chown clawdbot: {CONFIG}; "
        f"systemctl enable -q {UNIT}"
    )
    lines = ("Environment=TMPDIR=/tmp", "Restart=no", "Environment=MY_API_TOKEN=canary-1")
    with during(yard, f"{package}; {user_unit}", undone), drop_in(yard, *lines):
        out(yard, f"chown root: {CONFIG}; systemctl disable -q {UNIT}")
        yield yard


def test_what_waits_for_the_next_start_is_named_and_mended_where_that_is_safe(
    lurking: Box, person: Person
) -> None:
    before = set(found(person, lurking))
    assert before >= {
        *("service:cold-cache", "service:not-restarted", "service:secret", "service:disabled"),
        *("program:shadowed", "config:unreadable", "port:duel", "service:linger"),
    }
    said = person.run("doctor", lurking.name, "--fix", "--yes", "--json")
    assert said.exit == 7, said
    mended = {"service:disabled", "config:unreadable", "service:linger"}
    assert set(said.done) == mended
    after = {finding["rule"] for finding in said.answer["findings"]}
    assert not after & mended
    assert after >= {"service:secret", "program:shadowed"}


def test_what_a_gateway_does_that_runs_is_named(yard: Box, person: Person) -> None:
    clock = "printf '#!/bin/sh\\necho $(($(/bin/date +%%s) - 3600))\\n' >/usr/local/sbin/date"
    wrong = person.with_secret("not-the-right-one-canary")
    with (
        during(yard, f"{clock}; chmod 755 /usr/local/sbin/date", "rm /usr/local/sbin/date"),
        rewritten(yard, CONFIG, "s/loopback/lan/"),
        drop_in(yard, "UnsetEnvironment=CLAWDBOT_DISABLE_BONJOUR"),
    ):
        out(yard, f"{WELL}; clawdbot agent --agent main --message hi >/dev/null 2>&1 || :")
        kept = out(
            yard, "sed -n 's/^CLAWDBOT_GATEWAY_TOKEN=\"\\(.*\\)\"/\\1/p' /etc/clawdbot/gateway.env"
        )
        with forwarded(yard) as port:
            device = Device(secrets.token_bytes(32))
            token = {"token": kept}
            knock(port, token, device, scopes=READ, behind="203.0.113.9", stays=True)
        seen = found(wrong, yard)
        out(yard, "rm /var/lib/clawdbot/.clawdbot/devices/pending.json")
        assert "device:forgotten" in found(person, yard)
    assert set(seen) >= {
        *("host:clock", "port:open", "port:mdns", "model:key", "secret:wrong", "device:asks"),
    }
    out(yard, WELL)
    assert found(person, yard, exit=0) == {}
    elsewhere = found(person, yard, "--gateway-port", "18800")["port:elsewhere"]
    assert elsewhere["cause"] == f"{UNIT} listens on port 18789"
    with rewritten(yard, "/etc/clawdbot/gateway.env", "s/TOKEN=.*/TOKEN=another/"):
        assert set(found(person, yard)) == {"secret:stale"}


def test_a_full_disk_is_named_before_what_comes_of_it(yard: Box, person: Person) -> None:
    fill = "fallocate -l $(df -Pk / | awk 'NR == 2 { print $4 - 1024 }')K /root/big"
    with during(yard, fill, "rm /root/big"):
        assert set(found(person, yard)) == {"host:disk-full"}


def test_a_gateway_that_asks_for_no_secret_is_named(yard: Box, person: Person) -> None:
    bare = json.dumps({"gateway": LOCAL, "browser": {"enabled": False}})
    keep = f"cp -a {CONFIG} /root/was; echo '{bare}' >{CONFIG}", f"cp -a /root/was {CONFIG}"
    with during(yard, *keep), drop_in(yard, "UnsetEnvironment=CLAWDBOT_GATEWAY_TOKEN"):
        out(yard, WELL)
        assert set(found(person, yard)) == {"secret:not-asked"}
    out(yard, WELL)
    assert found(person, yard, exit=0) == {}
