"""Inventories and host words."""

from __future__ import annotations

import json
import random
import re
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from provision.errors import InventoryError, UsageError
from provision.inventory import parse_inventory, parse_target
from provision.inventory.keys import DEFAULTS, HOST, INVENTORY, Each, Table
from provision.model.spec import (
    AuthSpec,
    ChannelSpec,
    Entrusted,
    Host,
    Inventory,
    ModelSpec,
    NodeSpec,
)
from provision.products import find_product

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "inventories/example.yml").read_text()
ARMOR = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ==\n-----END PGP PUBLIC KEY BLOCK-----"
FILES = {
    "dir/good.asc": ARMOR,
    "dir/keys/mirror.asc": ARMOR,
    "/etc/good.asc": ARMOR,
    "~/good.asc": ARMOR,
    "dir/private.asc": "-----BEGIN PGP PRIVATE KEY BLOCK-----\n",
    "dir/other.asc": "hunter2\n",
}


def read(path: str) -> str:
    if path == "dir/binary.asc":
        return b"\x99\x01".decode()
    if path not in FILES:
        raise FileNotFoundError(2, "No such file or directory", path)
    return FILES[path]


def parse(text: str) -> dict[str, Host]:
    return dict(parse_inventory(text, "dir/hosts.yml", read).hosts)


def mistakes_of(text: str) -> InventoryError:
    with pytest.raises(InventoryError) as caught:
        parse(text)
    return caught.value


def one_host(body: str) -> Host:
    return parse(f"hosts:\n  vps1: {{{body}}}\n")["vps1"]


def cases() -> Iterator[Any]:
    for path in sorted((ROOT / "tests/cases/inventory").glob("*.yml")):
        for case in yaml.safe_load(path.read_text()):
            yield pytest.param(case, id=f"{path.stem}: {case['title']}")


@pytest.mark.parametrize("case", list(cases()))
def test_every_mistake_has_its_place_and_its_sentence(case: dict[str, Any]) -> None:
    error = mistakes_of(case["inventory"])
    told = [f"{m.where.removeprefix('dir/hosts.yml:')} {m.what}" for m in error.mistakes]
    assert told == case["mistakes"]
    if "hints" in case:
        assert [m.hint for m in error.mistakes] == case["hints"]
    assert "hunter2" not in repr([(m.what, m.hint) for m in error.mistakes])


def test_ten_mistakes_in_one_inventory_are_told_at_once_in_file_order() -> None:
    error = mistakes_of(
        """\
default: {}
defaults:
  profile: loose
  gateway_port: 443
hosts:
  vps1:
    prot: 22
    port: 99999
    address: "a b"
    auth: {token: hunter2}
    node: {version: 22}
  vps1: {}
  vps 2: {}
"""
    )
    places = [m.where for m in error.mistakes]
    lines = ["1:1", "3:12", "4:17", "7:5", "8:11", "9:14", "10:12", "11:21", "12:3", "13:3"]
    assert places == [f"dir/hosts.yml:{line}" for line in lines]
    assert error.what == "10 mistakes in the inventory"
    assert error.exit == 3


def test_the_example_holds_every_key_and_is_right() -> None:
    hosts = parse(EXAMPLE)
    assert list(hosts) == ["vps1", "vps2", "bastion-lab", "open1", "open2"]
    assert hosts["vps1"].node.key == ARMOR + "\n"
    assert hosts["vps1"].config["agents"] == {
        "defaults": {
            "userTimezone": "Europe/Berlin",
            "thinkingDefault": "low",
        }
    }
    assert hosts["vps2"].user == "root"
    assert hosts["bastion-lab"].address == "bastion-lab"
    assert hosts["open2"].address == "open2.example.org"
    assert hosts["open2"].auth == AuthSpec("password")


def test_every_version_of_the_example_is_one_that_clawprov_knows() -> None:
    for host in parse(EXAMPLE).values():
        assert find_product(host.product, host.version).name == host.product


