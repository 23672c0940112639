"""Devices as the gateways list them, and as a person reads them."""

from __future__ import annotations

from typing import ClassVar

import pytest

from provision.app.devices import Devices
from provision.errors import UsageError
from provision.protocol.pairing import parse_paired, parse_requests
from provision.ui.devices import show_age, show_devices
from provision.ui.style import Style

CLAWDBOT = {
    "pending": [],
    "paired": [
        {
            "deviceId": "d17ee8677c8fd58f67db22e84623b36a25be4061c72845eccd79009f80a4bbcb",
            "publicKey": "915jBiBopQ50tX6NtWR63xaR",
            "platform": "linux",
            "clientId": "cli",
            "role": "operator",
            "scopes": ["operator.admin", "operator.pairing"],
            "remoteIp": "127.0.0.1",
            "createdAtMs": 1795408633548,
            "approvedAtMs": 1795408633548,
            "tokens": [
                {"role": "operator", "revokedAtMs": 1795408790642, "lastUsedAtMs": 1795408752832}
            ],
        },
        {
            "deviceId": "0af478f056857b36535b1a51fa20dec54cbac4f7235ec6c66e537e46ac26de9b",
            "platform": "linux",
            "clientId": "cli",
            "roles": ["operator"],
            "scopes": ["operator.admin"],
            "approvedAtMs": 1795408170110,
            "tokens": [{"role": "operator"}],
        },
    ],
}
OPENCLAW = {
    "pending": [
        {
            "requestId": "15ec06b3-8a9b-42ee-91e4-5daa51368b4d",
            "deviceId": "3097e2dee2cb4a34b53840cdb705aed71067c36f68db0e0f559c3f3fa043315f",
            "displayName": "kitchen\x1b[2J\nipad",
            "platform": "ios",
            "clientId": "node-host",
            "role": "node",
            "scopes": [],
            "remoteIp": "100.64.0.3",
            "ts": 1795408772170,
        }
    ],
    "paired": [
        {
            "deviceId": "9a92d2b54a9a5402de3e65a07a5cb12a8dc6758bd8e8c2ec459563d6b2c081c4",
            "operatorLabel": "Ann's browser",
            "clientId": "openclaw-control-ui",
            "roles": ["operator"],
            "scopes": ["operator.read"],
            "approvedAtMs": 1795408772293,
            "lastSeenAtMs": 1795408772287,
            "tokens": [{"role": "operator"}],
        }
    ],
}
NOW = 1795408832.3


def show(listed: dict[str, object], **ours: str) -> str:
    devices = parse_requests(listed), parse_paired(listed)
    return show_devices(*devices, ours, Style(False), now=NOW)


def test_clawdbots_devices_are_read_with_what_they_still_hold() -> None:
    revoked, own = parse_paired(CLAWDBOT)
    assert (revoked.revoked, revoked.holds, revoked.seen) == (True, (), 1795408752832)
    assert (own.revoked, own.holds, own.seen) == (False, ("operator",), 0)


def test_a_person_reads_who_when_and_what_and_which_one_is_theirs() -> None:
    own = {CLAWDBOT["paired"][1]["deviceId"]: "this laptop"}  # type: ignore[index]
    assert show(CLAWDBOT, **own) == (
        "paired:\n"
        "  d17ee8677c8f  cli on linux from 127.0.0.1  3 min ago, last seen 1 min ago  revoked\n"
        "  0af478f05685  cli on linux                 11 min ago, last seen never     "
        "operator: admin  (this laptop)\n"
    )


def test_a_strangers_own_words_cannot_move_the_cursor() -> None:
    text = show(OPENCLAW)
    assert text.splitlines()[1].startswith(
        "  15ec06b3-8a9  kitchen [2J ipad on ios from 100.64.0.3"
    )
    assert "\x1b" not in text
    assert "Ann's browser" in text


def test_nobody_at_all_is_said_in_words() -> None:
    assert show({"pending": [], "paired": []}) == "no device is paired, and none asks to be\n"


@pytest.mark.parametrize("listed", [{}, {"pending": 1, "paired": "x"}, {"paired": [1, None, {}]}])
def test_a_list_that_is_none_ends_nothing(listed: dict[str, object]) -> None:
    assert parse_requests(listed) == ()
    assert all(one.client.name == "somebody" for one in parse_paired(listed))


@pytest.mark.parametrize(
    ("ago", "told"),
    [(0, "0 s ago"), (59, "59 s ago"), (60, "1 min ago"), (7200, "2 h ago"), (90000, "1 d ago")],
)
def test_ages_are_told_in_the_largest_whole_unit(ago: int, told: str) -> None:
    assert show_age(1_000_000, 1000 + ago) == told


def test_a_clock_that_is_ahead_makes_no_negative_age() -> None:
    assert show_age(2_000_000, 1000) == "0 s ago"


class TestAnId:
    devices = Devices(parse_requests(OPENCLAW), parse_paired(CLAWDBOT), {})

    def test_is_found_by_its_first_characters(self) -> None:
        assert self.devices.find("15ec", "box") == self.devices.requests[0]
        assert self.devices.find("d17e", "box") == self.devices.paired[0]

    @pytest.mark.parametrize("id", ["", "zzz", "17ee"])
    def test_of_nobody_is_refused(self, id: str) -> None:
        with pytest.raises(UsageError, match="no request and no device"):
            self.devices.find(id, "box")

    def test_that_several_have_is_refused(self) -> None:
        twins = {"paired": [{"deviceId": "ab1"}, {"deviceId": "ab2"}]}
        with pytest.raises(UsageError, match="several ids begin with 'ab'"):
            Devices((), parse_paired(twins), {}).find("ab", "box")


class TestAClientThatIsLetIn:
    """Clawdbot, when its page comes back just while somebody lets it in."""

    GIVEN: ClassVar[dict[str, object]] = {
        "deviceId": "ab1",
        "roles": ["operator"],
        "scopes": ["operator.admin", "operator.pairing"],
        "approvedAtMs": 1795408770000,
        "tokens": [{"role": "operator"}],
    }
    ASKED: ClassVar[dict[str, object]] = {
        "requestId": "15ec",
        "deviceId": "ab1",
        "roles": ["operator"],
        "scopes": ["operator.admin"],
        "ts": 1795408770012,
    }

    def asking(self, **other: object) -> int:
        return len(parse_requests({"pending": [self.ASKED | other], "paired": [self.GIVEN]}))

    def test_asks_for_nothing_when_it_comes_back_in_that_moment(self) -> None:
        assert self.asking() == 0

    @pytest.mark.parametrize(
        "other",
        [
            {"deviceId": "cd2"},
            {"roles": ["operator", "node"]},
            {"scopes": ["operator.admin", "operator.read"]},
            {"ts": 1795408769999},
            {"ts": 1795408790000},
        ],
        ids=["somebody else", "as another", "for more", "before that", "later"],
    )
    def test_asks_when_it_is_another_wish(self, other: dict[str, object]) -> None:
        assert self.asking(**other) == 1

    def test_asks_when_what_it_held_was_taken(self) -> None:
        taken = self.GIVEN | {"tokens": [{"role": "operator", "revokedAtMs": 1795408770005}]}
        assert len(parse_requests({"pending": [self.ASKED], "paired": [taken]})) == 1
