"""What tests do to a server, and see of it, without clawprov."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from persons import Person, Said

from provision.lab import Box

AUDIT = "/var/lib/clawprov/audit.jsonl"
RELEASES = "/opt/clawprov/clawdbot/releases"
UNIT = "clawdbot-gateway.service"
LISTENING = "[ -n \"$(ss -Hltn 'sport = :18789')\" ]"
JOB = "clawprov-apply.service"

_SAMPLER = """
import glob, time
seen = set()
with open("/root/argv", "w", buffering=1) as file:
    while True:
        for name in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                words = open(name, "rb").read()
            except OSError:
                continue
            if words not in seen:
                seen.add(words)
                file.write(ascii(words.decode(errors="surrogateescape")) + chr(10))
        time.sleep(0.003)
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A server, its owner, how the first `up` went, and what stood on screens until then."""

    box: Box
    owner: Person
    first: Said
    screens: tuple[Said, ...] = field(repr=False)
    listened: set[str] = field(repr=False)
    argv: str = field(repr=False)

    @property
    def name(self) -> str:
        return self.box.name


def out(box: Box, command: str, *, seconds: float = 120) -> str:
    """What a command prints in the box; it must succeed."""
    done = box.run(command, seconds=seconds)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def await_in(box: Box, condition: str, *, seconds: float = 60) -> None:
    """Wait until a shell condition holds in the box."""
    deadline = time.monotonic() + seconds
    while box.run(condition).returncode:
        assert time.monotonic() < deadline, f"not within {seconds} s: {condition}"
        time.sleep(0.1)


@contextmanager
def during(box: Box, do: str, undo: str) -> Iterator[None]:
    """`do` is done in the box meanwhile, and undone whatever happens."""
    out(box, do)
    try:
        yield
    finally:
        out(box, undo)


def copy_gateway(source: Box, target: Box, folder: str) -> None:
    """Node.js, Clawdbot's packages and the compile caches of a first start, in a folder."""
    files = (
        "usr/bin/node usr/bin/npm usr/bin/npx usr/lib/node_modules "
        "opt/clawprov/clawdbot/releases var/lib/clawdbot/tmp"
    )
    out(target, f"mkdir -p {folder}")
    with subprocess.Popen(source.ssh(f"tar -C / -cf - {files}"), stdout=subprocess.PIPE) as packed:
        unpack = target.ssh(f"tar -C {folder} -xf -", user="root")
        assert subprocess.run(unpack, stdin=packed.stdout, timeout=120).returncode == 0
    assert packed.returncode == 0


def listeners(box: Box) -> set[str]:
    """Every address on which something listens, as PROTOCOL ADDRESS:PORT."""
    lines = out(box, "ss -Hltnu").splitlines()
    return {f"{line.split()[0]} {line.split()[4]}" for line in lines}


def show(box: Box, *names: str, unit: str = UNIT) -> dict[str, str]:
    """Properties of a unit."""
    wanted = " ".join(f"-p {name}" for name in names)
    lines = out(box, f"systemctl show {unit} {wanted}").splitlines()
    return dict(line.split("=", 1) for line in lines)


def audit(box: Box) -> list[dict[str, object]]:
    """The lines of the audit file."""
    text = out(box, f"cat {AUDIT} 2>/dev/null || :")
    return [json.loads(line) for line in text.splitlines()]


def fingerprint(box: Box) -> set[str]:
    """Everything below /etc, /opt and /var/lib, but for what systemd and the gateway write."""
    quiet = "-path /var/lib/systemd -o -path /var/lib/clawdbot -o -path /var/lib/openclaw"
    shown = "%p %y %m %u:%g %s %T@ %l\\n"
    command = f"find /etc /opt /var/lib \\( {quiet} \\) -prune -o -printf '{shown}'"
    return set(out(box, command).splitlines())


@contextmanager
def untouched(box: Box) -> Iterator[None]:
    """Nothing on the box is changed meanwhile."""
    before = fingerprint(box)
    yield
    after = fingerprint(box)
    assert after == before, sorted(after ^ before)


def start_sampler(box: Box) -> Callable[[], str]:
    """From now on the argv of every process in the box is noted; the result ends it and tells."""
    out(box, f"cat >/root/sampler.py <<'E'\n{_SAMPLER}\nE")
    out(box, "systemd-run --quiet --collect --unit=sampler python3 /root/sampler.py")

    def stop() -> str:
        out(box, "systemctl stop sampler; rm /root/sampler.py")
        text = out(box, "cat /root/argv")
        out(box, "rm /root/argv")
        return text

    return stop


def forget_release(box: Box) -> None:
    """The next `up` has to install the packages again."""
    out(box, f"rm -rf {RELEASES}/*")


def installing(box: Box) -> bool:
    """npm is at work, and has already unpacked something."""
    return box.run(f"ls -d {RELEASES}/*.new/node_modules/*/ >/dev/null").returncode == 0


def job_runs(box: Box) -> bool:
    return show(box, "ActiveState", unit=JOB)["ActiveState"] in ("active", "activating")


def await_job(box: Box, *, seconds: float = 150) -> None:
    """Whatever clawprov has begun on the box comes to its end."""
    await_in(box, f"! systemctl is-active --quiet {JOB}", seconds=seconds)
