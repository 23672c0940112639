"""The files of a watch, before judges that are not ours."""

from __future__ import annotations

import plistlib
import subprocess
from pathlib import Path

import pytest
from judges import SHELLS, need, shellcheck, verify

from provision.engine.gather import Stack
from provision.model.secret import reveal
from provision.model.spec import Host
from provision.products import find_product
from provision.resources.file import File
from provision.stacks.watch import (
    Desk,
    Wish,
    build_laptop_watch,
    build_no_laptop_watch,
    build_no_watch,
    build_watch,
)

HOST = Host("ada@vps1:2222", "192.0.2.1")
WISH = Wish(900, "curl -K /root/hook 'canary'")
COMMAND = ["/home/ada's/clawprov", "watch", "vps1", "--tell", "-I", '/home/ada/my "%$ hosts.yml']


def files(stack: Stack) -> dict[str, File]:
    return {Path(r.path).name: r for r in stack.resources if isinstance(r, File)}


@pytest.mark.parametrize("product", ["clawdbot", "openclaw"])
@pytest.mark.parametrize("shell", SHELLS, ids=lambda s: s[0])
def test_the_servers_script_and_units_are_what_their_readers_expect(
    product: str, shell: list[str], tmp_path: Path
) -> None:
    made = files(build_watch(HOST, find_product(product), WISH))
    script = reveal(made["watch.sh"].content)
    need(shell[0])
    said = subprocess.run([*shell, "-n"], input=script, capture_output=True, text=True)
    assert (said.returncode, said.stderr) == (0, "")
    assert shellcheck(script) == ""
    assert verify(reveal(made[f"{product}-watch.service"].content), tmp_path) == ""
    assert "\nOnUnitActiveSec=900\n" in reveal(made[f"{product}-watch.timer"].content)


def test_the_command_is_in_one_file_that_nobody_else_reads_and_on_no_screen() -> None:
    desk = Desk("/home/ada", "/home/ada/.config/clawprov", "systemd")
    server = build_watch(HOST, find_product("clawdbot"), WISH)
    for stack in (server, build_laptop_watch(HOST, desk, WISH, COMMAND)):
        with_it = [f for f in files(stack).values() if "canary" in reveal(f.content)]
        assert [(f.mode, Path(f.path).suffix) for f in with_it] == [("600", ".notify")]
        assert not [f for f in files(stack).values() if "canary" in str(f.content)]


def test_a_laptops_agent_runs_the_command_as_it_was_said() -> None:
    desk = Desk("/Users/ada", "/Users/ada/.config/clawprov", "launchd")
    [plist] = [f for n, f in files(build_laptop_watch(HOST, desk, WISH, COMMAND)).items()
               if n.endswith(".plist")]  # fmt: skip
    read = plistlib.loads(reveal(plist.content).encode())
    assert (read["Label"], read["StartInterval"]) == ("com.clawprov.watch.vps1-2222", 900)
    line = read["ProgramArguments"][2].replace("exec ", "printf '%s\\n' ", 1)
    said = subprocess.run(["sh", "-c", line], capture_output=True, text=True).stdout
    assert said.splitlines() == COMMAND


def test_a_laptops_unit_runs_the_command_as_it_was_said(tmp_path: Path) -> None:
    desk = Desk("/home/ada", "/home/ada/.config/clawprov", "systemd")
    made = files(build_laptop_watch(HOST, desk, WISH, ["/bin/true", *COMMAND[1:]]))
    unit = reveal(made["clawprov-watch-vps1-2222.service"].content)
    assert 'ExecStart=/bin/true watch vps1 --tell -I "/home/ada/my \\"%%$$ hosts.yml"\n' in unit
    assert verify(unit, tmp_path) == ""


@pytest.mark.parametrize("supervisor", ["systemd", "launchd"])
def test_what_is_installed_is_removed_again(supervisor: str) -> None:
    desk = Desk("/home/ada", "/home/ada/.config/clawprov", supervisor)
    product = find_product("clawdbot")
    pairs = [
        (build_watch(HOST, product, WISH), build_no_watch(HOST, product)),
        (build_laptop_watch(HOST, desk, WISH, COMMAND), build_no_laptop_watch(HOST, desk)),
    ]
    for made, gone in pairs:
        paths = {f.path for f in files(made).values()}
        assert paths <= {r.id.removeprefix("absent:") for r in gone.resources}
