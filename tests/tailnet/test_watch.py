"""A watch on a server of a tailnet tells of what ends soon there, before it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.tailnet.gateways import Gateway
from tests.tailnet.members import STATUS, certify, out

HEARD = "/root/heard"


@pytest.fixture
def gateway(clawdbot: Gateway) -> Gateway:
    return clawdbot.joined()


@pytest.fixture
def hear(gateway: Gateway) -> Iterator[Callable[[], str]]:
    """What the watch tells when it looks once more."""
    words = ("--every", "1h", "--notify", f"cat >>{HEARD}")
    said = gateway.owner.run("watch", gateway.box.name, "--install", *words)
    assert said.exit == 0, said
    out(gateway.box, "systemctl stop clawdbot-watch.timer")  # it would tell the news first
    look = f"rm -f {HEARD}; systemctl start clawdbot-watch; cat {HEARD} 2>/dev/null || :"
    yield lambda: out(gateway.box, look)
    assert gateway.owner.run("watch", gateway.box.name, "--uninstall").exit == 0


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
