"""A second opinion on a server's gateway: it shares no code with clawprov's own checks."""

from __future__ import annotations

import ipaddress
import re

import pytest
from oracle import Gateway

TAILNET = [ipaddress.ip_network(net) for net in ("100.64.0.0/10", "fd7a:115c:a1e0::/48")]
LEAKS = (
    "/etc/systemd /run/systemd/system /etc/environment /etc/default /etc/profile.d /root/.*_history"
)
"""Where a secret would be read by others, stay in backups, or be forgotten."""


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
    """What it says about other units on the way is not ours to judge."""
    found = gateway.host.run("systemd-analyze verify %s", gateway.unit)
    said = (found.stdout + found.stderr).splitlines()
    assert [line for line in said if gateway.unit in line] == []


def test_the_service_is_shut_in(gateway: Gateway) -> None:
    if not gateway.sandboxed:
        pytest.skip("its owner wished no sandbox (profile: off), or one of their own (unit:)")
    told = gateway.says("systemd-analyze security --no-pager %s", gateway.unit).splitlines()[-1]
    exposure = re.search(r": (\d+\.\d) ", told)
    assert exposure, told
    assert float(exposure[1]) <= 2.0


def test_the_process_belongs_to_the_gateways_user(gateway: Gateway) -> None:
    status = gateway.says("cat /proc/%s/status", gateway.systemd("MainPID"))
    uid, gid = (gateway.says(f"id -{kind} %s", gateway.product) for kind in "ug")
    assert f"\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n" in status
    assert f"\nGid:\t{gid}\t{gid}\t{gid}\t{gid}\n" in status
    assert f"\nGroups:\t{gid} \n" in status
    assert "\nCapEff:\t0000000000000000\n" in status
    assert "\nNoNewPrivs:\t1\n" in status or not gateway.sandboxed


def test_the_port_listens_where_it_was_wished_alone(gateway: Gateway) -> None:
    """Tailscale, where it leads the tailnet to that port, has it on its own addresses besides."""
    lines = gateway.says(f"ss -Hltnp 'sport = :{gateway.port}'").splitlines()
    places = [line.split()[3] for line in lines if '(("tailscaled",' not in line]
    there = {place.rpartition(":")[0].strip("[]").partition("%")[0] for place in places}
    wish = gateway.wish.get("bind", "loopback")
    if wish == "loopback":
        assert there - {"::1"} == {"127.0.0.1"}
    elif wish == "tailnet":
        addresses = {ipaddress.ip_address(one) for one in there - {"127.0.0.1", "::1"}}
        assert addresses
        assert all(any(one in net for net in TAILNET) for one in addresses)
    else:
        assert there & {"0.0.0.0", "*", "::"}


def test_the_gateway_opens_no_other_port(gateway: Gateway) -> None:
    """One that publishes itself on a tailnet has a second one, on loopback, for what comes so."""
    lines = gateway.says("ss -Hltnup").splitlines()
    pid = f"pid={gateway.systemd('MainPID')},"
    own = {line.split()[4] for line in lines if pid in line}
    other = {one for one in own if one.rpartition(":")[2] != str(gateway.port)}
    if gateway.wish.get("tailscale", {}).get("mode", "off") != "off":
        other = {one for one in other if not one.startswith(("127.0.0.1:", "[::1]:"))}
    assert own
    assert other == set()


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


def test_the_secret_is_where_it_belongs_alone(gateway: Gateway) -> None:
    places = f"{LEAKS} /proc/[0-9]*/cmdline {gateway.config}"
    found = f"grep -rslF -f /dev/fd/3 {places}"
    told = f"journalctl -q -o cat -b -u {gateway.unit} | grep -qF -f /dev/fd/3 && echo its journal"
    for look in (found, told):
        assert gateway.says(f"{{ {look}; }} 3<<E || :\n$({gateway.secret})\nE\n") == ""
