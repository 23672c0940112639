"""A gateway is given back by real shells: ours ends for good once theirs is seen listening."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

import pytest
from place import Place

from provision.engine.frames import equipped, pack_changes, whole
from provision.model.facts import Facts, Reading
from provision.model.shell import joined, sh
from provision.products import find_product
from provision.products.legacy import Legacy
from provision.resources.restitution import Restitution

NONCE = "5ca1ab1e5ca1ab1e"
PRODUCT = find_product("clawdbot")
UNITS = ("/etc/systemd/system/clawdbot.service",)
THEIRS = Legacy("eve", "clawdbot", "1001", "/home/eve", "/x", UNITS, (".clawdbot",))


@pytest.fixture
def server(place: Place) -> Place:
    """One with a service of ours and its state; nothing listens there, however long one waits."""
    place.fake("systemctl", 'echo "$@" >>$ROOT/asked; case $1 in show) echo NRestarts=0 ;; esac')
    place.fake("ss", 'case "$*" in *18789*) cat "$ROOT/listening" 2>/dev/null ;; esac')
    place.fake("sleep", ":")
    place.fake("id", "echo 1001")
    place.fake("setpriv", 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"')
    (place.root / "service/.clawdbot").mkdir(parents=True)
    (place.root / "etc").mkdir()
    return place


def give_back(server: Place, legacy: Legacy) -> str:
    """What the whole way back prints."""
    record = b64encode(legacy.to_json().encode()).decode()
    one = Restitution(PRODUCT)
    change = one.diff(Facts({one.id: Reading(0, f"record={record}\nsince=0\n")}))
    assert change
    text = whole(equipped(joined([pack_changes([change]), sh("frame done")])), NONCE).text
    places = {PRODUCT.home: "service", "/usr/local/bin": "bin", "/etc/systemd": "units"}
    for path, name in (places | {f"{PRODUCT.etc} ": "etc "}).items():
        text = text.replace(path, f"{server.root}/{name}")
    return server.run(text)


def kept(server: Place) -> bool:
    """Whether our state is where our service has it."""
    return (server.root / "service/.clawdbot").exists()


def asked(server: Place) -> list[str]:
    return (server.root / "asked").read_text().splitlines()


def test_theirs_is_awaited_before_our_state_is_moved(server: Place) -> None:
    (server.root / "listening").write_text("LISTEN 127.0.0.1:18789\n")
    (server.root / "service/my notes").mkdir()
    folders = (".clawdbot", "my notes", "not there")
    given = give_back(server, replace(THEIRS, listened=True, folders=folders))
    assert f"{NONCE} done" in given
    left = [path.name.partition(".kept-") for path in (server.root / "service").iterdir()]
    assert sorted(name for name, *_ in left) == [".clawdbot", "my notes"]
    assert all(mark for _, mark, _ in left)


def test_where_theirs_does_not_listen_any_more_ours_goes_on(server: Place) -> None:
    said = give_back(server, replace(THEIRS, listened=True))
    assert (
        "the gateway of eve does not listen on port 18789: journalctl _UID=1001; ours goes on"
        in said
    )
    assert f"{NONCE} done" not in said
    assert kept(server)
    assert asked(server)[-4:] == [
        "disable --now --quiet clawdbot.service",
        "enable --now --quiet clawdbot-gateway.service",
        "is-enabled --quiet clawdbot-watch.timer",
        "start clawdbot-watch.timer",
    ]


def test_what_never_listened_is_given_back_as_it_was(server: Place) -> None:
    assert f"{NONCE} done" in give_back(server, THEIRS)
    assert not kept(server)
    assert "enable --now --quiet clawdbot-gateway.service" not in asked(server)


def test_where_theirs_does_not_even_start_ours_goes_on(server: Place) -> None:
    server.fake("systemctl", 'echo "$@" >>$ROOT/asked; [ "$4" != clawdbot.service ]')
    said = give_back(server, THEIRS)
    assert "clawdbot.service of eve does not start: journalctl _UID=1001; ours goes on" in said
    assert kept(server)
    assert "enable --now --quiet clawdbot-gateway.service" in asked(server)
