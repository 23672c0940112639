"""A doctor costs one connection and one exec, and a server that is away is a finding of its own."""

from __future__ import annotations

import json
from typing import Any

import paramiko
from home import Home
from server import Server
from test_faults import clawprov

from provision.errors import Exit


def findings(*words: str) -> dict[str, dict[str, Any]]:
    ended = clawprov("doctor", *words, "--json")
    assert "Traceback" not in ended.stderr
    assert ended.returncode == Exit.VERIFY, ended.stderr
    return {finding["rule"]: finding for finding in json.loads(ended.stdout)["findings"]}


def test_it_is_one_connection_and_one_exec(home: Home, server: Server) -> None:
    with home.logged_in(server):
        pass
    server.connections, server.execs = 0, []
    ended = clawprov("doctor", f"127.0.0.1:{server.port}", "--json")
    assert ended.returncode in (Exit.OK, Exit.VERIFY), ended.stderr
    assert (server.connections, len(server.execs)) == (1, 1)


def test_a_port_that_refuses_is_a_finding(home: Home) -> None:
    found = findings("root@127.0.0.1:1")
    assert set(found) == {"ssh:unreachable"}
    assert "it cannot be reached on port 1" in found["ssh:unreachable"]["problem"]
    assert found["ssh:unreachable"]["hint"].startswith("check that sshd runs there")


def test_another_host_key_is_a_finding_with_both_fingerprints(home: Home, server: Server) -> None:
    with home.logged_in(server):
        pass
    server.host_key = paramiko.ECDSAKey.generate()
    found = findings(f"127.0.0.1:{server.port}")
    assert set(found) == {"ssh:host-key"}
    assert found["ssh:host-key"]["problem"].count("SHA256:") == 2


def test_a_server_that_nobody_knows_yet_is_asked_nothing(home: Home, server: Server) -> None:
    ended = clawprov("doctor", f"127.0.0.1:{server.port}")
    assert ended.returncode == Exit.CONNECTION
    assert "is not known yet" in ended.stderr


def test_what_a_person_reads_is_a_sentence_its_cause_and_what_to_type(home: Home) -> None:
    ended = clawprov("doctor", "root@127.0.0.1:1")
    head, why, hint = ended.stdout.splitlines()
    assert head.startswith("✗ critical root@127.0.0.1:1 cannot be asked: ")
    assert why.startswith("    why:  nothing on the server was looked at")
    assert hint.startswith("    next: check that sshd runs there")
