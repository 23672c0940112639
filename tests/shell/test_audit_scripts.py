"""The questions of an audit in real shells: names come out, and never a secret."""

from __future__ import annotations

import os
import re

import pytest
from place import Place

from provision.checks.addresses import own_addresses
from provision.checks.audit import build_rules
from provision.engine.frames import pack_probes, unpack
from provision.model.facts import Facts, Probe
from provision.model.finding import Finding
from provision.model.shell import sh

NONCE = "5ca1ab1e5ca1ab1e"
CANARY = "hunter2canary"
OTHERS = r"""for last; do :; done
case $* in *--reuid=nobody*" test -r "*) case $(stat -c %A "$last") in ???????r*) exit 0 ;; esac
  exit 1 ;; *--reuid=nobody*) exit 1 ;; esac
while [ "$1" != -- ]; do shift; done; shift; exec "$@" """


def find(place: Place, rule: str) -> Finding | None:
    """What a rule finds at this place, where ada lives; what it reads holds no secret."""
    home = place.root / "Ada Lovelace"
    place.fake("getent", f"echo 'ada:x:1000:{os.getgid()}::{home}:/bin/bash'")
    place.fake("setpriv", OTHERS)
    place.fake("pgrep", "exit 1")
    (asked,) = [one for one in build_rules() if one.id == f"audit:{rule}"]
    out = place.run(pack_probes([Probe(asked.id, asked.script)], NONCE))
    assert CANARY not in out
    reading = unpack(out, NONCE)[asked.id]
    assert reading.exit == 0, out
    return asked.judge(reading, Facts({asked.id: reading}))


def write(place: Place, path: str, text: str, mode: int = 0o600) -> None:
    file = place.root / "Ada Lovelace" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(mode)


def evidence(place: Place, rule: str) -> list[str]:
    found = find(place, rule)
    home = f"{place.root}/Ada Lovelace/"
    return [line.replace(home, "~/") for line in found.evidence] if found else []


def test_what_was_typed_with_a_secret_is_found_by_line_and_name(place: Place) -> None:
    lines = [
        "ls",
        f'export CLAWDBOT_GATEWAY_PASSWORD="{CANARY}"',
        "export CLAWDBOT_GATEWAY_PASSWORD=$(pass show gateway)",
        "export CLAWDBOT_GATEWAY_PASSWORD=",
        f"OPENAI_API_KEY={CANARY} openclaw onboard",
        f"openclaw onboard --anthropic-api-key {CANARY}",
        "clawdbot gateway --token $TOKEN",
        f"clawdbot health --url ws://x --password '{CANARY}'",
    ]
    write(place, ".bash_history", "\n".join(lines))
    assert evidence(place, "history") == [
        "~/.bash_history:2: CLAWDBOT_GATEWAY_PASSWORD",
        "~/.bash_history:5: OPENAI_API_KEY",
        "~/.bash_history:6: --anthropic-api-key",
        "~/.bash_history:8: --password",
    ]


def test_a_history_without_secrets_is_nothing_to_tell(place: Place) -> None:
    write(place, ".bash_history", "ls\nclawdbot health --password\nexport PATH=/x\n")
    assert find(place, "history") is None


def test_secrets_of_a_login_are_found_and_comments_are_not(place: Place) -> None:
    place.fake("systemctl", f"echo PATH=/bin; echo CLAWDBOT_GATEWAY_TOKEN={CANARY}")
    write(place, ".bashrc", f"# A_TOKEN={CANARY}\nexport ANTHROPIC_API_KEY={CANARY}\n")
    assert evidence(place, "profiles") == [
        "~/.bashrc:2: ANTHROPIC_API_KEY",
        "systemctl show-environment:2: CLAWDBOT_GATEWAY_TOKEN",
    ]


UNIT = f"""[Service]
ExecStart="/usr/bin/node" "/usr/lib/openclaw/dist/index.js" gateway --port 18789
Environment="PATH=/bin" OPENCLAW_GATEWAY_TOKEN={CANARY}
Environment=HOME=/home/ada OPENCLAW_GATEWAY_PORT=18789
Environment="CLAWDBOT_GATEWAY_PASSWORD={CANARY}"
"""


@pytest.mark.parametrize(("mode", "severity"), [(0o644, "serious"), (0o600, "minor")])
def test_secrets_of_a_unit_are_found_by_line_and_name(
    place: Place, mode: int, severity: str
) -> None:
    write(place, ".config/systemd/user/openclaw-gateway.service", UNIT, mode)
    write(place, ".config/systemd/user/clawdbot-ssh-tunnel.service", "ExecStart=ssh -N clawdbot\n")
    found = find(place, "unit-secret")
    assert found is not None
    assert found.severity == severity
    assert [line.rpartition("/")[2] for line in found.evidence] == [
        "openclaw-gateway.service:3: OPENCLAW_GATEWAY_TOKEN",
        "openclaw-gateway.service:5: CLAWDBOT_GATEWAY_PASSWORD",
    ]
    assert bool(found.fix) == (severity == "serious")


