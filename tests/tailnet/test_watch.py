"""A watch on a server of a tailnet tells of what ends soon there, before it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.tailnet.gateways import Gateway
from tests.tailnet.hear import hearing
from tests.tailnet.members import STATUS, certify


@pytest.fixture
def gateway(clawdbot: Gateway) -> Gateway:
    return clawdbot.joined()


@pytest.fixture
def hear(gateway: Gateway) -> Iterator[Callable[[], str]]:
    with hearing(gateway.owner, gateway.box) as hear:
        yield hear


def test_a_key_that_ends_soon_is_told(gateway: Gateway, hear: Callable[[], str]) -> None:
    assert hear() == ""
    name, soon = gateway.name.partition(".")[0], datetime.now(UTC) + timedelta(days=5)
    gateway.tailnet.expire_at(name, f"{soon:%Y-%m-%dT%H:%M:%SZ}")
    gateway.until(f"{STATUS} | grep -q 'KeyExpiry.*{soon:%Y-%m-%d}'")
    assert f"- its key to the tailnet ends {soon:%Y-%m-%d}" in hear()
    gateway.tailnet.keep(name)
    gateway.until(f"! {STATUS} | grep -q 'KeyExpiry.*{soon:%Y-%m-%d}'")
    assert f"+ no more: its key to the tailnet ends {soon:%Y-%m-%d}" in hear()


def test_a_certificate_that_ends_soon_is_told(gateway: Gateway, hear: Callable[[], str]) -> None:
    assert hear() == ""
    folder, host = gateway.box.folder, gateway.name.partition(".")[0]
    certify(folder, gateway.box, host, days=6)
    told = hear()
    certify(folder, gateway.box, host)
    assert f"- the certificate of {gateway.name} ends " in told
    assert f"+ no more: the certificate of {gateway.name} ends " in hear()
