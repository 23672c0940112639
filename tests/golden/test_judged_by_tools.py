"""The rendered files before judges that are not ours: systemd, three shells, shellcheck."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from fresh_box import NONCE, PRODUCTS, PROFILES, wish

from provision.engine.job import apply_script, attach_script
from provision.engine.run import gather_script
from provision.model.secret import reveal

SHELLS = (["dash"], ["bash", "--posix"], ["busybox", "sh"])
# What shellcheck cannot know about our scripts:
UNKNOWABLE = (
    "SC1091",  # it cannot follow the environment file of the wrapper
    "SC2034",  # `set -a` exports what the wrapper sets
    "SC1010",  # `frame done` ends no loop
    "SC2046",  # the words of uname and id have no spaces
)


def need(tool: str) -> str:
    """The tool's path; without it the test skips here, and fails in CI."""
    path = shutil.which(tool)
    if path is None and not os.environ.get("CI"):
        pytest.skip(f"{tool} is not installed")
    assert path, f"{tool} must be installed in CI"
    return path


def verify(unit: str, folder: Path) -> str:
    """What systemd says about a unit, "" when it is content."""
    path = folder / "judged-gateway.service"
    path.write_text(unit)
    said = subprocess.run(
        [need("systemd-analyze"), "verify", "--recursive-errors=no", str(path)],
        capture_output=True,
        text=True,
        timeout=30,
    )
    lines = (said.stdout + said.stderr).splitlines()
    mine = [line for line in lines if "judged-gateway" in line or said.returncode]
    return "\n".join(mine)


def units() -> list[tuple[str, str, str]]:
    return [
        (p, profile, node) for p in PRODUCTS for profile in PROFILES for node in ("apt", "tarball")
    ]


@pytest.mark.parametrize(("product", "profile", "node"), units())
def test_systemd_understands_every_line_of_the_unit(
    product: str, profile: str, node: str, tmp_path: Path
) -> None:
    files = wish(product, profile, node=node).gateway.files
    (unit,) = [reveal(f.content) for f in files if f.path.endswith(".service")]
    # Node.js is not installed here; all else is judged as it is.
    here = re.sub(r"^ExecStart=\S+/node ", "ExecStart=/bin/true ", unit, flags=re.M)
    assert here != unit
    assert verify(here, tmp_path) == ""


@pytest.mark.parametrize("line", ["ProtectSystm=strict", "SystemCallFilter=@nonsense", "UMask=99x"])
def test_systemd_would_tell_of_a_wrong_line(line: str, tmp_path: Path) -> None:
    assert verify(f"[Service]\nExecStart=/bin/true\n{line}\n", tmp_path)


def scripts() -> dict[str, str]:
    """Every script that we hand to a shell, as it runs."""
    made = {"attach": attach_script(NONCE).text}
    for product in PRODUCTS:
        for node in ("apt", "tarball"):
            fresh = wish(product, node=node)
            (wrapper,) = [f for f in fresh.gateway.files if f.path.startswith("/usr/local/bin")]
            plan = fresh.plan()
            apply = apply_script(plan, serial=0, who="a@b", verb="up", nonce=NONCE).text
            made[f"{product}-{node}-wrapper"] = reveal(wrapper.content)
            made[f"{product}-{node}-gather"] = gather_script(fresh.stack, NONCE).text
            made[f"{product}-{node}-apply"] = apply
            made[f"{product}-{node}-job"] = job_of(apply)
    return made


def job_of(apply: str) -> str:
    """The script inside of the apply script, as the supervisor gets it."""
    found = re.search(r"<<'(EOF_*)'\n(NONCE=.*?\n)\1\n", apply, re.S)
    assert found
    return found[2]


SCRIPTS = scripts()


@pytest.mark.parametrize("shell", SHELLS, ids=lambda s: s[0])
@pytest.mark.parametrize("name", SCRIPTS)
def test_every_shell_understands_every_script(name: str, shell: list[str]) -> None:
    need(shell[0])
    said = subprocess.run([*shell, "-n"], input=SCRIPTS[name], capture_output=True, text=True)
    assert (said.returncode, said.stderr) == (0, "")


@pytest.mark.parametrize("name", [name for name in SCRIPTS if "apply" not in name])
def test_shellcheck_finds_no_mistake(name: str) -> None:
    # The lock file in a job is data of a here-document, and long.
    script = re.sub(
        r"(package-lock.json <<'EOF'\n).*?^EOF$", r"\1EOF", SCRIPTS[name], flags=re.S | re.M
    )
    excluded = ",".join(UNKNOWABLE)
    said = subprocess.run(
        [
            need("shellcheck"),
            "--shell=dash",
            "--severity=warning",
            "-e",
            excluded,
            "-f",
            "gcc",
            "-",
        ],
        input=script,
        capture_output=True,
        text=True,
    )
    assert said.stdout == ""
