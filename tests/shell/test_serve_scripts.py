"""The route of `tailscale serve`, with a command line that answers as the real one may."""

from __future__ import annotations

import json

import pytest
from place import Place
from steps import Tended, make

from provision.model.plan import Change
from provision.model.secret import Secret
from provision.model.tailnet import Node
from provision.resources.serve import Serve

NODE = Node(
    state="Running",
    name="vps1.t.ts.net",
    caps=frozenset({"https"}),
    cert_domains=("vps1.t.ts.net",),
    magic_dns=True,
)
STAMP, FAILED = "var/stamps/serve", "run/serve.failed"
PROMPT = "Serve is not enabled on your tailnet.\nTo enable, visit:\n\n   https://login/f/serve"
# What is configured is in a file; `how` says what becomes of an order.
CLI = """
case "$*" in
  "serve status --json") cat $ROOT/config ;;
  "serve set-raw") cat >$ROOT/config ;;
  serve*) . $ROOT/how ;;
esac
"""
DONE = """printf '{"TCP": {"443": {"HTTPS": true}}, "Web": {"vps1.t.ts.net:443": {"Handlers": {"/":
  {"Proxy": "http://127.0.0.1:18789"}}}}}' >$ROOT/config"""
# A second here stands for all seconds that one must be ready to wait.
LIMIT = '[ "$1" != -k ] || shift 2; shift; exec /usr/bin/timeout 1 "$@"'


@pytest.fixture
def server(place: Place) -> Place:
    (place.root / "config").write_text("{}\n")
    place.fake("tailscale", CLI)
    place.fake("timeout", LIMIT)
    place.fake("ss", ":")
    return place


def tend(place: Place, how: str, attempt: str = "run1", *, wished: bool = True) -> Tended:
    (place.root / "how").write_text(f"{how}\n")
    serve = Serve("p.service", 18789, lambda facts: NODE, Secret(attempt), wished=wished)
    return Tended(place, serve)


def test_a_route_that_is_made_is_known_as_ours(server: Place) -> None:
    one = tend(server, DONE)
    assert one.make().exit == 0
    assert (server.root / STAMP).read_text() == "vps1.t.ts.net http://127.0.0.1:18789\n"
    assert one.diff() is None


@pytest.mark.parametrize(
    "how",
    [f"echo '{PROMPT}'; exit 0", f"echo '{PROMPT}'; sleep 10", f"echo '{PROMPT}' >&2; exit 1"],
    ids=["ends well with nothing done", "never returns", "fails"],
)
def test_an_order_that_comes_to_nothing_fails_no_step_and_is_told(server: Place, how: str) -> None:
    one = tend(server, how)
    assert one.make().exit == 0
    assert not (server.root / STAMP).exists()
    assert one.diff() is None, "it is tried once in a run"
    facts = one.look()
    assert "Serve is not enabled on your tailnet. To enable, visit: https://login/f/serve" in (
        tend(server, how).resource.trouble(facts)  # type: ignore[attr-defined]
    )
    assert tend(server, how, "run2").diff(), "and again in the next"
    assert tend(server, DONE, "run2").make().exit == 0
    assert not (server.root / FAILED).exists()


def test_somebody_who_was_faster_is_met_with_patience(server: Place) -> None:
    faster = "Another client is changing the serve config; please try again."
    how = f"[ -e $ROOT/once ] || {{ : >$ROOT/once; echo '{faster}'; exit 1; }}\n{DONE}"
    one = tend(server, how)
    assert one.make().exit == 0
    assert one.diff() is None


def test_our_route_is_taken_away_and_another_stays(server: Place) -> None:
    assert tend(server, DONE).make().exit == 0
    config = json.loads((server.root / "config").read_text())
    config["Web"]["vps1.t.ts.net:443"]["Handlers"]["/x"] = {"Proxy": "http://127.0.0.1:3000"}
    (server.root / "config").write_text(json.dumps(config))
    end = tend(server, "exit 9", wished=False)
    assert end.make().exit == 0
    del config["Web"]["vps1.t.ts.net:443"]["Handlers"]["/"]
    assert json.loads((server.root / "config").read_text()) == config
    assert end.diff() is None


def test_routes_that_change_meanwhile_are_not_written_over(server: Place) -> None:
    assert tend(server, DONE).make().exit == 0
    end = tend(server, "exit 9", wished=False)
    change = end.diff()
    assert isinstance(change, Change)
    (server.root / "config").write_text('{"TCP": {"22": {"TCPForward": "127.0.0.1:22"}}}')
    made = make(server, *change.commands)
    assert made.exit == 1
    assert "its routes have changed meanwhile" in made.out
    assert "127.0.0.1:22" in (server.root / "config").read_text()


HELD = """printf '{"Foreground": {"s1": {"TCP": {"443": {"HTTPS": true}}, "Web": {
  "vps1.t.ts.net:443": {"Handlers": {"/": {"Proxy": "http://127.0.0.1:4001"}}}}}}}' >$ROOT/config"""
"""A gateway that has started has its route, in the place of the one that was there."""


def test_a_gateway_that_is_to_hold_its_route_is_not_satisfied_by_another_one(server: Place) -> None:
    """It takes over the one that is there a moment after its start, for which we wait."""
    assert tend(server, DONE).make().exit == 0
    now = "read -r up _ </proc/uptime; echo ExecMainStartTimestampMonotonic=${up%.*}000000"
    server.fake("systemctl", f'[ "$1" != show ] || {{ {now}; exit; }}')
    server.fake("sleep", HELD)
    serve = Serve("p.service", 18789, lambda facts: NODE, Secret("run1"), by_gateway=True)
    assert Tended(server, serve).make().exit == 0
    assert "Foreground" in (server.root / "config").read_text()
