"""A laptop: a machine with clawprov as a wheel, and somebody who types at it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provision.lab import Box

ROOT = Path(__file__).parents[2]
USER = "ada"
HOME = f"/home/{USER}"
CLAWPROV = "/opt/venv/bin/clawprov"
INSTALL = (
    "apt-get -q update && apt-get -q install -y --no-install-recommends python3-venv sudo && "
    "python3 -m venv /opt/venv && /opt/venv/bin/pip install -q /root/*.whl && "
    f"loginctl enable-linger {USER}"
)


@dataclass(frozen=True)
class Desk:
    """A box whose user has a systemd of their own; `run` and `clawprov` are what they type."""

    box: Box

    def install(self, folder: Path) -> None:
        """The wheel of this checkout, as anybody would install it."""
        build = ["pip", "wheel", "-q", "--no-deps", "-w", str(folder), str(ROOT)]
        subprocess.run([sys.executable, "-m", *build], check=True)
        (wheel,) = folder.glob("*.whl")
        self.put(f"/root/{wheel.name}", wheel.read_bytes())
        made = self.box.run(INSTALL, seconds=300)
        assert made.returncode == 0, made.stdout + made.stderr

    def know(self, server: Box, name: str = "vps1", **keys: object) -> None:
        """From now on the user has an inventory with this server, and the key to it."""
        host = {"address": server.address, "user": server.user, "identity": f"{HOME}/admin"}
        host |= {"host_key": server.host_key, **keys}
        path = f"{HOME}/clawprov.yml"
        old = self.box.run(f"cat {path}").stdout
        hosts = json.loads(old)["hosts"] if old else {}
        self.put(path, json.dumps({"hosts": hosts | {name: host}}).encode())
        self.put(f"{HOME}/admin", server.identity.read_bytes())
        self.box.run(f"chmod 600 {HOME}/admin; chown {USER}: {HOME}/admin {path}")

    def put(self, path: str, content: bytes) -> None:
        """A file with this content, which root writes."""
        subprocess.run(self.box.ssh(f"cat >'{path}'", user="root"), input=content, check=True)

    def run(self, command: str, *, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """What the user's own shell says, after a login over SSH."""
        return subprocess.run(
            self.box.ssh(command, user=USER),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
        )

    def out(self, command: str) -> str:
        """What a command of the user's prints; it must succeed."""
        done = self.run(command)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def clawprov(self, words: str, *, exit: int = 0) -> dict[str, Any]:
        """The document that `clawprov WORDS --json` prints."""
        done = self.run(f"{CLAWPROV} {words} --json", seconds=300)
        assert done.returncode == exit, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def until(self, command: str, *, seconds: float) -> float:
        """How long it takes until a command of the user's succeeds, in seconds; within a limit."""
        started = time.monotonic()
        while self.run(command).returncode:
            assert time.monotonic() - started < seconds, f"not within {seconds} s: {command}"
            time.sleep(0.1)
        return time.monotonic() - started
