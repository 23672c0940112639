"""What a laptop answers, and what is made of it."""

from __future__ import annotations

from provision.engine.plan import judge
from provision.model.facts import Facts, Reading
from provision.model.laptop import Laptop, Listener, Route
from provision.model.spec import Host
from provision.model.tunnel import Tunnel
from provision.stacks.laptop import build_questions, read_laptop

HOST = Host("vps1", "web")
NAMES = (
    Tunnel("vps1", "vps1", "clawdbot", "", 18789, "x"),
    Tunnel("vps1", "vps1", "clawdbot", "-vps1", 18789, "x"),
)
SSH_G = "host web\nuser ada\nhostname 192.0.2.1\nport 2222\naddressfamily any\n"
ANSWERS = {
    "laptop:ssh": SSH_G,
    "laptop:key": "public=\n",
    "laptop:supervisor": "kind=systemd\nLinger=no\n",
    "laptop:ports": "22||ssh.service||\n"
    "18789|77|clawdbot-ssh-tunnel.service|ssh|ssh -N clawdbot-remote\n"
    "3000|78|a.scope|node|node a|b c\n",
    "laptop:cli": "",
    "laptop:clawdbot-remote": "taken\n",
    "laptop:clawdbot-remote-vps1": "",
}


def read(host: Host = HOST, **answers: str) -> Laptop:
    changed = {f"laptop:{name}": out for name, out in answers.items()}
    stack = build_questions(host, "/home/ada", "/k", NAMES)
    asked = [check.id for check in stack.preflight]
    facts = Facts({id: Reading(0, (ANSWERS | changed)[id]) for id in asked})
    return read_laptop(facts, host, "/home/ada", NAMES)


def test_a_laptop_is_read_from_its_answers() -> None:
    laptop = read()
    assert laptop.route == Route("192.0.2.1", 2222)
    assert (laptop.supervisor, laptop.lingers, laptop.public) == ("systemd", False, "")
    assert laptop.taken == {""}
    assert set(laptop.listeners) == {22, 18789, 3000}
    assert laptop.listeners[3000] == Listener(3000, "78", "node", "a.scope", "node a|b c")


def test_ways_around_are_kept_by_their_names() -> None:
    assert read(ssh=f"{SSH_G}proxyjump bastion\n").route.jump == "ProxyJump bastion"
    assert read(ssh=f"{SSH_G}proxycommand nc %h %p\n").route.jump == "ProxyCommand nc %h %p"
    assert read(ssh=f"{SSH_G}proxyjump none\nproxycommand none\n").route.jump == ""
    six = read(ssh="hostname fe80::1%eth0\nport 22\n").route
    assert six.hostname == "fe80::1%%eth0"


def test_a_port_that_was_said_wins_over_that_of_the_ssh_config() -> None:
    assert read(Host("vps1", "web", port=23)).route.port == 23


def test_a_laptop_without_a_supervisor_is_a_laptop() -> None:
    assert read(supervisor="").supervisor == ""
    assert read(supervisor="kind=launchd\n").supervisor == "launchd"


def test_an_ssh_config_that_ssh_cannot_read_is_told_in_its_own_words() -> None:
    stack = build_questions(HOST, "/home/ada", "/k", ())
    said = "/home/ada/.ssh/config: line 3: Bad configuration option: hots\n"
    readings = {check.id: Reading(0, "") for check in stack.preflight}
    for exit, out in ((255, said), (127, "sh: 1: ssh: not found\n"), (127, "")):
        facts = Facts(readings | {"laptop:ssh": Reading(exit, out)})
        (bad,) = [v for v in judge(stack.preflight, facts) if not v.ok]
        assert bad.problem.endswith(out.strip() or "there is none")
        assert bad.hint


def test_a_gateway_of_the_laptops_own_is_found() -> None:
    assert (read().cli, read().gateway) == (False, "")
    own = read(cli="cli=yes\ngateway=/home/ada/.config/systemd/user/clawdbot-gateway.service\n")
    assert (own.cli, own.gateway[-24:]) == (True, "clawdbot-gateway.service")
