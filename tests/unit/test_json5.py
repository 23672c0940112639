"""A JSON5 text is edited in place: what was not set stays byte for byte."""

from __future__ import annotations

import random
import time

import json5
import pytest

from provision.model.json5 import Json5, Json5Error
from provision.model.settings import set_in, take_back

WISH = {"gateway": {"mode": "remote", "remote": {"url": "ws://127.0.0.1:18789", "token": 'a"\\b'}}}

WRITTEN = (
    "{}",
    "{ }\n",
    "{a:1}",
    "{\n  // what I like\n  theme: 'dark', // always\n  list: [1, 2,],\n}\n",
    '{\r\n\t"gateway": {\r\n\t\t"mode": "local", /* mine */\r\n\t\t"port": +0x1F\r\n\t}\r\n}\r\n',
    "{ // only a comment\n}",
    "// top\n{ gateway: { mode: 'remote', remote: { url: \"ws://x\", 'tok\\x65n': 'old' } } }",
    "{gateway:{remote:{}},x:Infinity,'b':\"line\\\nnext\",}",
    '\ufeff{"ünï": "€🔑", "gateway": {"remote": {"sshTarget": "me@there"}}}',
    "{ gateway: { mode: 'local', mode: 'remote' } }",
)


def merged(text: str) -> object:
    document = json5.loads(text.removeprefix("\ufeff"))
    gateway = document.setdefault("gateway", {})
    gateway["mode"] = "remote"
    gateway["remote"] = gateway.get("remote", {}) | WISH["gateway"]["remote"]  # type: ignore[operator]
    return document


@pytest.mark.parametrize("text", WRITTEN)
def test_what_is_set_is_read_by_others_and_setting_it_again_changes_nothing(text: str) -> None:
    made = set_in(Json5(text), WISH)
    assert json5.loads(made.removeprefix("\ufeff")) == merged(text)
    assert set_in(Json5(made), WISH) == made


@pytest.mark.parametrize("text", WRITTEN)
def test_every_line_that_was_there_is_still_there(text: str) -> None:
    made = set_in(Json5(text), WISH)
    for piece in ("// what I like\n", "// always\n", "[1, 2,]", "/* mine */", "// top\n", "\ufeff"):
        assert made.count(piece) == text.count(piece)
    assert made.endswith("\n") == text.endswith("\n")
    assert made.count("\n") - made.count("\r\n") == 0 or "\r\n" not in text


@pytest.mark.parametrize("text", WRITTEN)
def test_what_was_set_can_be_taken_back_after_others_have_written(text: str) -> None:
    made = set_in(Json5(text), WISH)
    later = set_in(Json5(made), {"theirs": "kept", "gateway": {"theirs": "kept"}})
    back = json5.loads(take_back(Json5(later), Json5(text), WISH).removeprefix("\ufeff"))
    expected = json5.loads(text.removeprefix("\ufeff"))
    assert back.pop("theirs") == "kept"
    assert back["gateway"].pop("theirs") == "kept"
    if "gateway" not in expected:
        assert back.pop("gateway") == {}
    assert back == expected


def test_new_lines_are_written_as_the_others_are() -> None:
    made = set_in(Json5("{\n    // why\n    a: 1,\n}\n"), {"gateway": {"mode": "remote"}})
    assert made == (
        '{\n    "gateway": {\n      "mode": "remote"\n    },\n    // why\n    a: 1,\n}\n'
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "a value is missing at 1:1"),
        ("[1]", "this is no object at 1:1"),
        ("{\n a: 1\n b: 2}", "a comma or } is missing at 3:2"),
        ("{a: tru}", "this is no value at 1:5"),
        ('{a: "x\n"}', "this is no value at 1:5"),
        ("{a:1,,}", "a key or } is missing at 1:6"),
        ("{a:1} b", "something follows the end at 1:7"),
        ("{a: /* never", "this is no value at 1:5"),
        ("{a:" + "[" * 5000, "this is nested too deep at 1:204"),
    ],
)
def test_a_text_that_is_none_is_told_with_its_place(text: str, told: str) -> None:
    with pytest.raises(Json5Error) as caught:
        Json5(text)
    assert str(caught.value) == told


def test_an_object_is_not_made_of_something_else() -> None:
    with pytest.raises(Json5Error, match="gateway is no object at 2:12"):
        set_in(Json5("{\n  gateway: 'x' }"), WISH)


def test_a_megabyte_is_read_in_no_time() -> None:
    text = "{" + ",".join(f'"k{i}": {{a: [1, "{i}"], /* c */ b: true}}' for i in range(30000)) + "}"
    assert len(text) > 1_000_000
    started = time.monotonic()
    assert set_in(Json5(text), WISH).startswith('{"gateway"')
    assert time.monotonic() - started < 10


def spaced(random_: random.Random) -> str:
    return random_.choice(["", " ", "\n", "\r\n\t", "/* c, } */", " // l\n", "\u00a0"])


def written(random_: random.Random, depth: int = 0) -> str:
    """Some value, in any of the ways in which it may be written."""
    kind = random_.randrange(6 if depth < 4 else 4)
    if kind < 4:
        return random_.choice(
            ["1", "-.5e3", "0xF", "'a\\'b'", '"c,}"', "null", "true", "'\\u0041'"]
        )
    inner = [spaced(random_) + written(random_, depth + 1) + spaced(random_) for _ in range(kind)]
    comma = random_.choice(["", ","]) if inner else ""
    if kind == 4:
        return "[" + ",".join(inner) + comma + "]"
    keys = random_.sample(
        ["gateway", "'mode'", "remote", '"url"', "$x_1", "token", "é"], len(inner)
    )
    members = [
        f"{spaced(random_)}{key}{spaced(random_)}:{one}"
        for key, one in zip(keys, inner, strict=True)
    ]
    return "{" + ",".join(members) + comma + spaced(random_) + "}"


@pytest.mark.parametrize("seed", range(300))
def test_any_object_that_can_take_them_gets_the_settings_and_keeps_the_rest(seed: int) -> None:
    random_ = random.Random(seed)
    text = f"{spaced(random_)}{{a: {written(random_)}, {spaced(random_)}b: {written(random_)} }}"
    before = json5.loads(text)
    made = set_in(Json5(text), WISH)
    after = json5.loads(made)
    assert after.pop("gateway") == WISH["gateway"]
    assert after == before
    assert json5.loads(take_back(Json5(made), Json5(text), WISH)) == before
