"""A gateway in a container: what Docker shows of it to the world is seen, and it is left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from machines import LISTENING, RELEASES, Server, await_in, copy_gateway, out
from patients import found
from persons import Person

from provision.lab import Box, Lab

SETUP = """set -e
export DEBIAN_FRONTEND=noninteractive
{ apt-get update && apt-get -y --no-install-recommends install docker.io iptables; } >/dev/null 2>&1
systemctl start docker
tar -C / -c bin etc home lib lib64 sbin usr | docker import - machine
umask 077
mkdir /root/.clawdbot
echo '{"gateway": {"mode": "local"}}' >/root/.clawdbot/clawdbot.json
"""
RUN = (
    "docker run -d --name box1 -p {}18789:18789 -v /opt:/opt -v /var/lib/clawdbot/tmp:/tmp "
    "-v /root/.clawdbot:/home/.clawdbot "
    "-e HOME=/home -e NODE_COMPILE_CACHE=/tmp/node-compile-cache "
    "-e CLAWDBOT_GATEWAY_TOKEN=0123456789012345678901234567890123456789 machine "
    f"sh -c 'exec node {RELEASES}/*/node_modules/clawdbot/dist/entry.js gateway "
    "--allow-unconfigured --bind lan --port 18789'"
)
ANSWERS = "python3 -c 'import urllib.request as web; web.urlopen(\"http://127.0.0.1:18789/\")'"


@pytest.fixture(scope="module")
def box(make_box: Callable[..., Box], server: Server, lab: Lab) -> Iterator[Box]:
    """A server with Docker, and an image of it with all that a gateway needs."""
    box = make_box(disk="ram:5G")
    copy_gateway(server.box, box, "/")
    out(box, SETUP, seconds=300)
    yield box
    lab.down(box.name)  # it has taken much memory


def test_a_gateway_that_docker_publishes_gets_an_f_and_is_left_alone(
    box: Box, person: Person
) -> None:
    out(box, RUN.format(""))
    await_in(box, f"{LISTENING} && {ANSWERS}", seconds=90)
    audit = person.run("audit", box.name, "--json").answer
    (docker,) = (one for one in audit["findings"] if one["rule"] == "audit:docker-ports")
    assert (audit["grade"], docker["severity"]) == ("F", "critical")
    assert any("Clawdbot Control" in line for line in docker["evidence"])
    seen = found(person, box)
    assert set(seen) == {"service:none"}
    assert "a container runs it" in seen["service:none"]["cause"]
    assert person.run("adopt", box.name, "--yes").refused(5, "gateway runs in container")
    assert person.run("up", box.name).refused(5, "clawdbot gateway is here: container")
    taken = person.run("up", box.name, "--existing", "take-over")
    assert taken.refused(5, "cannot take over")


def test_one_that_it_keeps_to_the_server_is_no_finding(box: Box, person: Person) -> None:
    out(box, f"docker rm -f box1; {RUN.format('127.0.0.1:')}")
    await_in(box, f"{LISTENING} && {ANSWERS}", seconds=90)
    audit = person.run("audit", box.name, "--json").answer
    assert "audit:docker-ports" not in {one["rule"] for one in audit["findings"]}
    assert audit["grade"] == "A"
    assert len(audit["gateways"]) == 1
