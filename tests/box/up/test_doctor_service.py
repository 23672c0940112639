"""A service that is not there, falls, or has another in its place, is named for what it is."""

from __future__ import annotations

import pytest
from faults import drop_in
from machines import LISTENING, Server, await_in, during, out
from patients import Patient
from persons import Person

from provision.lab import Box

STATE = "/var/lib/openclaw/.openclaw/state/openclaw.sqlite"
VERSION = f"""python3 -c '
import sqlite3, sys
with sqlite3.connect("{STATE}") as data:
    print(data.execute("pragma user_version").fetchone()[0])
    if sys.argv[1:]:
        data.execute(f"pragma user_version = {{sys.argv[1]}}")
'"""


@pytest.fixture
def clawdbot(yard: Box, person: Person) -> Patient:
    return Patient(yard, person)


@pytest.fixture(params=["clawdbot", "openclaw"])
def patient(request: pytest.FixtureRequest) -> Patient:
    """A server with either product."""
    if request.param == "clawdbot":
        return request.getfixturevalue("clawdbot")
    server: Server = request.getfixturevalue("openclaw")
    return Patient(server.box, server.owner, "openclaw")


def test_a_server_on_which_nothing_runs_a_gateway(patient: Patient) -> None:
    unit, file = patient.unit, f"/etc/systemd/system/{patient.unit}"
    hide = f"systemctl stop {unit}; mv {file} /root/unit; systemctl daemon-reload"
    back = f"mv /root/unit {file}; systemctl daemon-reload; {patient.well}"
    with during(patient.box, hide, back):
        assert patient.found() == {"service:none"}
    assert patient.found(exit=0) == set()


def test_a_gateway_that_falls_for_a_reason_nobody_knows(clawdbot: Patient) -> None:
    box, words = clawdbot.box, "never seen before, token=canary-of-a-log"
    with drop_in(box, "ExecStart=", f"ExecStart=/bin/sh -c 'echo {words}; exit 1'"):
        out(box, f"systemctl restart {clawdbot.unit}")
        await_in(box, clawdbot.fallen)
        seen = clawdbot.look()
    assert set(seen) == {"service:falling"}
    assert any("never seen before" in line for line in seen["service:falling"]["evidence"])
    out(box, clawdbot.well)


TAKEN = f"until {LISTENING}; do sleep 0.1; done"
STRANGER = "setsid python3 -m http.server 18789 >/dev/null 2>&1 </dev/null &"
HOLDERS = {
    "port:orphan": """
        line=$(systemctl cat UNIT | sed -n 's/^ExecStart=//p')
        cd /var/lib/PRODUCT; mkdir -p orphan/.PRODUCT
        echo '{"gateway": {"mode": "local", "auth": {"mode": "token", "token": "x"}}}' \\
          >orphan/.PRODUCT/PRODUCT.json
        chown -R PRODUCT: orphan
        export HOME=$PWD/orphan TMPDIR=$PWD/tmp PREFIX_DISABLE_BONJOUR=1 PREFIX_NO_RESPAWN=1
        setsid setpriv --reuid=PRODUCT --regid=PRODUCT --clear-groups \\
          $line >/dev/null 2>&1 </dev/null &""",
    "port:second-unit": "systemd-run -q --unit=other python3 -m http.server 18789",
    "port:stranger": STRANGER,
}
FREE = f"""
pid=$(ss -Hltnp 'sport = :18789' | sed -n '1s/.*pid=\\([0-9]*\\).*/\\1/p'); kill $pid
while {LISTENING}; do sleep 0.1; done"""


def test_who_has_the_gateways_port_is_named(patient: Patient) -> None:
    names = {"UNIT": patient.unit, "PRODUCT": patient.product, "PREFIX": patient.product.upper()}
    for rule, take in HOLDERS.items():
        for name, value in names.items():
            take = take.replace(name, value)
        out(patient.box, f"systemctl stop {patient.unit}")
        with during(patient.box, f"{take}\n{TAKEN}", f"systemctl stop {patient.unit}\n{FREE}"):
            out(patient.box, f"systemctl start {patient.unit}")
            if patient.product == "clawdbot":  # openclaw tries it again for minutes before it falls
                await_in(patient.box, patient.fallen)
            assert patient.found() == {rule}
    out(patient.box, f"rm -r /var/lib/{patient.product}/orphan; {patient.well}")


def test_a_gateway_whose_port_was_taken_and_is_free_again(clawdbot: Patient) -> None:
    box = clawdbot.box
    out(box, f"systemctl stop {clawdbot.unit}")
    with drop_in(box, "RestartSec=600"):
        with during(box, f"{STRANGER}\n{TAKEN}", FREE):
            out(box, f"systemctl start {clawdbot.unit}")
            await_in(box, clawdbot.fallen)
        assert clawdbot.found() == {"port:lost"}
    out(box, clawdbot.well)


def test_a_gateway_that_is_killed_is_told_to_have_had_too_little_memory(patient: Patient) -> None:
    out(patient.box, f"{patient.well}; systemctl kill -s KILL {patient.unit}")
    await_in(patient.box, patient.fallen)
    assert patient.found() == {"memory:killed"}
    out(patient.box, patient.well)


