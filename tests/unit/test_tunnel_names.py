"""What a tunnel is called, which port it gets, and what is remembered of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provision.errors import UnsupportedError
from provision.model.laptop import Laptop, Listener, Route
from provision.model.spec import Host
from provision.model.tunnel import Tunnel, parse_tunnels, show_tunnels
from provision.stacks.naming import choose_name, choose_port, propose_names

LAPTOP = Laptop("/home/ada", Route("192.0.2.1", 22), "systemd")
FIRST = Tunnel("vps1", "vps1", "clawdbot", "", 18789, "ada@desk:1")


def host(name: str, product: str = "clawdbot") -> Host:
    return Host(name, name, product=product)  # type: ignore[arg-type]


def names(name: str, *remembered: Tunnel, product: str = "clawdbot") -> list[str]:
    found = propose_names(host(name, product), remembered, "ada@desk:2")
    return [tunnel.alias for tunnel in found]


def held(*listeners: Listener) -> Laptop:
    return replace(LAPTOP, listeners={listener.port: listener for listener in listeners})


def test_the_first_tunnel_has_the_names_of_the_tutorial() -> None:
    assert names("vps1") == ["clawdbot-remote", "clawdbot-remote-vps1"]
    assert (FIRST.unit, FIRST.label) == ("clawdbot-ssh-tunnel.service", "com.clawdbot.ssh-tunnel")


def test_the_second_one_has_its_host_in_its_names() -> None:
    (second,) = propose_names(host("root@[2001:db8::1]:22"), [FIRST], "x")
    assert second.host == "[2001:db8::1]:22"
    assert second.alias == "clawdbot-remote-2001-db8-1-22"
    assert second.unit == "clawdbot-ssh-tunnel-2001-db8-1-22.service"
    assert second.label == "com.clawdbot.ssh-tunnel.2001-db8-1-22"


def test_another_product_has_first_names_of_its_own() -> None:
    assert names("vps2", FIRST, product="openclaw")[0] == "openclaw-remote"


def test_two_hosts_that_look_alike_as_files_do_not_share_them() -> None:
    (other,) = propose_names(host("vps1"), [replace(FIRST, host="other")], "x")
    assert other.name == "vps1-2"


def test_names_that_somebody_else_has_are_passed_over() -> None:
    first, second = propose_names(host("vps1"), [], "x")
    assert choose_name((first, second), LAPTOP) == first
    assert choose_name((first, second), replace(LAPTOP, taken=frozenset([""]))) == second
    with pytest.raises(UnsupportedError, match="clawdbot-remote-vps1"):
        choose_name((first, second), replace(LAPTOP, taken=frozenset(["", "-vps1"])))


def test_a_free_port_is_taken_without_a_word() -> None:
    assert choose_port(FIRST, None, [], LAPTOP) == (FIRST, "")
    assert choose_port(FIRST, 20000, [FIRST], LAPTOP) == (replace(FIRST, port=20000), "")


def test_the_port_that_is_remembered_stays() -> None:
    moved = replace(FIRST, port=18795)
    assert choose_port(moved, None, [moved], LAPTOP) == (moved, "")


@pytest.mark.parametrize(
    "listener",
    [
        Listener(18789, "7", "ssh", FIRST.unit, "ssh -N clawdbot-remote"),
        Listener(18789, "7", "ssh", "", "/usr/bin/ssh -N clawdbot-remote"),
    ],
)
def test_our_own_tunnel_is_no_stranger(listener: Listener) -> None:
    assert choose_port(FIRST, None, [FIRST], held(listener)) == (FIRST, "")


@pytest.mark.parametrize(
    ("listener", "said"),
    [
        (
            Listener(18789, "7", "ssh", "app.slice", "ssh -N -L 18789:127.0.0.1:18789 vps1"),
            "another ssh tunnel (process 7: ssh -N -L 18789:127.0.0.1:18789 vps1)",
        ),
        (
            Listener(18789, "7", "clawdbot-gatewa", "clawdbot-gateway.service", "x"),
            "a gateway or an app of its own on this laptop (clawdbot-gatewa, process 7 of "
            "clawdbot-gateway.service)",
        ),
        (Listener(18789, "7", "python3", "session-1.scope", "x"), "python3 (process 7)"),
        (Listener(18789), "a process of another user"),
    ],
)
def test_a_busy_port_is_explained_and_the_next_free_one_taken(
    listener: Listener, said: str
) -> None:
    laptop = held(listener, Listener(18790, "8", "x"))
    found, why = choose_port(FIRST, None, [], laptop)
    assert found.port == 18791
    assert why == f"port 18789 is held by {said}; 18791 is taken instead"


def test_a_port_of_another_tunnel_is_left_to_it_even_when_it_is_down() -> None:
    second = replace(FIRST, host="vps2", suffix="-vps2")
    found, why = choose_port(second, None, [FIRST], LAPTOP)
    assert found.port == 18790
    assert why.startswith("port 18789 is that of the tunnel to vps1;")


def test_a_port_that_a_person_chose_is_not_replaced() -> None:
    laptop = held(Listener(20000, "7", "python3"))
    with pytest.raises(UnsupportedError, match="20000 is held by python3") as caught:
        choose_port(FIRST, 20000, [], laptop)
    assert "20001" in caught.value.hint


def test_no_port_above_the_last_one_is_tried() -> None:
    with pytest.raises(UnsupportedError, match="no port is free"):
        choose_port(FIRST, 65535, [], held(Listener(65535, "7", "x")))


def test_what_is_remembered_is_read_back() -> None:
    second = replace(FIRST, host="vps2", suffix="-vps2", port=18790)
    text = show_tunnels([second, FIRST])
    assert list(parse_tunnels(text).values()) == [FIRST, second]
    assert parse_tunnels("") == {}


@pytest.mark.parametrize("text", ["{", "[]", '{"vps1": {}}', '{"vps1": 1}', "null"])
def test_a_spoilt_memory_is_told_apart(text: str) -> None:
    with pytest.raises(ValueError, match="no list of tunnels"):
        parse_tunnels(text)