def paths_of(table: Table, above: str = "") -> Iterator[str]:
    for name, entry in table.keys.items():
        yield above + name
        if isinstance(entry, Table):
            yield from paths_of(entry, f"{above}{name}.")


def paths_in(value: object, above: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, below in value.items():
            yield above + name
            yield from paths_in(below, f"{above}{name}.")


def test_every_key_of_the_table_stands_in_the_example() -> None:
    document = yaml.safe_load(EXAMPLE)
    used = {path for host in document["hosts"].values() for path in paths_in(host)}
    assert set(paths_of(HOST)) <= used
    assert set(document) == set(INVENTORY.keys)


def test_the_table_knows_exactly_the_fields_of_a_host() -> None:
    assert set(HOST.keys) == {field.name for field in fields(Host)} - {"name"}
    assert set(DEFAULTS.keys) == set(HOST.keys) - {"address", "host_key"}
    node, each = HOST.keys["node"], INVENTORY.keys["hosts"]
    assert isinstance(node, Table)
    assert set(node.keys) == {field.name for field in fields(NodeSpec)}
    assert isinstance(each, Each)
    assert each.of is HOST


def test_the_vagrant_inventory_is_right() -> None:
    text = (ROOT / "inventories/vagrant.yml").read_text()
    machines = re.findall(r'^  "(\w+)" =>.* (\d+)\]', (ROOT / "Vagrantfile").read_text(), re.M)
    hosts = parse_inventory(text, "inventories/vagrant.yml", read).hosts
    assert {(name, str(host.port)) for name, host in hosts.items()} == set(machines)
    assert hosts["debian12"].identity.startswith("inventories/../.vagrant/")


def test_a_name_alone_is_a_whole_host() -> None:
    assert parse("hosts: {vps1: }") == {"vps1": Host("vps1", "vps1")}
    assert parse("hosts:") == {}


def test_a_byte_order_mark_moves_nothing() -> None:
    assert parse("\ufeffhosts: {vps1: }") == {"vps1": Host("vps1", "vps1")}
    assert mistakes_of("\ufeffhots: {}").mistakes[-1].where == "dir/hosts.yml:1:1"


@pytest.mark.parametrize("word", ["off", "Off", "'off'", "false", "no"])
def test_profile_off_is_off_although_yaml_reads_false(word: str) -> None:
    assert one_host(f"profile: {word}").profile == "off"


def test_the_values_of_a_host_are_read() -> None:
    host = one_host(
        "address: 2001:DB8:0::1, port: '2222', user: svc$, full: yes, version: 2026.1.24-3,"
        "journal_max: 1G, gateway_port: 65535, host_key: 'SHA256:" + "a" * 43 + "='"
    )
    assert (host.address, host.port, host.user) == ("2001:db8::1", 2222, "svc$")
    assert (host.full, host.version, host.journal_max) == (True, "2026.1.24-3", "1G")
    assert (host.gateway_port, host.host_key) == (65535, "SHA256:" + "a" * 43)


def test_a_host_key_may_bring_its_comment_which_is_dropped() -> None:
    key = str(yaml.safe_load(EXAMPLE)["hosts"]["vps1"]["host_key"])
    assert one_host(f"host_key: {key} root@box").host_key == key


def test_paths_start_at_the_folder_of_the_inventory() -> None:
    assert one_host("identity: keys/id").identity == "dir/keys/id"
    assert one_host("identity: /keys/id").identity == "/keys/id"
    assert one_host("identity: ~/.ssh/id").identity == "~/.ssh/id"
    for path in ("good.asc", "/etc/good.asc", "~/good.asc"):
        assert one_host(f"node: {{key: {path}}}").node.key == ARMOR + "\n"


PLAIN = "source: tarball, url: 'http://mirror/node'"


def test_a_tarball_that_comes_unchecked_over_http_is_a_mistake() -> None:
    (mistake,) = mistakes_of(f"hosts: {{x: {{node: {{{PLAIN}, version: 22.1.0}}}}}}").mistakes
    assert mistake.where == "dir/hosts.yml:1:37"
    assert mistake.what.startswith("node.url runs as root what comes unchecked over http")
    assert "sha256" in mistake.what
    (mistake,) = mistakes_of(f"defaults: {{node: {{{PLAIN}}}}}\nhosts:").mistakes
    assert mistake.where == "dir/hosts.yml:1:36"


@pytest.mark.parametrize(
    "node",
    [
        f"{PLAIN}, version: 22.1.0, sha256: {'0' * 64}",
        PLAIN.replace("http:", "https:"),
        "url: 'http://mirror/apt'",  # apt checks signatures
        "source: tarball",
    ],
)
def test_what_is_checked_by_itself_or_comes_over_https_is_fine(node: str) -> None:
    one_host(f"node: {{{node}}}")


def test_defaults_are_what_a_host_does_not_say() -> None:
    hosts = parse(
        """\
defaults:
  port: 2222
  auth: {mode: password}
  node: {source: tarball, version: 22.1.0}
  config: {a: {b: 1, c: [1]}, d: 1}
hosts:
  one:
  two: {port: 22, auth: {}, node: {version: 24.1.0}, config: {a: {c: [2], e: null}, d: {f: 1}}}
"""
    )
    one, two = hosts["one"], hosts["two"]
    assert (one.port, one.auth.mode, one.node.source) == (2222, "password", "tarball")
    assert (two.port, two.auth.mode) == (22, "password")
    assert two.node == NodeSpec(version="24.1.0")
    assert one.config == {"a": {"b": 1, "c": [1]}, "d": 1}
    assert two.config == {"a": {"b": 1, "c": [2], "e": None}, "d": {"f": 1}}


def test_models_and_keys_are_read_and_count_as_a_whole() -> None:
    hosts = parse(
        """\
defaults: {keys: [A_KEY, B_KEY], models: {default: a/b, fallbacks: [c/d, "ollama/llama3:8b"]}}
hosts: {a: , b: {keys: [C_KEY], models: {default: e/f}}, c: {keys: []}}
"""
    )
    assert hosts["a"].models == ModelSpec("a/b", ("c/d", "ollama/llama3:8b"))
    assert hosts["a"].keys == (Entrusted("A_KEY"), Entrusted("B_KEY"))
    assert (hosts["b"].models, hosts["b"].keys) == (ModelSpec("e/f"), (Entrusted("C_KEY"),))
    assert hosts["c"].keys == ()


def test_a_channel_says_which_variables_hold_its_tokens() -> None:
    host = one_host("telegram: {token: MY_BOT, allow_from: [123, '@ann']}, discord: , slack: {}")
    assert host.telegram == ChannelSpec({"token": Entrusted("MY_BOT")}, "pairing", ("123", "@ann"))
    assert host.discord == ChannelSpec({"token": Entrusted("DISCORD_BOT_TOKEN")})
    names = {"token": Entrusted("SLACK_BOT_TOKEN"), "app_token": Entrusted("SLACK_APP_TOKEN")}
    assert host.slack == ChannelSpec(names)
    assert list(host.channels) == ["telegram", "discord", "slack"]


def test_config_keeps_plain_values() -> None:
    config = one_host(
        "config: {a: 1, b: -1.5, c: true, d: null, e: [x, 'off'], f: {'8080': 9007199254740991}}"
    ).config
    assert json.loads(json.dumps(config)) == config
    assert config == {
        "a": 1,
        "b": -1.5,
        "c": True,
        "d": None,
        "e": ["x", "off"],
        "f": {"8080": 9007199254740991},
    }


def test_anchors_and_merges_work_and_own_keys_win() -> None:
    hosts = parse(
        "hosts:\n  a: &a {user: root, port: 1}\n  b: &b {port: 2, full: true}\n"
        "  c: {<<: [*a, *b], port: 3}\n  d: {port: 4, <<: *a}\n  e: {<<: [*a, *b]}\n"
    )
    assert (hosts["c"].user, hosts["c"].port, hosts["c"].full) == ("root", 3, True)
    assert (hosts["d"].port, hosts["e"].port) == (4, 1)


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(
            f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n"
            for i in range(20)
        ),
        "a: &a {b: &b {"
        + ", ".join(f"k{i}: x" for i in range(400))
        + "}}\n"
        + "hosts: {x: {config: {y: ["
        + ", ".join(["*a"] * 400)
        + "]}}}",
        "hosts: " + "[" * 5000,
        "hosts: " + "{a: " * 5000,
        "- " * 5000,
        "hosts: {x: {config: {a: '" + "x" * 300_000 + "'}}}",
        "a: &a [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]\nhosts: [[[[[[[[[[[[[[[[*a]]]]]]]]]]]]]]]]",
    ],
    ids=["laughs", "wide", "brackets", "braces", "dashes", "long", "deep alias"],
)
def test_bombs_are_refused_before_they_go_off(text: str) -> None:
    (mistake,) = mistakes_of(text).mistakes
    assert mistake.what == "the inventory is too large or too deep"


