"""A second opinion on a server: it shares no code with clawprov's own checks."""

from __future__ import annotations

import json
import re

import pytest
from oracle import Gateway

NOT_ROOTS = "find -L %s \\( ! -user root -o -perm /022 \\) ! -type l -print -quit"


def test_the_service_is_enabled_and_runs(gateway: Gateway) -> None:
    service = gateway.host.service(gateway.unit)
    assert service.is_enabled
    assert service.is_running


def test_no_outage_can_end_the_service_for_good(gateway: Gateway) -> None:
    assert gateway.systemd("StartLimitIntervalUSec") == "0"
    assert gateway.systemd("Restart") == "always"


def test_systemd_has_read_the_unit_as_it_is(gateway: Gateway) -> None:
    assert gateway.systemd("NeedDaemonReload") == "no"
    assert gateway.systemd("FragmentPath") == f"/etc/systemd/system/{gateway.unit}"


def test_systemd_finds_no_fault_with_the_unit(gateway: Gateway) -> None:
    found = gateway.host.run("systemd-analyze verify %s", gateway.unit)
    assert (found.rc, found.stdout + found.stderr) == (0, "")


def test_the_service_is_shut_in(gateway: Gateway) -> None:
    told = gateway.says("systemd-analyze security --no-pager %s", gateway.unit).splitlines()[-1]
    exposure = re.search(r": (\d+\.\d) ", told)
    assert exposure, told
    assert float(exposure[1]) <= 1.5


def test_the_process_belongs_to_the_gateways_user(gateway: Gateway) -> None:
    status = gateway.says("cat /proc/%s/status", gateway.systemd("MainPID"))
    uid = gateway.says("id -u %s", gateway.product)
    assert f"\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n" in status
    assert "\nCapEff:\t0000000000000000\n" in status
    assert "\nNoNewPrivs:\t1\n" in status


def test_the_port_listens_on_loopback_alone(gateway: Gateway) -> None:
    lines = gateway.says(f"ss -Hltn 'sport = :{gateway.port}'").splitlines()
    assert {line.split()[3] for line in lines} == {
        f"127.0.0.1:{gateway.port}",
        f"[::1]:{gateway.port}",
    }


def test_the_gateway_opens_no_other_port(gateway: Gateway) -> None:
    lines = gateway.says("ss -Hltnup").splitlines()
    own = [line for line in lines if f"pid={gateway.systemd('MainPID')}," in line]
    assert {line.split()[4].rpartition(":")[2] for line in own} == {str(gateway.port)}


def test_node_is_of_the_range_that_the_gateway_asks_for(gateway: Gateway) -> None:
    """Judged by the semver that npm brings along, against the range in the package itself."""
    prefix = gateway.node.removesuffix("/bin/node")
    told = gateway.says(
        "%s -p %s",
        gateway.node,
        f"const semver = require('{prefix}/lib/node_modules/npm/node_modules/semver');"
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
    prefix = gateway.node.removesuffix("/bin/node")
    for folder in (f"{prefix}/lib/node_modules", "/usr/local/lib/node_modules"):
        there = gateway.host.file(folder)
        assert not there.exists or gateway.product not in there.listdir()
    listed = gateway.host.run(
        f"PATH={prefix}/bin:$PATH npm ls --global --depth 0 --parseable"
    ).stdout
    assert "/npm" in listed
    assert gateway.product not in listed.replace("/opt/clawprov", "").split("/")


def test_the_command_line_says_its_version(gateway: Gateway) -> None:
    version = gateway.host.file(gateway.current).linked_to.rpartition("/")[2]
    told = gateway.says("/usr/local/bin/%s --version", gateway.product)
    assert version in told.split()


def test_the_command_line_reaches_the_gateway(gateway: Gateway) -> None:
    """Through the wrapper, as root, with the secret that is only in its environment file."""
    assert gateway.health() == 0


def test_a_newcomer_gets_in_with_the_secret_alone(gateway: Gateway) -> None:
    assert gateway.health_of_newcomer(secret=True) == 0
    assert gateway.health_of_newcomer(secret=False) != 0


def test_logs_cannot_fill_the_disk(gateway: Gateway) -> None:
    wished = gateway.says("systemd-analyze cat-config systemd/journald.conf").splitlines()
    limits = [line for line in wished if line.startswith("SystemMaxUse=")]
    assert limits, "no limit is set"
    size = limits[-1].partition("=")[2]
    told = gateway.says("journalctl -q -o cat -u systemd-journald -g 'System Journal'")
    limit = re.search(r"max ([\d.]+)([KMGT]),", told.splitlines()[-1])
    assert limit, told
    assert (float(limit[1]), limit[2]) == (float(size[:-1]), size[-1])
