"""The wait for a login, in real shells, with a Tailscale that does what it is told."""

from __future__ import annotations

from place import Place

from provision.engine.frames import parse_frame, unpack, whole
from provision.engine.prelude import TOOLS
from provision.model.facts import Reading
from provision.model.secret import Secret
from provision.model.shell import joined, sh
from provision.products import tailscale

NONCE = "5ca1ab1e5ca1ab1e"
URL = "https://login.example.org/a?x=1&y=2"
KEY = Secret("tskey-auth-k1\n")
FAKE = r"""
case "$*" in
up*) echo "$*" >>argv; case "$*" in *file:/dev/stdin*) cat >given ;; esac; {up} ;;
status*) cat status ;;
logout) echo yes >forgotten ;;
esac
"""
WAITING = r'{ "BackendState": "NeedsLogin", "AuthURL": "https://login.example.org/a?x=1\u0026y=2" }'


def run(place: Place, up: str, status: str, *, limit_s: int = 2, key: Secret | None = None) -> str:
    """What comes of a login while `tailscale up` does `up`; the control server has two seconds."""
    place.fake("tailscale", FAKE.replace("{up}", up))
    (place.root / "status").write_text(status)
    step = tailscale.up(("--hostname=a b",), limit_s, key, forget=key is not None)
    text = step.text.replace(f"+ {tailscale.CONTROL_S}))", "+ 2))")
    body = sh("begin login\n(\nset -e\n{}\n) </dev/null\nend $?", type(step)(text, text))
    return place.run(whole(joined([TOOLS, body]), NONCE))


def reading(out: str) -> Reading:
    return unpack(out, NONCE)["login"]


def test_a_server_that_is_let_in_at_once_asks_for_nothing(place: Place) -> None:
    out = run(place, "sleep 0.1", '{"BackendState": "Running", "AuthURL": ""}', key=KEY)
    assert reading(out).exit == 0
    assert (place.root / "given").read_text() == "tskey-auth-k1\n"
    assert "tskey" not in (place.root / "argv").read_text()
    assert not (place.root / "forgotten").exists()
    assert " ask " not in out


def test_a_person_is_asked_once_at_the_url_as_it_is(place: Place) -> None:
    out = run(place, "sleep 1.3", WAITING, limit_s=9)
    asked = [frame.value for line in out.splitlines() if (frame := parse_frame(line, NONCE))]
    assert [words for words in asked if URL in words] == [
        f"log this server in to your tailnet: {URL}"
    ]
    assert "~ waiting for you, 0:0" in out
    assert "--hostname=a b --timeout=69s" in (place.root / "argv").read_text()
    assert reading(out).exit == 0


def test_nobody_is_waited_for_longer_than_said(place: Place) -> None:
    out = run(place, "exec sleep 30", WAITING, limit_s=1)
    assert reading(out).exit == 1
    assert "nobody has answered at https://login.example.org/a" in reading(out).out
    assert not (place.root / "forgotten").exists()  # who comes late, comes in


def test_a_silent_control_server_is_not_waited_for_as_a_person_is(place: Place) -> None:
    out = run(place, "exec sleep 30", '{"BackendState": "NoState"}', limit_s=99)
    assert reading(out).exit == 1
    assert "no answer from the control server" in reading(out).out


def test_a_refused_key_is_not_tried_again(place: Place) -> None:
    out = run(place, "echo backend error: authkey expired; exit 1", "{}", key=KEY)
    assert reading(out).exit == 1
    assert "authkey expired" in reading(out).out
    assert (place.root / "forgotten").exists()


def test_an_admin_is_asked_where_the_tailnet_wants_one(place: Place) -> None:
    out = run(place, "sleep 1.3", '{"BackendState": "NeedsMachineAuth"}', key=KEY, limit_s=9)
    assert "ask this server waits for an admin of your tailnet: https://login.tailscale.com" in out
