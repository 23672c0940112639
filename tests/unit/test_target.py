"""The word that names a host."""

from __future__ import annotations

import random

import pytest

from provision.errors import UsageError
from provision.inventory import parse_target
from provision.model.spec import Host, Inventory

KEPT = Inventory({"vps1": Host("vps1", "203.0.113.7", user="debian"), "a.b": Host("a.b", "a.b")})


@pytest.mark.parametrize(
    ("word", "host"),
    [
        ("vps1", KEPT.hosts["vps1"]),
        ("a.b", KEPT.hosts["a.b"]),
        ("mybox", Host("mybox", "mybox")),
        ("203.0.113.7", Host("203.0.113.7", "203.0.113.7")),
        ("root@203.0.113.7", Host("root@203.0.113.7", "203.0.113.7", user="root")),
        ("root@203.0.113.7:2222", Host("root@203.0.113.7:2222", "203.0.113.7", 2222, "root")),
        ("root@vsp1", Host("root@vsp1", "vsp1", user="root")),
        ("vsp1:22", Host("vsp1:22", "vsp1", 22)),
        ("a_b.example.org.", Host("a_b.example.org.", "a_b.example.org.")),
        ("me@b.example.org:2222", Host("me@b.example.org:2222", "b.example.org", 2222, "me")),
        ("2001:db8::1", Host("2001:db8::1", "2001:db8::1")),
        ("[2001:DB8::1]:2222", Host("[2001:DB8::1]:2222", "2001:db8::1", 2222)),
        ("[2001:db8::1]", Host("[2001:db8::1]", "2001:db8::1")),
        ("root@[::1]:22", Host("root@[::1]:22", "::1", 22, "root")),
        ("::1", Host("::1", "::1")),
        ("root@2001:db8::1", Host("root@2001:db8::1", "2001:db8::1", user="root")),
    ],
)
def test_a_word_is_a_host(word: str, host: Host) -> None:
    assert parse_target(word, KEPT) == host
    assert parse_target(host.name, KEPT) == host, "a hint may name it"


def test_without_an_inventory_every_good_word_is_an_address() -> None:
    assert parse_target("vps1", None) == Host("vps1", "vps1")
    assert parse_target("vps1", Inventory()) == Host("vps1", "vps1")


def test_a_slip_of_the_pen_is_not_an_address() -> None:
    with pytest.raises(UsageError) as caught:
        parse_target("vsp1", KEPT, "hosts.yml")
    assert caught.value.what == "no host 'vsp1' in hosts.yml; did you mean vps1?"
    assert "USER@vsp1" in caught.value.hint


HOSTILE = [
    "", " ", "-", "-oProxyCommand=id", "--", "-p22", "a b", " a", "a ", "a;id", "a$b", "$(id)",
    "`id`", "a`id`", "a'b", 'a"b', "a\nb", "a\n", "a\r", "a\tb", "a\0b", "a\x1b[2J", "a\x7f",
    "a|b", "a&b", "a>b", "a<b", "a(b)", "a{b}", "a*", "a?", "a!b", "a#b", "a%h", "%h", "~root",
    "a\\b", "a/b", "ssh://root@a", "/etc/passwd", "root$@a", "\u0430.example.org", "vps1\u200b",
    "v\uff50s1", "vps\uff11", "a\u2028b", "\ud800", "a=b", "a,b", "a+b",
]  # fmt: skip

MALFORMED = [
    "root@", "@a", "@", "a@b@c", "-x@a", "root@-a", "root@-oProxyCommand=id", ".a@b", "1@a", "a:",
    ":22", "a:b", "a:0", "a:65536", "a:022", "a:-1", "a:22:", "1.2.3", "1.2.3.4.5", "1.2.3.256",
    "01.2.3.4", "127.1", "2130706433", "0x7f000001", "a..b", ".a", "a.-b", "[a]:22",
    "[1.2.3.4]:22", "[::1", "::1]", "[]", "[::1]22", "[::1]:", "[::1]:x", "[[::1]]", "1::2::3",
    "2001:db8::g", "x" * 254, "x" * 5000, "a" * 64 + ".org", "u" * 33 + "@a", ":", "::@a", "a@:",
    "[::1]@a", "...",
]  # fmt: skip


@pytest.mark.parametrize("word", HOSTILE + MALFORMED)
@pytest.mark.parametrize("inventory", [None, KEPT], ids=["alone", "with inventory"])
def test_what_is_no_host_is_refused_in_one_plain_line(
    word: str, inventory: Inventory | None
) -> None:
    with pytest.raises(UsageError) as caught:
        parse_target(word, inventory)
    assert caught.value.what.isascii()
    assert caught.value.what.isprintable()
    assert len(caught.value.what) < 200
    assert caught.value.hint


def test_a_host_made_of_any_word_is_harmless() -> None:
    dice = random.Random(3)
    safe = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:")
    made = 0
    for _ in range(20_000):
        word = "".join(dice.choices("ab1@@::[].-_$; '\n", k=dice.randint(1, 8)))
        try:
            host = parse_target(word, None)
        except UsageError:
            continue
        made += 1
        assert host.name == word
        assert set(host.address + host.user) <= safe
        assert set(host.name) <= safe | set("@[]")
        assert not {host.name[0], host.address[0], (host.user or "x")[0]} & {"-"}
    assert made > 500