def test_endless_numbers_are_no_crash() -> None:
    digits = "1" * 10_000  # int() of Python refuses more than 4300
    (mistake,) = mistakes_of(f"%YAML 1.{digits}\n---\nhosts: {{}}").mistakes
    assert mistake.what == "this number or escape means nothing"
    config = f"{{a: {digits}, b: -{digits}, c: 1e{digits}, d: {digits}.5}}"
    text = f"hosts: {{x: {{port: {digits}, version: {digits}, config: {config}}}}}"
    assert len(mistakes_of(text).mistakes) == 5


def parsed(text: str) -> Inventory | InventoryError:
    try:
        return parse_inventory(text, "dir/hosts.yml", read)
    except InventoryError as error:
        return error


def outcome(text: str) -> str:
    """Anything but an inventory or mistakes that can be shown and found fails the test."""
    answer = parsed(text)
    if isinstance(answer, Inventory):
        for host in answer.hosts.values():
            json.dumps(host.config, allow_nan=False).encode()
        return "inventory"
    assert answer.mistakes
    last = (0, 0)
    for mistake in answer.mistakes:
        file, line, column = mistake.where.split(":")
        assert file == "dir/hosts.yml"
        assert last <= (int(line), int(column))
        assert int(line) <= len(text.splitlines()) + 1
        assert mistake.what.isprintable()
        last = (int(line), int(column))
    return "mistakes"


