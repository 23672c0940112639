"""Opening and closing to the whole internet, with a Tailscale that does, or does not, what is said.

The state of the fake Tailscale is two files: what it serves on port 443, and whether in public.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import pytest
from place import Place
from steps import Tended, make

from provision.model.door import TOOLS, Door
from provision.model.funnel import BY_INVENTORY, Opening
from provision.resources.funnel import Funnel

NAME = "vps1.tail1.ts.net"
TAILSCALE = """
echo "$*" >>$ROOT/said
[ ! -e $ROOT/down ] || { echo failed to connect; exit 1; }
case $* in
  "status --json --peers=false") cat $ROOT/status ;;
  "debug prefs") echo "{}" ;;
  "serve status --json")
    [ -e $ROOT/served ] || { echo "{}"; exit; }
    if [ -e $ROOT/public ]; then cat $ROOT/open; else cat $ROOT/private; fi ;;
  *"--https=443 --set-path=/ off") rm -f $ROOT/served $ROOT/public ;;
  "funnel --bg --yes --https=443 "*)
    [ ! -e $ROOT/prompts ] || { echo "To enable, visit:"; exit 0; }
    : >$ROOT/served; : >$ROOT/public ;;
  "serve --bg --yes --https=443 "*)
    [ ! -e $ROOT/prompts ] || { echo "To enable, visit:"; exit 0; }
    : >$ROOT/served; rm -f $ROOT/public ;;
  *) echo "unknown: $*"; exit 2 ;;
esac
"""


@pytest.fixture
def node(place: Place) -> Place:
    """A server in a tailnet that serves nothing."""
    web = {"TCP": {"443": {"HTTPS": True}}}
    web |= {"Web": {f"{NAME}:443": {"Handlers": {"/": {"Proxy": "http://127.0.0.1:18789"}}}}}
    me = {"DNSName": f"{NAME}.", "HostName": "vps1"}
    status = {"Version": "1.102.3", "BackendState": "Running", "Self": me}
    for name, text in {
        "status": status,
        "private": web,
        "open": web | {"AllowFunnel": {f"{NAME}:443": True}},
    }.items():
        (place.root / name).write_text(json.dumps(text, indent=2))
    place.fake("tailscale", TAILSCALE)
    place.fake("ss", "cat $ROOT/ss 2>/dev/null")
    place.fake("systemctl", 'echo "$*" >>$ROOT/asked')
    place.fake("timeout", 'shift; exec "$@"')
    return place


def state(node: Place) -> tuple[bool, bool]:
    """Whether the tailnet gets in, and whether everybody does."""
    return (node.root / "served").exists(), (node.root / "public").exists()


def funnel(node: Place, wish: Opening | Literal["closed", "kept"]) -> Tended:
    return Tended(node, Funnel(443, "p.service", 18789, wish))


def shut(node: Place, *, kept: bool) -> tuple[int, str]:
    made = make(node, TOOLS, Door(443, "p.service", 18789, kept).shut)
    return made.exit, made.out


def touch(node: Place, *names: str) -> None:
    for name in names:
        Path(node.root / name).touch()


def test_what_is_opened_is_closed_again_and_nothing_stays(node: Place) -> None:
    funnel(node, Opening(0, "a1")).settle()
    assert state(node) == (True, True)
    assert funnel(node, "kept").diff() is None
    funnel(node, "closed").settle()
    assert state(node) == (False, False)
    assert not (node.root / "var/funnel").exists()


def test_what_was_served_before_is_served_afterwards(node: Place) -> None:
    touch(node, "served")
    funnel(node, Opening(0, "a1")).settle()
    funnel(node, Opening(0, "b2")).settle()
    funnel(node, "closed").settle()
    assert state(node) == (True, False)


def test_what_the_inventory_has_opened_goes_with_its_wish(node: Place) -> None:
    touch(node, "served")
    funnel(node, BY_INVENTORY).settle()
    funnel(node, "kept").settle()
    assert state(node) == (True, False)


def test_a_tailnet_that_only_tells_where_to_click_opens_nothing_and_leaves_nothing(
    node: Place,
) -> None:
    touch(node, "prompts")
    made = funnel(node, Opening(0, "a1")).make()
    assert made.exit == 1
    assert "To enable, visit:" in made.out
    assert state(node) == (False, False)
    assert not (node.root / "var/funnel").exists()


def test_where_serving_on_does_not_work_it_is_closed_to_all(node: Place) -> None:
    touch(node, "served", "public", "prompts")
    assert shut(node, kept=True)[0] == 0
    assert state(node) == (False, False)


def test_what_is_closed_already_is_left_alone(node: Place) -> None:
    touch(node, "served")
    assert shut(node, kept=False)[0] == 0
    assert state(node) == (True, False)


def test_closing_fails_while_tailscale_does_not_answer(node: Place) -> None:
    touch(node, "served", "public", "down")
    assert shut(node, kept=True) == (1, "Tailscale does not answer\n")
    assert state(node) == (True, True)


@pytest.mark.parametrize("stays", [False, True])
def test_who_is_inside_is_sent_away(node: Place, stays: bool) -> None:
    way = '0 0 127.0.0.1:4711 127.0.0.1:18789 users:(("tailscaled",pid=9,fd=7))'
    other = '0 0 127.0.0.1:4712 127.0.0.1:18789 users:(("sshd",pid=8,fd=7))'
    told = '[ "$1" = -Htn ] && { [ -e $ROOT/stays ] && echo there; exit 0; }'
    node.fake("ss", f"echo \"$*\" >>$ROOT/cut\n{told}\necho '{way}'\necho '{other}'")
    touch(node, "served", "public", *(["stays"] if stays else []))
    assert shut(node, kept=True)[0] == 0
    cut = (node.root / "cut").read_text()
    assert "-Kt sport = :4711 and dport = :18789" in cut
    assert ":4712" not in cut
    asked = node.root / "asked"
    assert (asked.exists() and "try-restart p.service" in asked.read_text()) == stays
