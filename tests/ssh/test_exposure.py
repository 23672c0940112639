"""A gateway's port, seen from a laptop on every address of the server."""

from __future__ import annotations

import socket

import pytest

from provision.app.exposure import closed_outside
from provision.engine.gather import Seen
from provision.model.facts import Facts, Reading
from provision.model.laptop import Laptop, Route
from provision.model.plan import Plan
from provision.model.spec import Host


def judged(port: int, *own: str, hostname: str = "127.0.0.1") -> str:
    facts = Facts({"tunnel:addresses": Reading(0, "\n".join(own))})
    seen = Seen(facts, Plan("vps1"), (), ())
    laptop = Laptop("/home/ada", Route(hostname, 22))
    return closed_outside(Host("vps1", hostname, gateway_port=port), laptop, seen).problem


def test_a_port_that_answers_is_told_with_its_addresses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        told = f"port {port} answers on 127.0.0.1"
        assert judged(port, "127.0.0.1", hostname="no.such.host.invalid") == told


@pytest.mark.parametrize("way", ["127.0.0.1", "localhost", "::1"])
def test_a_port_of_this_laptop_that_leads_to_the_server_is_none_of_the_servers(way: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert judged(port, "127.0.0.2", hostname=way) == ""
        assert judged(port, hostname=way) == ""


def test_a_port_that_nobody_answers_on_is_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert judged(port, "127.0.0.2", "::1") == ""