BARE = "\n".join(line for line in EXAMPLE.splitlines() if not line.strip().startswith("#"))


def test_every_beginning_of_the_example_is_an_inventory_or_its_mistakes() -> None:
    text = re.sub(" +#.*", "", BARE)
    outcomes = {outcome(text[:end]) for end in range(len(text))}
    assert outcomes == {"inventory", "mistakes"}


def test_damaged_examples_are_inventories_or_their_mistakes() -> None:
    dice = random.Random(20260124)
    odd = "\t\n\r\0 :-{}[]&*!|>'\"%@`#,?~<=\\$é\u0430\u2028\ud800\ufeff\U0001f980x0"
    for _ in range(400):
        text = list(BARE)
        for _ in range(dice.randint(1, 4)):
            place = dice.randrange(len(text))
            match dice.randrange(3):
                case 0:
                    text[place] = dice.choice(odd)
                case 1:
                    text.insert(place, dice.choice(odd))
                case _:
                    del text[place : place + dice.randint(1, 30)]
        outcome("".join(text))


def test_noise_is_mistakes() -> None:
    dice = random.Random(1)
    for _ in range(300):
        outcome("".join(dice.choices("hosts: \n-{}[]&*!|>'\"%@`#,?~<a1\\U", k=40)))


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


def test_the_unit_tier_opens_no_socket_and_starts_no_process() -> None:
    with pytest.raises(pytest.fail.Exception):
        socket.create_connection(("127.0.0.1", 9))
    with pytest.raises(pytest.fail.Exception):
        subprocess.run(["true"], check=False)
