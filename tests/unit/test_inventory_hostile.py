"""Whatever stands in an inventory, it is one, or its mistakes are told."""

from __future__ import annotations

import json
import random
import re

import pytest
from inventory_text import EXAMPLE, mistakes_of, parse, read

from provision.errors import InventoryError
from provision.inventory import parse_inventory
from provision.model.spec import Inventory


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