def test_a_gateway_that_systemd_has_given_up_is_started_again_once_it_can(
    patient: Patient,
) -> None:
    box, owner = patient.box, patient.owner
    with drop_in(
        box,
        "ExecStartPre=/bin/false",
        "RestartSec=0",
        section="StartLimitIntervalSec=600\nStartLimitBurst=1",
        unit=patient.unit,
    ):
        out(box, f"systemctl restart {patient.unit} || :")
        await_in(box, f"systemctl is-failed {patient.unit}")
        assert patient.found() == {"service:start-limit"}
        failed = owner.run("doctor", box.name, "--fix", "--yes")
        assert failed.exit == 6, failed
        assert f"next: run clawprov doctor --fix {box.name} again" in failed.err
        await_in(box, f"systemctl is-failed {patient.unit}")
    mended = owner.run("doctor", box.name, "--fix", "--yes")
    assert "✓ fixed service:start-limit" in mended.out, mended
    await_in(box, LISTENING)


def test_a_gateway_that_was_stopped_or_hidden_is_told_as_that(patient: Patient) -> None:
    box, unit = patient.box, patient.unit
    out(box, f"systemctl stop {unit}")
    assert patient.look()["service:down"]["cause"] == "somebody has stopped it"
    file = f"/etc/systemd/system/{unit}"
    hide = f"mv {file} /root/unit; ln -s /dev/null {file}; systemctl daemon-reload"
    back = f"rm {file}; mv /root/unit {file}; systemctl daemon-reload; {patient.well}"
    with during(box, hide, back):
        assert patient.found() == {"service:masked"}
    assert patient.found(exit=0) == set()


FAKE = """
import base64, hashlib, json, socketserver, sys
ANSWERS = {
    "protocol": {"code": "INVALID_REQUEST", "message": "protocol mismatch",
                 "details": {"expectedProtocol": 5}},
    "unpaired": {"code": "NOT_PAIRED", "message": "pairing required"},
}
class Gateway(socketserver.StreamRequestHandler):
    def handle(self):
        for line in iter(self.rfile.readline, b"\\r\\n"):
            if line.lower().startswith(b"sec-websocket-key:"):
                key = line.split()[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key).digest())
        self.wfile.write(b"HTTP/1.1 101 x\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
                         b"Sec-WebSocket-Accept: " + accept + b"\\r\\n\\r\\n")
        self.say({"type": "event", "event": "connect.challenge", "payload": {"nonce": "n"}})
        self.rfile.read(2)
        error = ANSWERS[sys.argv[1]]
        self.say({"type": "res", "id": "connect", "ok": False, "error": error})
        while self.rfile.read(1):
            pass
    def say(self, message):
        text = json.dumps(message).encode()
        length = len(text)
        size = bytes([126, length >> 8, length & 255] if length > 125 else [length])
        self.wfile.write(b"\\x81" + size + text)
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(("127.0.0.1", 18789), Gateway).serve_forever()
"""
IMPOSTORS = {
    "gateway:protocol": "/usr/bin/python3 /opt/fake.py protocol",
    "device:unpaired": "/usr/bin/python3 /opt/fake.py unpaired",
    "gateway:mute": "/usr/bin/python3 -m http.server -b 127.0.0.1 18789",
}


def test_what_answers_in_the_gateways_place_is_named(patient: Patient) -> None:
    with during(patient.box, f"cat >/opt/fake.py <<'E'\n{FAKE}\nE", "rm /opt/fake.py"):
        for rule, command in IMPOSTORS.items():
            lines = "ExecStart=", f"ExecStart={command}"
            with drop_in(patient.box, *lines, unit=patient.unit):
                out(patient.box, patient.well)
                assert patient.found() == {rule}
    out(patient.box, patient.well)


def test_a_gateway_that_listens_nowhere_is_named_when_its_time_is_over(patient: Patient) -> None:
    box, lines = patient.box, ("ExecStart=", "ExecStart=/bin/sleep infinity")
    later = "awk '{ print $1 + 900, $2 }' /proc/uptime >/run/later"
    with drop_in(box, *lines, unit=patient.unit):
        out(box, f"systemctl restart {patient.unit}")
        with during(box, f"{later}; mount --bind /run/later /proc/uptime", "umount /proc/uptime"):
            assert patient.found() == {"port:silent"}
    out(box, patient.well)
    assert patient.found(exit=0) == set()


def test_data_that_a_newer_version_has_written(openclaw: Server) -> None:
    box, patient = openclaw.box, Patient(openclaw.box, openclaw.owner, "openclaw")
    out(box, f"systemctl stop {patient.unit}")
    was = out(box, f"{VERSION} 9999")
    try:
        out(box, f"systemctl start {patient.unit}")
        await_in(box, f"systemctl is-failed -q {patient.unit}", seconds=240)  # it ends with 78
        assert patient.found() == {"data:newer"}
    finally:
        out(box, f"{VERSION} {was}; {patient.well}")
    assert patient.found(exit=0) == set()
