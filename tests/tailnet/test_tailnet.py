"""The tailnet that other tests stand on is real: apt, control, names, certificates."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from machines import await_in

from provision.lab import Box, Lab
from tests.tailnet.funnel import FunnelControl, start_relay
from tests.tailnet.headscale import Headscale
from tests.tailnet.members import asked_to_enable, certify, install, join, name_of, out, status

WEB = """\
import http.server
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(self.headers).encode())
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", 8000), Page).serve_forever()
"""


HTTPS = "tailscale status --json | grep -q '\"https\"'"
FETCH = "curl -fsS --max-time 20 --retry 20 --retry-delay 1 --retry-all-errors"
SERVE = "tailscale serve --bg --yes --https=443 http://127.0.0.1:8000 </dev/null"


def start_web(box: Box) -> None:
    out(box, f"cat >/root/web.py <<'E'\n{WEB}\nE")
    out(box, "systemd-run -q --collect --unit=web python3 /root/web.py")
    await_in(box, "ss -Hltn | grep -q 127.0.0.1:8000")


def headers_of(page: str) -> dict[str, str]:
    """What the server behind Serve has got, for that is what it answers with."""
    return dict(line.split(": ", 1) for line in page.splitlines() if ": " in line)


@pytest.fixture(scope="module")
def member(node: Box, tailnet: Headscale) -> str:
    """The name of a node that serves what a small server of its own answers."""
    install(node)
    said = join(node, tailnet.url, tailnet.key())
    start_web(node)
    out(node, SERVE, seconds=20)
    return said["DNSName"].rstrip(".")


def test_a_node_may_have_a_certificate_for_its_own_name(node: Box, member: str) -> None:
    said = status(node)
    assert member == name_of(node.name)
    assert said["CertDomains"] == [member]
    assert "https" in said["Self"]["CapMap"]


def test_a_peer_fetches_it_by_name_over_verified_tls(member: str, peer: Box) -> None:
    page = out(peer, f"{FETCH} https://{member}/ -H 'Tailscale-User-Login: evil@x'")
    assert headers_of(page)["Tailscale-User-Login"].startswith("alice")
    assert headers_of(page)["X-Forwarded-Proto"] == "https"


def test_nothing_but_443_answers_on_the_name(member: str, peer: Box) -> None:
    assert peer.run(f"curl -sS --max-time 5 http://{member}:8000/").returncode == 7


def test_the_older_version_can_be_pinned(node: Box, member: str) -> None:
    offered = out(node, "apt-cache madison tailscale | cut -d'|' -f2 | tr -d ' '").split()
    assert offered == ["1.102.3", "1.102.2"]
    assert out(node, "tailscale version").splitlines()[0] == "1.102.3"


def test_nothing_of_the_lab_asks_the_world(node: Box, member: str) -> None:
    journal = out(node, "journalctl -u tailscaled -o cat")
    assert "log.tailscale.com" not in journal
    assert "letsencrypt" not in json.dumps(status(node)["Health"])


@pytest.mark.parametrize("wait", [True, False])
def test_a_tailnet_without_https_answers_as_the_public_service_does(
    node: Box, member: str, tailnet: Headscale, wait: bool
) -> None:
    command = SERVE.replace("443", "8443")
    tailnet.allow(https=False)
    try:
        out(node, f"for i in $(seq 100); do {HTTPS} || exit 0; sleep 0.1; done; exit 1")
        with asked_to_enable(node, wait=wait):
            done = node.run(f"timeout {5 if wait else 60} {command}")
    finally:
        tailnet.allow(https=True)
    assert "Serve is not enabled on your tailnet" in done.stdout
    assert done.returncode == (124 if wait else 0)
    assert "8443" not in out(node, "tailscale serve status --json")
    out(node, f"for i in $(seq 100); do {HTTPS} && exit 0; sleep 0.1; done; exit 1")


def test_the_public_comes_in_by_funnel(
    make_box: Callable[..., Box], visitor: Box, lab: Lab, funnel_control: FunnelControl
) -> None:
    box = make_box()
    certify(lab.folder, box)
    install(box)
    name = join(box, funnel_control.url)["DNSName"].rstrip(".")
    start_web(box)
    out(box, SERVE.replace("serve", "funnel", 1), seconds=20)
    start_relay(visitor, name)
    page = out(visitor, f"{FETCH} --connect-to {name}:443:127.0.0.1:8443 https://{name}/")
    assert headers_of(page)["Tailscale-Funnel-Request"] == "?1"
    assert headers_of(page)["X-Forwarded-For"] == "203.0.113.9"
    out(box, "tailscale funnel --yes --https=443 off")
    assert visitor.run(
        f"curl -fsS --max-time 5 --connect-to {name}:443:127.0.0.1:8443 https://{name}/"
    ).returncode
