"""What a node serves, and what keeps it from serving."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from provision.model.serve import Route, find_hindrance, parse_routes, without
from provision.model.tailnet import Node

CONTROL = "https://hs.example"
NODE = Node(
    state="Running",
    id="nX1",
    name="vps1.t.ts.net",
    caps=frozenset({"https"}),
    cert_domains=("vps1.t.ts.net",),
    magic_dns=True,
)
CONFIG = """{
  "TCP": {"443": {"HTTPS": true}, "22": {"TCPForward": "127.0.0.1:22"}},
  "Web": {"vps1.t.ts.net:443": {"Handlers": {
    "/": {"Proxy": "http://127.0.0.1:18789"}, "/x": {"Path": "/srv"}}}},
  "AllowFunnel": {"vps1.t.ts.net:443": true},
  "Foreground": {"ab": {"Web": {"vps1.t.ts.net:8443": {"Handlers": {"/": {"Text": "hi"}}}}}}
}"""
OURS = Route("vps1.t.ts.net", 443, "/", "http://127.0.0.1:18789", public=True)


def test_every_route_is_read_those_of_programs_too() -> None:
    assert parse_routes(CONFIG) == (
        OURS,
        Route("vps1.t.ts.net", 443, "/x", "/srv", public=True),
        Route("", 22, "", "tcp://127.0.0.1:22"),
        Route("vps1.t.ts.net", 8443, "/", "hi", "ab"),
    )


HELD = """{
  "TCP": {"10000": {"TCPForward": "127.0.0.1:22"}, "8443": {"TCPForward": "127.0.0.1:23"}},
  "AllowFunnel": {"vps1.t.ts.net:443": true, "vps1.t.ts.net:8443": false},
  "Foreground": {
    "ab": {"Web": {"vps1.t.ts.net:443": {"Handlers": {"/": {"Proxy": "http://localhost:9/"}}}}},
    "cd": {"AllowFunnel": {"vps1.t.ts.net:10000": true}}
  }
}"""


def test_funnel_is_for_a_place_whoever_serves_there_and_whoever_has_allowed_it() -> None:
    """As Tailscale itself judges (ipn.ServeConfigView.HasFunnelForTarget, 1.102)."""
    assert parse_routes(HELD) == (
        Route("", 10000, "", "tcp://127.0.0.1:22", public=True),
        Route("", 8443, "", "tcp://127.0.0.1:23"),
        Route("vps1.t.ts.net", 443, "/", "http://localhost:9/", "ab", public=True),
    )


@pytest.mark.parametrize(
    ("target", "leads"),
    [
        ("http://127.0.0.1:18789", True),
        ("http://localhost:18789/", True),
        ("https+insecure://[::1]:18789/canvas", True),
        ("tcp://127.0.0.1:18789", True),
        ("http://127.0.0.1:187890", False),
        ("http://127.0.0.1:8789", False),
        ("http://192.0.2.1:18789", False),
        ("/srv/127.0.0.1:18789", False),
        ("", False),
    ],
)
def test_a_route_leads_to_a_port_of_the_servers_own(target: str, leads: bool) -> None:
    assert Route("vps1.t.ts.net", 443, "/", target).leads_to({18789, 4001}) == leads


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "no",
        "[]",
        '{"Web": 7}',
        '{"Web": {"x": {"Handlers": {"/": 7}}}}',
        '{"TCP": {"443": 7}}',
        '{"TCP": {"x": {"TCPForward": "y"}}}',
        '{"Foreground": {"a": 7}}',
    ],
)
def test_what_is_not_understood_is_no_route(text: str) -> None:
    assert parse_routes(text) == ()


def test_a_route_is_left_out_and_nothing_else() -> None:
    rest = json.loads(without(CONFIG, [OURS]))
    wished = json.loads(CONFIG)
    del wished["Web"]["vps1.t.ts.net:443"]["Handlers"]["/"]
    assert rest == wished


def test_the_last_route_takes_its_port_and_its_funnel_along() -> None:
    rest = json.loads(without(CONFIG, [OURS, replace(OURS, path="/x")]))
    assert rest.keys() == {"TCP", "Foreground"}
    assert rest["TCP"] == {"22": {"TCPForward": "127.0.0.1:22"}}


def test_a_route_is_left_out_where_nothing_more_is_said() -> None:
    web = {"vps1.t.ts.net:443": {"Handlers": {"/": {"Proxy": "http://127.0.0.1:18789"}}}}
    text = json.dumps({"Web": web, "TCP": None, "AllowFunnel": None})
    assert json.loads(without(text, [OURS])) == {}


@pytest.mark.parametrize(
    ("change", "told", "where"),
    [
        ({"magic_dns": False}, "MagicDNS is off", "https://login.tailscale.com/admin/dns"),
        ({"caps": frozenset()}, "HTTPS is off", "https://login.tailscale.com/f/serve?node=nX1"),
        ({"caps": frozenset(), "id": ""}, "HTTPS is off", "https://login.tailscale.com/admin/dns"),
        ({"cert_domains": ()}, "no certificate for vps1.t.ts.net", "admin/dns"),
        ({"caps": frozenset(), "prefs": {"ControlURL": CONTROL}}, "HTTPS is off", "policy"),
        ({"magic_dns": False, "prefs": {"ControlURL": CONTROL}}, "MagicDNS is off", "your control"),
    ],
)
def test_what_keeps_a_tailnet_from_https_is_told_with_where_to_change_it(
    change: dict[str, object], told: str, where: str
) -> None:
    said = find_hindrance(replace(NODE, **change))  # type: ignore[arg-type]
    assert told in said
    assert where in said
    assert find_hindrance(NODE) == ""
