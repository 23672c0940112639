"""The server that the smoke tests look at: `make smoke HOSTS=ssh://root@203.0.113.7`.

`make smoke HOSTS=vps1 OPTIONS='--inventory clawprov.yml'` takes it from an inventory, with its
address, user, identity and pinned host key; what is not in there is ssh's own to know.
`OPTIONS=` takes what pytest and testinfra take, too: `--sudo` for a user with sudo, `--ssh-config`,
`--ssh-identity-file`, `--junit-xml`; and `--product` where there are two gateways.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from oracle import Gateway, find_gateway

PINS = "~/.ssh/known_hosts ~/.config/clawprov/known_hosts"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--product", default="", help="clawdbot or openclaw, where both are there")
    parser.addoption("--inventory", default="", help="clawprov's, of which --hosts are names")


def pytest_configure(config: pytest.Config) -> None:
    file = config.getoption("--inventory", "")
    if file and config.option.hosts:
        names = config.option.hosts.split(",")
        folder = Path(tempfile.mkdtemp(prefix="smoke-"))
        config.add_cleanup(lambda: [one.unlink() for one in folder.iterdir()] and folder.rmdir())
        hosts = read_hosts(file, names)
        config.option.ssh_config = str(write_ssh_config(hosts, folder))
        config.option.sudo |= any(host.user not in ("", "root") for host in hosts.values())
        config.option.hosts = ",".join(f"ssh://{name}" for name in names)


def read_hosts(file: str, names: list[str]) -> dict[str, Any]:
    """Hosts of an inventory by their names; UsageError for one that is not in it."""
    from provision.inventory import parse_inventory

    known = parse_inventory(Path(file).read_text(), file, lambda path: Path(path).read_text()).hosts
    if unknown := set(names) - set(known):
        raise pytest.UsageError(f"{file} has no {', '.join(sorted(unknown))}")
    return {name: known[name] for name in names}


def write_ssh_config(hosts: dict[str, Any], folder: Path) -> Path:
    """What leads ssh to hosts by their names, and lets it trust their pinned keys alone."""
    lines = []
    for name, host in hosts.items():
        said = {"HostName": host.address, "User": host.user or "root", "Port": host.port}
        if host.identity:
            said |= {"IdentityFile": f'"{host.identity}"', "IdentitiesOnly": "yes"}
        said["UserKnownHostsFile"] = PINS
        if " " in host.host_key:
            pins = folder / f"{name}.known_hosts"
            pins.write_text(f"{name} {host.host_key}\n")
            said |= {"HostKeyAlias": name, "UserKnownHostsFile": pins}
        said["StrictHostKeyChecking"] = "yes"
        lines += [f"Host {name}", *(f"  {key} {value}" for key, value in said.items() if value)]
    config = folder / "ssh_config"
    config.write_text("\n".join(lines) + "\n")
    return config


@pytest.fixture(scope="module")
def gateway(request: pytest.FixtureRequest, host: Any) -> Gateway:
    """The gateway of the host that was named, whichever product it is."""
    if not request.config.getoption("hosts"):
        pytest.skip("name a server: make smoke HOSTS=ssh://root@203.0.113.7")
    return find_gateway(host, request.config.getoption("--product", ""))