def test_a_unit_that_takes_its_secret_from_a_file_is_nothing_to_tell(place: Place) -> None:
    text = "ExecStart=node x/clawdbot/entry.js gateway\nEnvironmentFile=/etc/x\nEnvironment=A=b\n"
    write(place, ".config/systemd/user/clawdbot-gateway.service", text)
    assert find(place, "unit-secret") is None


def test_files_that_everybody_can_read_are_found_and_nothing_else(place: Place) -> None:
    write(place, ".clawdbot/clawdbot.json", "{}", 0o644)
    write(place, ".clawdbot/clawdbot.json.bak", "{}", 0o600)
    write(place, ".clawdbot/credentials/my key.json", "{}", 0o604)
    write(place, ".clawdbot/update-check.json", "{}", 0o644)
    found = evidence(place, "modes")
    assert [line.partition(" ")[0] for line in found] == ["-rw-r--r--", "-rw----r--"]
    assert [line.partition("~/")[2] for line in found] == [
        ".clawdbot/clawdbot.json",
        ".clawdbot/credentials/my key.json",
    ]


def test_a_release_is_found_by_what_its_unit_starts(place: Place) -> None:
    package = place.root / "lib/node_modules/clawdbot"
    (package / "dist").mkdir(parents=True)
    (package / "dist/entry.js").touch()
    (package / "package.json").write_text('{\n  "name": "clawdbot",\n  "version": "2026.1.24"\n}\n')
    (place.root / "clawdbot").symlink_to(package / "dist/entry.js")
    unit = f"[Service]\nExecStart=/usr/bin/node {place.root}/clawdbot gateway\n"
    write(place, ".config/systemd/user/clawdbot-gateway.service", unit)
    found = find(place, "version")
    assert found is not None
    assert found.evidence == (f"clawdbot 2026.1.24 in {package}",)


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ("-P INPUT ACCEPT", False),
        ("-P INPUT ACCEPT\n-A INPUT -p tcp --dport 22 -j ACCEPT", False),
        ("-P INPUT ACCEPT\n-A INPUT -s 192.0.2.1/32 -j DROP", False),
        ("-P INPUT ACCEPT\n-A INPUT -j REJECT --reject-with icmp-host-prohibited", True),
        ("-P INPUT DROP", True),
    ],
)
def test_rules_that_let_nothing_else_in_are_a_firewall(
    place: Place, rules: str, found: bool
) -> None:
    for name in ("nft", "ufw"):
        place.fake(name, "exit 1")
    place.fake("iptables", f"cat <<'E'\n{rules}\nE")
    (asked,) = [one for one in build_rules() if one.id == "audit:firewall"]
    out = place.run(pack_probes([Probe(asked.id, asked.script)], NONCE))
    assert (unpack(out, NONCE)[asked.id].pairs().get("firewall") == "iptables") is found


def test_who_cannot_be_asked_for_processes_has_not_answered(place: Place) -> None:
    place.fake("ss", "echo tcp LISTEN 0 9 0.0.0.0:18789 0.0.0.0:*")
    (asked,) = [one for one in build_rules() if one.id == "audit:gateway-port"]
    text = pack_probes([Probe(asked.id, asked.script)], NONCE).text
    nowhere = re.sub(r"\nPATH=\S+", "\nPATH=/nowhere", text, count=1)
    assert unpack(place.run(nowhere), NONCE)[asked.id].exit == 3


def test_a_pipe_that_nobody_writes_into_holds_up_no_audit(place: Place) -> None:
    unit = ".config/systemd/user/clawdbot-gateway.service"
    write(place, unit, "[Service]\nExecStart=/usr/bin/clawdbot gateway\n")
    folder = place.root / "Ada Lovelace" / f"{unit}.d"
    folder.mkdir()
    os.mkfifo(folder / "a.conf")
    os.mkfifo(folder.parent / "b.service")
    (folder / "b.conf").write_text(f"[Service]\nEnvironment=A_TOKEN={CANARY}\n")
    assert evidence(place, "unit-secret") == [f"~/{unit}.d/b.conf:2: A_TOKEN"]


ADDRESSES = """cat <<'E'
2: eth0    inet 203.0.113.7/24 brd 203.0.113.255 scope global eth0
2: eth0    inet6 2001:db8::7/64 scope global
3: docker0    inet 172.17.0.1/16 scope global docker0
4: br-1a2b    inet 172.18.0.1/16 scope global br-1a2b
5: tailscale0    inet 100.64.0.2/32 scope global tailscale0
E"""


def test_the_addresses_of_bridges_to_containers_are_nobody_elses_way(place: Place) -> None:
    place.fake("ip", ADDRESSES)
    path = sh("PATH={}:$PATH\n", str(place.fakes)).text
    own = ["203.0.113.7", "2001:db8::7"]
    assert place.run(path + own_addresses().text).split() == [*own, "100.64.0.2"]
    assert place.run(path + own_addresses("tailscale").text).split() == own
