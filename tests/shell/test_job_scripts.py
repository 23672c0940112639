"""The job in real shells, under a supervisor that is a fake of ours."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest
from place import Place
from supervisor import supervised

from provision.engine.frames import pack_probes, unpack
from provision.engine.job import PROBE, Job, apply_script, attach_script, read_job
from provision.model.facts import Facts
from provision.model.plan import Change, Plan
from provision.model.secret import Secret
from provision.model.shell import Sh, heredoc, sh

NONCE = "5ca1ab1e5ca1ab1e"
SLOW = "n=0; while [ ! -e {} ] && [ $n -lt 500 ]; do n=$((n + 1)); sleep 0.02; done"
STEPS = (
    Change("secret:a", "create", (heredoc(sh("cat >a"), Secret("hunter2\n")),)),
    Change("file:b", "create", (sh("tell half of it"), sh("echo made b; touch b"))),
)


@pytest.fixture
def server(place: Place) -> Iterator[Place]:
    with supervised(place):
        yield place


def script(*changes: Change, serial: int = 0) -> Sh:
    plan = Plan("box", changes or STEPS)
    return apply_script(plan, serial=serial, who="ann@laptop", verb="up", nonce=NONCE)


def audit(server: Place) -> list[dict[str, object]]:
    path = server.root / "var/audit.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()]


def look(server: Place) -> Job:
    return read_job(Facts(unpack(server.run(pack_probes([PROBE], NONCE)), NONCE)))


def frames(out: str) -> list[str]:
    return [line.removeprefix(f"{NONCE} ") for line in out.splitlines() if line.startswith(NONCE)]


def test_the_steps_run_and_are_told_as_they_would_be_over_a_connection(server: Place) -> None:
    out = server.run(script())
    assert frames(out) == ["begin secret:a", "end 0", "begin file:b", "end 0", "done"]
    assert "~ half of it\nmade b\n" in out
    assert (server.root / "a").read_text() == "hunter2\n"
    assert (server.root / "b").exists()


def test_the_job_tells_its_owner_and_the_audit_who_did_what(server: Place) -> None:
    server.run(script())
    begun, ended = audit(server)
    assert begun["changes"] == ["secret:a", "file:b"]
    assert (begun["who"], begun["verb"], ended["exit"]) == ("ann@laptop", "up", 0)
    assert begun["plan"] == ended["plan"] == Plan("box", STEPS).digest
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(begun["at"]))
    job = look(server)
    assert (job.running, job.who, job.nonce) == (False, "ann@laptop", NONCE)
    assert job.serial == (server.root / "var/audit.jsonl").stat().st_size > 0


def test_a_secret_is_in_no_file_but_its_own_when_the_job_is_over(server: Place) -> None:
    server.run(script())
    assert (server.root / "secrets").read_text() == "1\n"
    files = [path for path in server.root.rglob("*") if path.is_file() and path.name != "a"]
    files = [path for path in files if path.parent != server.fakes]
    assert [path for path in files if b"hunter2" in path.read_bytes()] == []


def test_script_and_log_are_for_one_pair_of_eyes(server: Place) -> None:
    server.run(script())
    assert (server.root / "modes").read_text() == "600\n600\n"
    for name in ("run/owner", "var/audit.jsonl"):
        assert (server.root / name).stat().st_mode & 0o077 == 0


def test_what_the_job_makes_has_the_usual_mode(server: Place) -> None:
    server.run(script())
    assert (server.root / "b").stat().st_mode & 0o777 == 0o644


def test_after_a_failing_step_nothing_runs_and_the_audit_says_so(server: Place) -> None:
    broken = Change("file:x", "create", (sh("echo why; (exit 7)"), sh("touch never")))
    out = server.run(script(broken, *STEPS))
    assert frames(out) == ["begin file:x", "end 7", "done"]
    assert not (server.root / "never").exists()
    assert not (server.root / "b").exists()
    assert audit(server)[-1]["exit"] == 7


def test_a_job_with_old_facts_does_nothing_but_say_so(server: Place) -> None:
    (server.root / "var/audit.jsonl").write_text("{}\n")
    out = server.run(script(serial=0))
    assert frames(out) == ["stale"]
    assert (server.root / "var/audit.jsonl").read_text() == "{}\n"
    assert not (server.root / "b").exists()
    assert list((server.root / "run").glob("*.sh")) == []


def test_the_serial_that_is_read_is_the_one_that_suits(server: Place) -> None:
    server.run(script())
    serial = look(server).serial
    out = server.run(script(Change("file:c", "create", (sh("touch c"),)), serial=serial))
    assert frames(out)[-1] == "done"
    assert (server.root / "c").exists()


def test_a_supervisor_that_is_busy_is_told_apart(server: Place) -> None:
    server.fake("systemd-run", "echo 'Unit clawprov-apply.service already exists' >&2; exit 1")
    server.fake("systemctl", "[ $1 != is-active ] || exit 0; echo MainPID=1")
    assert frames(server.run(script())) == ["busy"]
    assert list((server.root / "run").glob("*.sh")) == []


def test_a_supervisor_that_refuses_is_quoted(server: Place) -> None:
    server.fake("systemd-run", "echo 'Failed to connect to bus' >&2; exit 1")
    out = server.run(script())
    assert frames(out) == []
    assert "Failed to connect to bus" in out
    assert list((server.root / "run").glob("*.sh")) == []


def test_logs_of_earlier_jobs_go_away(server: Place) -> None:
    (server.root / "run/0000.log").write_text("old")
    server.run(script())
    (left,) = (server.root / "run").glob("*.log")
    assert left.name != "0000.log"


def test_a_cut_connection_harms_nothing_and_can_be_taken_up_again(server: Place) -> None:
    gate = server.root / "gate"
    slow = Change("file:slow", "create", (sh(SLOW, str(gate)),))
    client = subprocess.Popen(
        server.shell, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=server.root,
        start_new_session=True,
    )  # fmt: skip
    assert client.stdin
    assert client.stdout
    client.stdin.write(server.moved(script(slow, *STEPS).text).encode())
    client.stdin.close()
    while b"begin file:slow" not in client.stdout.readline():
        pass
    os.killpg(client.pid, signal.SIGKILL)
    client.wait()
    client.stdout.close()
    job = look(server)
    assert (job.running, job.who, job.nonce) == (True, "ann@laptop", NONCE)
    gate.touch()
    out = server.run(attach_script(job.nonce))
    assert frames(out)[:2] == ["begin file:slow", "end 0"]
    assert frames(out)[-1] == "done"
    assert (server.root / "b").exists()
    assert not look(server).running


def test_whoever_attaches_to_a_job_that_is_over_gets_its_log_at_once(server: Place) -> None:
    first = server.run(script())
    started = time.monotonic()
    assert frames(server.run(attach_script(NONCE))) == frames(first)
    assert time.monotonic() - started < 5


def test_a_step_that_reads_its_input_does_not_eat_the_next(server: Place) -> None:
    greedy = Change("file:g", "create", (sh("cat >eaten"),))
    assert frames(server.run(script(greedy, *STEPS)))[-1] == "done"
    assert (server.root / "eaten").read_text() == ""
