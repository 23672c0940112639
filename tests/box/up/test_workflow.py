"""The workflow that a user's repository calls: its own commands, in its order, on a server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import yaml
from machines import Server, out

ROOT = Path(__file__).parents[3]
JOB = yaml.safe_load((ROOT / ".github/workflows/server.yml").read_text())["jobs"]["look"]


def run(place: Path, values: dict[str, str], *names: str) -> dict[str, int]:
    """These steps of the job as a runner of GitHub's starts them, and how they ended."""
    ended, runner = {}, place / "runner"
    runner.mkdir(exist_ok=True)
    paths = runner / "path"
    paths.touch()
    given = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "CI": "true"}
    given |= {"HOME": str(place / "home"), "RUNNER_TEMP": str(runner), "GITHUB_PATH": str(paths)}
    for step in JOB["steps"]:
        if step.get("name") not in names:
            continue
        own = JOB["env"] | step.get("env", {})
        said = {name: re.sub(r"\$\{\{ (\S+) \}\}", lambda m: values[m[1]], text)
                for name, text in own.items()}  # fmt: skip
        added = [*reversed(paths.read_text().split()), given["PATH"]]
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            env=given | said | {"PATH": ":".join(added)},
            cwd=place / "work",
            capture_output=True,
            text=True,
            timeout=600,
        )
        ended[step["name"]] = done.returncode
        assert "Traceback" not in done.stderr, done.stderr
        assert values["secrets.SSH_KEY"] not in done.stdout + done.stderr
    return ended


def test_its_steps_look_at_a_server_and_see_what_has_changed(
    server: Server, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    for folder in (work, tmp_path / "home"):
        folder.mkdir()
    known = yaml.safe_load(server.owner.inventory.read_text())["hosts"][server.name]
    shutil.copy(known["node"]["key"], work / "node.asc")
    known["node"]["key"] = "node.asc"
    del known["identity"]
    (work / "clawprov.yml").write_text(yaml.safe_dump({"hosts": {server.name: known}}))
    (work / ".clawprov").symlink_to(ROOT)
    values = {
        "inputs.host": server.name,
        "inputs.inventory": "clawprov.yml",
        "secrets.SSH_KEY": server.box.identity.read_text().strip(),
    }
    steps = [step["name"] for step in JOB["steps"] if "run" in step]
    assert run(tmp_path, values, *steps) == dict.fromkeys(steps, 0)
    reports = tmp_path / "runner/reports"
    for name in ("verify", "smoke"):
        suites = ElementTree.parse(reports / f"{name}.xml").getroot().iter("testsuite")
        assert sum(int(suite.get("tests", 0)) for suite in suites) > 5
    assert not (tmp_path / "runner/key").exists()

    out(server.box, "systemctl disable -q clawdbot-gateway")
    try:
        seen = run(tmp_path, values, "key", "plan", "verify")
    finally:
        out(server.box, "systemctl enable -q clawdbot-gateway")
    assert seen == {"key": 0, "plan": 10, "verify": 7}
