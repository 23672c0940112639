"""What may be wrong with a gateway's server, and the one smoke test that must see it.

In the server's shell $p is the product, $n the fault's own number, $SECRET prints the secret.
"""

from __future__ import annotations

from dataclasses import dataclass

UNIT = "/etc/systemd/system/$p-gateway.service"
EXTRA = "/run/systemd/system/$p-gateway.service.d"
RELEASE = "$(readlink -f /opt/clawprov/$p/current)"
WRAPPER = "/usr/local/bin/$p"
JOURNAL = "/etc/systemd/journald.conf.d/clawprov.conf"
RESTART = (
    "systemctl restart $p-gateway; "
    "until ss -Hltn 'sport = :18789' | grep -q 127.0.0.1; do sleep 0.2; done"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """`do` makes it, so that the test `seen` fails, and no `quick` one besides; `undo` mends it."""

    seen: str
    do: str
    undo: str
    quick: bool = True


def line(seen: str, *lines: str, restart: bool = False) -> Fault:
    """Lines that somebody has added to the unit."""
    text = "\\n".join(lines)
    new = "systemctl daemon-reload" + (f"; {RESTART}" if restart else "")
    make = f"mkdir -p {EXTRA}; printf '{text}\\n' >{EXTRA}/$n.conf; {new}"
    return Fault(seen, make, f"rm {EXTRA}/$n.conf; rmdir --ignore-fail-on-non-empty {EXTRA}; {new}")


def edit(seen: str, file: str, script: str, *, quick: bool = True) -> Fault:
    """A file that somebody has edited."""
    return Fault(
        seen,
        f"cp -a {file} /root/kept$n; sed -i '{script}' {file}; ! cmp -s {file} /root/kept$n",
        f"mv /root/kept$n {file}",
        quick,
    )


def mode(path: str, sign: str = "o+r") -> Fault:
    """A file that others may read."""
    seen = f"test_files_belong_to_whom_they_should[{path.replace('$p', '{0}')}]"
    keep = f"stat -c %a {path} >/root/mode$n; chmod {sign} {path}"
    return Fault(seen, keep, f"chmod $(cat /root/mode$n) {path}; rm /root/mode$n")


FAULTS = (
    Fault(
        "test_the_service_is_enabled_and_runs",
        "systemctl disable -q $p-gateway",
        "systemctl enable -q $p-gateway",
    ),
    line("test_no_outage_can_end_the_service_for_good", "[Unit]", "StartLimitIntervalSec=10"),
    line("test_systemd_finds_no_fault_with_the_unit", "[Service]", "Nonsense=1"),
    line(
        "test_the_service_is_shut_in",
        *("[Service]", "ProtectSystem=no", "PrivateUsers=no", "PrivateDevices=no"),
        *("ProtectHome=no", "RestrictNamespaces=no", "SystemCallFilter="),
    ),
    line(
        "test_the_process_belongs_to_the_gateways_user",
        *("[Service]", "SupplementaryGroups=adm"),
        restart=True,
    ),
    line(
        "test_the_gateway_opens_no_other_port",
        *("[Service]", 'Environment="NODE_OPTIONS=--inspect=127.0.0.1:9229"'),
        restart=True,
    ),
    Fault(  # after the lines above, which have it read again
        "test_systemd_has_read_the_unit_as_it_is",
        f"cp -a {UNIT} /root/kept$n; echo '# mine' >>{UNIT}",
        f"mv /root/kept$n {UNIT}; systemctl daemon-reload",
    ),
    Fault(
        "test_the_port_listens_where_it_was_wished_alone",
        "systemd-run -q --unit=wide python3 -m http.server 18789 --bind $(hostname -I); "
        "until [ $(ss -Hltn 'sport = :18789' | wc -l) = 3 ]; do sleep 0.1; done",
        "systemctl stop wide",
    ),
    Fault(
        "test_the_secret_is_where_it_belongs_alone",
        'systemd-run -q --unit=leak --description=leak sh -c "sleep 600; true" "$($SECRET)"',
        "systemctl stop leak",
    ),
    Fault(
        "test_the_secret_is_where_it_belongs_alone",
        "$SECRET >/etc/default/mine",
        "rm /etc/default/mine",
    ),
    edit(
        "test_node_is_of_the_range_that_the_gateway_asks_for",
        f"{RELEASE}/node_modules/$p/package.json",
        's/"node": ">=/"node": ">=99.0.0 >=/',
    ),
    Fault(
        "test_the_user_cannot_log_in",
        "usermod -s /bin/bash $p",
        "usermod -s /usr/sbin/nologin $p",
    ),
    mode("/etc/$p"),
    mode("/etc/$p/gateway.env"),
    mode("/var/lib/$p"),
    mode("/var/lib/$p/.$p"),
    mode("/var/lib/$p/.$p/$p.json"),
    mode("/var/lib/$p/tmp"),
    mode("/etc/systemd/system/$p-gateway.service", "g+w"),
    mode("/usr/local/bin/$p", "g+w"),
    mode("/run/clawprov"),
    mode("/var/lib/clawprov"),
    mode("/var/lib/clawprov/audit.jsonl"),
    Fault(
        "test_the_release_lies_where_it_should",
        f"touch {RELEASE}/mine",
        f"rm {RELEASE}/mine",
    ),
    Fault(
        "test_nobody_but_root_can_change_what_runs",
        f"chmod o+w {RELEASE}/node_modules/$p/package.json",
        f"chmod o-w {RELEASE}/node_modules/$p/package.json",
    ),
    edit(
        "test_every_package_is_the_one_of_the_lock_file",
        f"{RELEASE}/node_modules/.package-lock.json",
        '0,/"version": "/s//"version": "9/',
    ),
    Fault(
        "test_nothing_is_installed_globally",
        "mkdir -p /usr/local/lib/node_modules/$p",
        "rmdir /usr/local/lib/node_modules/$p",
    ),
    Fault(
        "test_logs_cannot_fill_the_disk", f"mv {JOURNAL} /root", f"mv /root/clawprov.conf {JOURNAL}"
    ),
    Fault(
        "test_logs_cannot_fill_the_disk",
        f"touch -d tomorrow {JOURNAL}",
        f"touch -d -1day {JOURNAL}",
    ),
    edit(
        "test_the_command_line_says_its_version",
        WRAPPER,
        '2i [ "$*" != --version ] || { echo 0.0.1; exit; }',
        quick=False,
    ),
    edit(
        "test_the_command_line_reaches_the_gateway",
        WRAPPER,
        "2i case $0:$* in /usr*health*) exit 1 ;; esac",
        quick=False,
    ),
    edit(
        "test_a_newcomer_gets_in_with_the_secret_alone",
        WRAPPER,
        "2i case $0:$* in sh:*health*) exit 0 ;; esac",
        quick=False,
    ),
)
