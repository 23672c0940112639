"""What lies on a server, and whose it is: it shares no code with clawprov's own checks."""

from __future__ import annotations

import json
import re

import pytest
from oracle import Gateway

NOT_ROOTS = "find -L %s \\( ! -user root -o -perm /022 \\) ! -type l -print -quit"
OWN = "ls /etc/%s/taken-over.json /home/*/.config/systemd/user/%s-gateway*.service"
UNITS = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def test_node_is_of_the_range_that_the_gateway_asks_for(gateway: Gateway) -> None:
    """Judged by the semver that npm brings along, against the range in the package itself."""
    prefix = gateway.node.removesuffix("/bin/node")
    places = [f"{prefix}/lib/node_modules/npm", "/usr/share/nodejs"]
    told = gateway.says(
        "%s -p %s",
        gateway.node,
        f"const semver = require(require.resolve('semver', {{paths: {places}}}));"
        f"const {{engines}} = require('{gateway.current}/node_modules/{gateway.product}"
        "/package.json'); [process.version, engines.node, "
        "semver.satisfies(process.version, engines.node)].join(' | ')",
    )
    assert told.endswith(" | true"), told


def test_the_user_cannot_log_in(gateway: Gateway) -> None:
    user = gateway.host.user(gateway.product)
    assert user.shell == "/usr/sbin/nologin"
    assert user.home == gateway.home
    assert user.groups == [gateway.product]
    assert gateway.says("passwd --status %s", gateway.product).split()[1] == "L"


@pytest.mark.parametrize(
    ("path", "mode", "owner"),
    [
        ("/etc/{0}", 0o700, "root"),
        ("/etc/{0}/gateway.env", 0o600, "root"),
        ("/var/lib/{0}", 0o700, "{0}"),
        ("/var/lib/{0}/.{0}", 0o700, "{0}"),
        ("/var/lib/{0}/.{0}/{0}.json", 0o600, "{0}"),
        ("/var/lib/{0}/tmp", 0o700, "{0}"),
        ("/etc/systemd/system/{0}-gateway.service", 0o644, "root"),
        ("/usr/local/bin/{0}", 0o755, "root"),
        ("/run/clawprov", 0o700, "root"),
        ("/var/lib/clawprov", 0o700, "root"),
        ("/var/lib/clawprov/audit.jsonl", 0o600, "root"),
    ],
)
def test_files_belong_to_whom_they_should(
    gateway: Gateway, path: str, mode: int, owner: str
) -> None:
    file = gateway.host.file(path.format(gateway.product))
    assert file.exists
    assert (oct(file.mode), file.user, file.group) == (
        oct(mode),
        owner.format(gateway.product),
        owner.format(gateway.product),
    )


def test_the_release_lies_where_it_should(gateway: Gateway) -> None:
    version = gateway.host.file(gateway.current).linked_to.rpartition("/")[2]
    folder = f"/opt/clawprov/{gateway.product}/releases/{version}"
    assert gateway.host.file(gateway.current).linked_to == folder
    there = set(gateway.host.file(folder).listdir())
    assert there - {".complete"} == {"package.json", "package-lock.json", "node_modules"}
    package = f"{folder}/node_modules/{gateway.product}/package.json"
    assert json.loads(gateway.says("cat %s", package))["version"] == version


def test_nobody_but_root_can_change_what_runs(gateway: Gateway) -> None:
    assert gateway.says(NOT_ROOTS, "/opt/clawprov") == ""


def test_every_package_is_the_one_of_the_lock_file(gateway: Gateway) -> None:
    folder = f"{gateway.current}/node_modules"
    lock = json.loads(gateway.says("cat %s/package-lock.json", gateway.current))["packages"]
    have = json.loads(gateway.says("cat %s/.package-lock.json", folder))["packages"]
    assert have
    assert {name: entry["version"] for name, entry in have.items()} == {
        name: lock[name]["version"] for name in have
    }
    assert all("integrity" in lock[name] or lock[name].get("inBundle") for name in have)


def test_nothing_is_installed_globally(gateway: Gateway) -> None:
    if gateway.host.run(OWN, gateway.product, gateway.product).stdout:
        pytest.skip("somebody has installed a gateway of their own there")
    prefix = gateway.node.removesuffix("/bin/node")
    for folder in (f"{prefix}/lib/node_modules", "/usr/local/lib/node_modules"):
        there = gateway.host.file(folder)
        assert not there.exists or gateway.product not in there.listdir()
    listed = gateway.host.run(
        f"PATH={prefix}/bin:$PATH npm ls --global --depth 0 --parseable"
    ).stdout
    assert "/npm" in listed
    assert gateway.product not in listed.replace("/opt/clawprov", "").split("/")


def test_logs_cannot_fill_the_disk(gateway: Gateway) -> None:
    wished = gateway.says("systemd-analyze cat-config systemd/journald.conf").splitlines()
    limits = [line.partition("=")[2] for line in wished if line.startswith("SystemMaxUse=")]
    assert limits, "no limit is set"
    told = gateway.says("journalctl --disk-usage")
    used = re.search(r"take up ([\d.]+)([KMGT]?)", told)
    assert used, told
    limit = float(limits[-1].rstrip("KMGT")) * UNITS.get(limits[-1][-1], 1)
    assert float(used[1]) * UNITS.get(used[2], 1) <= 1.1 * limit
    started = gateway.says("systemctl show systemd-journald -p ExecMainStartTimestamp --value")
    places = "/etc/systemd/journald.conf /etc/systemd/journald.conf.d"
    files = gateway.host.run(f"find {places} -type f -exec stat -c %Y {{}} +").stdout.split()
    assert int(gateway.says("date -d %s +%%s", started)) >= max(map(int, files)), "read too early"
