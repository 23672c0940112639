"""The rendered files before judges that are not ours: systemd, three shells, shellcheck."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from fresh_box import NONCE, PRODUCTS, PROFILES, Wish, wish, with_basics
from judges import SHELLS, need, shellcheck, verify

from provision.engine.gather import gather_script
from provision.engine.job import apply_script, attach_script
from provision.model.secret import reveal


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


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("MemoryMax=900M", "OnFailure=mail@%n.service", 'Environment="A=b c" TZ=UTC'), ""),
        (("MemoryMx=900M",), "MemoryMx"),
        (("Nice=5", "MemoryMax=plenty"), "plenty"),
    ],
)
def test_a_unit_with_lines_of_a_person_is_tried(
    lines: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    need("systemd-analyze")
    host = replace(wish("openclaw").host, unit=lines)
    (unit,) = [f for f in Wish(host).gateway.files if f.path.endswith(".service")]
    assert unit.trial
    trial = unit.trial.text.replace("/run/clawprov", f"{tmp_path}/run")
    trial = trial.replace("/etc/systemd/system", str(tmp_path))
    (tmp_path / "openclaw-gateway.service.new").write_text(reveal(unit.content))
    done = subprocess.run(["sh", "-e"], input=trial, capture_output=True, text=True, timeout=30)
    assert (done.returncode, said in done.stdout) == (1 if said else 0, True)
    assert done.stdout.count("\n") == (1 if said else 0)


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
    basics = with_basics()
    apply = apply_script(basics.plan(), serial=0, who="a@b", verb="up", nonce=NONCE).text
    made["basics-job"] = job_of(apply)
    made["basics-gather"] = gather_script(basics.stack, NONCE).text
    (undo,) = re.findall(r"undo.sh <<'EOF'\n(.*?\n)EOF\n", job_of(apply), re.S)
    made["basics-undo"] = undo
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
    assert shellcheck(script) == ""
