"""Each problem is told once when it comes, and once when it is gone."""

from __future__ import annotations

import pytest

from provision.app.watch import name_problems
from provision.model.news import Told, compare, parse_told
from provision.model.plan import Plan
from provision.model.report import Proof, Report, Verdict

ILL = {"gateway": "it is down"}


def test_a_problem_is_told_once_and_its_end_once() -> None:
    told, heard = Told({}), []
    for now in ({}, ILL, ILL, {"gateway": "it is failed"}, {}, {}):
        news, told = compare(told, now)
        if news:
            heard.append(news.show("vps1"))
    assert heard == [
        "vps1: 1 problem\n\n- it is down\n",
        "vps1: all is well again\n\n+ no more: it is failed\n",
    ]


def test_one_that_comes_while_another_stays_is_told_alone() -> None:
    news, told = compare(Told(ILL), ILL | {"disk": "it is full"})
    assert news.show("vps1") == "vps1: 2 problems\n\n- it is full\n"
    assert set(told.problems) == {"gateway", "disk"}


def test_a_host_that_is_away_is_told_when_it_is_so_twice() -> None:
    away = {"connect": "no answer"}
    first, told = compare(Told(ILL), away)
    assert not first
    second, told = compare(told, away)
    assert second.show("vps1") == "vps1: 2 problems\n\n- no answer\n"
    assert not compare(told, away)[0]
    back, told = compare(told, ILL)
    assert back.show("vps1") == "vps1: 1 problem\n\n+ no more: no answer\n"
    assert told == Told(ILL)


def test_a_laptop_that_had_no_network_for_a_moment_says_nothing() -> None:
    news, told = compare(Told(ILL), {"connect": "no answer"})
    assert not news
    assert not compare(told, ILL)[0]


def test_what_was_told_is_read_again() -> None:
    told = Told({"a:b": 'is "bad" ü'}, away=True)
    assert parse_told(told.to_json()) == told


@pytest.mark.parametrize("text", ["", "{", "[]", '{"problems": 7}', '{"problems": {}}'])
def test_a_spoilt_memory_is_an_empty_one(text: str) -> None:
    assert parse_told(text) == Told({})


def test_a_problem_is_one_line_whatever_a_server_says() -> None:
    evil = "gone\n~!id\x1b[2J\u2028\n+ no more: all"
    verdicts = (Verdict("gateway:channels", evil, ""), Verdict("host:disk", "", ""))
    proof = Proof(False, "ssh", problem="no\nanswer")
    told = name_problems(Report("vps1", Plan("vps1", ()), verdicts=verdicts, proof=proof))
    assert told == {
        "gateway:channels": "gateway:channels: gone ~!id + no more: all",
        "gateway:websocket": "gateway:websocket: no answer",
    }


def test_a_funnel_is_news_unless_the_inventory_wishes_it() -> None:
    notes = [Verdict(f"funnel:{how}", "", note="it is public") for how in ("open", "wished")]
    told = name_problems(Report("vps1", Plan("vps1", ()), verdicts=tuple(notes)))
    assert told == {"funnel:open": "funnel:open: it is public"}
