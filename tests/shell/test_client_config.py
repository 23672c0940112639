"""Settings of the gateway's CLI on a laptop: ours come and go, the user's stay byte for byte."""

from __future__ import annotations

import json

import json5
import pytest
from laptop import Kept
from place import Place

from provision.model.facts import Reading
from provision.model.secret import Secret
from provision.resources.client_config import ClientConfig

URL = "ws://127.0.0.1:18790"
SECRET = "a \"b'c' $HOME `id` %s \\n ü€🔑 Canary17"
THEIRS = {
    "JSON": b'{\n  "gateway": {\n    "mode": "local",\n    "port": 18789\n  }\n}\n',
    "JSON5 with all it has": b"// mine\n{ b: 'c', /* ! */\n\tgateway: {mode:'local',},\n}",
    "Windows": b'{\r\n  "a": "\\u00e9",\r\n  "b": [1, 2]\r\n}\r\n',
    "no newline at the end": '{"ünï": "%s $HOME `id`"}'.encode(),
    "an empty object": b"{}\n",
    "old remote settings": b"{gateway:{mode:'remote',remote:{url:'wss://old',token:'old',x:1}}}\n",
}


@pytest.fixture(params=["gnu", "bsd"])
def gnu(request: pytest.FixtureRequest) -> bool:
    return request.param == "gnu"


def config(place: Place, gnu: bool, kind: str = "token", url: str = URL) -> Kept:
    path = str(place.root / "home dir/.clawdbot/clawdbot.json")
    return Kept(place, ClientConfig(path, url, kind, Secret(SECRET)), gnu)


def without(place: Place, gnu: bool) -> Kept:
    path = str(place.root / "home dir/.clawdbot/clawdbot.json")
    return Kept(place, ClientConfig(path, URL), gnu)


@pytest.mark.parametrize("theirs", THEIRS)
def test_settings_come_and_go_and_leave_every_byte(place: Place, gnu: bool, theirs: str) -> None:
    path = place.root / "home dir/.clawdbot/clawdbot.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(THEIRS[theirs])
    path.chmod(0o644)
    config(place, gnu).settle()
    made = json5.loads(path.read_text())
    assert made["gateway"]["mode"] == "remote"
    assert made["gateway"]["remote"]["url"] == URL
    assert made["gateway"]["remote"]["token"] == SECRET
    assert path.stat().st_mode & 0o777 == 0o600
    without(place, gnu).settle()
    assert path.read_bytes() == THEIRS[theirs]
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(path.parent.iterdir()) == [path]


def test_where_there_was_none_there_is_none_again(place: Place, gnu: bool) -> None:
    (place.root / "home dir").mkdir()
    config(place, gnu, "password").settle()
    path = place.root / "home dir/.clawdbot/clawdbot.json"
    remote = {"url": URL, "password": SECRET}
    assert json.loads(path.read_text()) == {"gateway": {"mode": "remote", "remote": remote}}
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    without(place, gnu).settle()
    assert list((place.root / "home dir").iterdir()) == []


def test_what_the_cli_itself_wrote_meanwhile_stays(place: Place, gnu: bool) -> None:
    path = place.root / "home dir/.clawdbot/clawdbot.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(THEIRS["old remote settings"])
    config(place, gnu).settle()
    path.write_text(json.dumps(json5.loads(path.read_text()) | {"theirs": 1}, indent=2))
    without(place, gnu).settle()
    assert json5.loads(path.read_text()) == json5.loads(THEIRS["old remote settings"].decode()) | {
        "theirs": 1
    }
    assert list(path.parent.iterdir()) == [path]


def test_links_are_followed_and_stay(place: Place, gnu: bool) -> None:
    folder, real = place.root / "home dir/.clawdbot", place.root / "dotfiles"
    folder.mkdir(parents=True)
    real.mkdir()
    (real / "bot.json").write_bytes(THEIRS["Windows"])
    (folder / "clawdbot.json").symlink_to("../../dotfiles/bot.json")
    config(place, gnu).settle()
    assert (folder / "clawdbot.json").is_symlink()
    assert URL.encode() in (real / "bot.json").read_bytes()
    without(place, gnu).settle()
    assert (real / "bot.json").read_bytes() == THEIRS["Windows"]
    assert (folder / "clawdbot.json").is_symlink()


def test_another_tunnel_of_the_same_laptop_takes_over_and_the_copy_stays(
    place: Place, gnu: bool
) -> None:
    path = place.root / "home dir/.clawdbot/clawdbot.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(THEIRS["JSON"])
    config(place, gnu, url="ws://127.0.0.1:9").settle()
    config(place, gnu).settle()
    without(place, gnu).settle()
    assert path.read_bytes() == THEIRS["JSON"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"{\n  a: 1\n  b: 2\n}", ":3:3: a comma or } is missing"),
        (b"{ gateway: 'x' }", ":1:12: gateway is no object"),
        (b"{ a: '\xff' }", ": it is not UTF-8 at byte 6"),
    ],
)
def test_a_file_that_cannot_be_edited_is_told_by_its_place_and_left(
    place: Place, gnu: bool, text: bytes, told: str
) -> None:
    path = place.root / "home dir/.clawdbot/clawdbot.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(text)
    kept = config(place, gnu)
    assert kept.diff() is None
    assert isinstance(kept.resource, ClientConfig)
    judge = kept.resource.readable().judge
    assert judge(Reading(0, ""), kept.look()) == f"{path}{told}"


def test_one_that_was_never_ours_may_be_as_it_likes(place: Place, gnu: bool) -> None:
    path = place.root / "home dir/.clawdbot/clawdbot.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"gateway": ')
    kept = without(place, gnu)
    assert kept.diff() is None
    assert isinstance(kept.resource, ClientConfig)
    assert kept.resource.readable().judge(Reading(0, ""), kept.look()) == ""


def test_the_secret_is_not_in_what_is_shown(place: Place, gnu: bool) -> None:
    change = config(place, gnu).diff()
    assert change
    shown = change.before + change.after + change.why + "".join(map(str, change.commands))
    assert "Canary17" not in shown + repr(change)
