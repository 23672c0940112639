"""The Vagrantfile's Debian 12, made by Vagrant: a machine with a kernel of its own.

Its processor is emulated, ten to forty times slower than a box's, so it finds Node.js, the
gateway's packages and the compile caches of a first start on its disk; all else `up` does there,
and what a box cannot do is tried here.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from machines import Server, copy_gateway, out
from persons import Person, Said
from strangers import forwarded
from test_up_oracle import SMOKE, look_with

from provision.lab import Box

ROOT = SMOKE.parents[1]
SLOW_S = 600
VAGRANT = "cd /root/project && VAGRANT_HOME=/srv/vagrant VAGRANT_DEFAULT_PROVIDER=libvirt vagrant"
GROUP = "/sys/fs/cgroup/system.slice/clawdbot-gateway.service"
LIMIT = 1500 << 20
HOG = f"x = bytearray({LIMIT}); print(len(x))"


@dataclass(frozen=True)
class Machine:
    """A machine of Vagrant's on the box `host`, and its owner."""

    host: Box
    owner: Person
    config: Path
    made: Said

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """What root's shell says there."""
        return subprocess.run(
            ["ssh", "-F", str(self.config), "debian12", "sudo", "sh", "-s"],
            input=command,
            capture_output=True,
            text=True,
            timeout=SLOW_S,
        )

    def out(self, command: str) -> str:
        done = self.run(command)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout.strip()


@pytest.fixture(scope="module")
def host(make_box: Callable[..., Box], server: Server) -> Box:
    """A box with Vagrant, our Vagrantfile, and a base box by the name that is in it."""
    box = make_box(disk="ram:9G")
    copy_gateway(server.box, box, "/srv/more")
    script = Path(__file__).with_name("vagrant.sh").read_text()
    made = subprocess.run(
        box.ssh("bash", "-s"), input=script, capture_output=True, text=True, timeout=SLOW_S
    )
    assert made.returncode == 0, made.stdout + made.stderr
    file = (ROOT / "Vagrantfile").read_bytes()
    subprocess.run(box.ssh("mkdir -p project && cat >project/Vagrantfile"), input=file, check=True)
    add = "box add --name cloud-image/debian-12 /srv/debian12.box && rm /srv/debian12.box"
    out(box, f"{VAGRANT} {add}", seconds=SLOW_S)
    return box


@pytest.fixture(scope="module")
def machine(
    host: Box, laptop: Callable[[], Person], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Machine]:
    """The machine after `vagrant up` and `clawprov up`, by the inventory that comes along."""
    out(host, f"{VAGRANT} up debian12 >/srv/up.log 2>&1 || {{ tail -n 20 /srv/up.log; false; }}",
        seconds=SLOW_S)  # fmt: skip
    owner, folder = laptop(), tmp_path_factory.mktemp("vagrant")
    known = yaml.safe_load((ROOT / "inventories/vagrant.yml").read_text())
    entry = known["hosts"]["debian12"]
    key = folder / "key"
    path = entry["identity"].replace("virtualbox", "libvirt").removeprefix("../")
    key.write_text(out(host, f"cat /root/project/{path}") + "\n")
    key.chmod(0o600)
    with forwarded(host, entry["port"]) as port:
        entry |= {"port": port, "identity": str(key), "host_key": host.host_key}
        entry |= {"basics": {"swap": "1G"}, "unit": [f"MemoryMax={LIMIT}"]}
        inventory = folder / "vagrant.yml"
        inventory.write_text(yaml.safe_dump(known))
        (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host.host_key}\n")
        config = folder / "ssh_config"
        config.write_text(
            f"Host debian12\n  HostName 127.0.0.1\n  Port {port}\n  User vagrant\n"
            f"  IdentityFile {key}\n  IdentitiesOnly yes\n  LogLevel ERROR\n"
            f"  UserKnownHostsFile {folder}/known_hosts\n"
        )
        owner = Person(owner.home, inventory)
        made = owner.run("up", "debian12", "--yes", "--json", seconds=SLOW_S)
        yield Machine(host, owner, config, made)
        out(host, f"{VAGRANT} destroy --force debian12 >/dev/null", seconds=SLOW_S)


def test_the_vagrantfile_is_valid_and_names_four_machines(host: Box) -> None:
    assert "successfully" in out(host, f"{VAGRANT} validate")
    told = out(host, f"{VAGRANT} status")
    for name in ("debian12", "debian13", "ubuntu22", "ubuntu24"):
        assert f"{name} " in told


def test_up_makes_it_a_gateway_and_proves_it(machine: Machine) -> None:
    assert machine.made.exit == 0, machine.made
    assert machine.made.answer["proof"]["ok"]
    assert "service:clawdbot-gateway" in machine.made.done


def test_after_a_real_reboot_it_is_there_again_with_its_swap(machine: Machine) -> None:
    boot = "cat /proc/sys/kernel/random/boot_id"
    before = machine.out(boot)
    out(machine.host, f"{VAGRANT} reload debian12 >/srv/reload.log 2>&1", seconds=SLOW_S)
    machine.out("systemctl is-system-running --wait")
    assert machine.out(boot) != before
    (swap,) = machine.out("swapon --noheadings --show=NAME,SIZE --bytes").splitlines()
    name, size = swap.split()
    assert name == "/var/lib/clawprov/swapfile"
    assert int(size) > 0.99 * 2**30
    again = machine.owner.run("up", "debian12", "--yes", "--json", seconds=SLOW_S)
    assert (again.exit, again.done) == (0, [])
    assert again.answer["proof"]["ok"]


def test_what_takes_too_much_memory_goes_and_the_gateway_stays(machine: Machine) -> None:
    assert machine.out(f"cat {GROUP}/memory.max") == str(LIMIT)
    before = machine.out("systemctl show clawdbot-gateway -p MainPID -p NRestarts")
    killed = machine.run(
        f"swapoff -a; echo $$ >{GROUP}/cgroup.procs; exec choom -n 500 -- python3 -c '{HOG}'"
    )
    machine.out("swapon -a")
    assert killed.stdout == ""
    assert machine.out(f"sed -n 's/^oom_kill //p' {GROUP}/memory.events") == "1"
    assert machine.out("systemctl show clawdbot-gateway -p MainPID -p NRestarts") == before


def test_testinfra_agrees(machine: Machine) -> None:
    # The gateway's CLI takes minutes there; with lines in `unit:` the suite judges no sandbox.
    words = ("--sudo", "-k", "not command_line and not newcomer and not shut_in")
    assert " passed" in look_with(machine.config, "debian12", *words)
