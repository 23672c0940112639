"""Three servers, three grades: by the tutorial's text, by the product's installer, by clawprov.

The installer's is ada's in test_up_desk.py; the picture of it all is in docs/audit.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ada import no_longer_ours
from machines import RELEASES, UNIT, Server, await_in, during, out, untouched
from persons import Person, Said

from provision.lab import Box

PASSWORD = "your-secure-password-canary"
BASICS = {"audit:ssh-passwords", "audit:updates"}
"""What is true of the lab's boxes, as of any server without `basics:`."""
SEED = f"""[Unit]
Description=Clawdbot Gateway
After=network.target

[Service]
Type=simple
User=eve
ExecStart=/usr/bin/clawdbot gateway start
Restart=on-failure
RestartSec=5s
Environment="CLAWDBOT_GATEWAY_PASSWORD={PASSWORD}"

[Install]
WantedBy=multi-user.target
"""
AS_EVE = "runuser -u eve -- env -i PATH=/usr/bin:/bin HOME=/home/eve LANG=C.UTF-8 sh -c"
ONBOARD = (
    "cd; umask 077; clawdbot onboard --non-interactive --accept-risk --mode local "
    f"--auth-choice skip --gateway-auth password --gateway-password {PASSWORD} "
    "--gateway-bind loopback --skip-channels --skip-skills --skip-health --skip-ui; "
    f"echo export CLAWDBOT_GATEWAY_PASSWORD={PASSWORD} >>.bash_history"
)
BY_HAND = (
    "useradd -m -s /bin/bash -G sudo eve; echo eve:hunter2 | chpasswd",
    f"ln -sf {RELEASES}/*/node_modules/clawdbot/dist/entry.js /usr/bin/clawdbot",
    f"{AS_EVE} '{ONBOARD}'",
    f"cat >/etc/systemd/system/clawdbot.service <<'E'\n{SEED}E",
    "systemctl daemon-reload; systemctl enable -q --now clawdbot",
)
GONE = (
    "systemctl disable -q --now clawdbot 2>/dev/null; rm -f /etc/systemd/system/clawdbot.service "
    "/usr/bin/clawdbot; systemctl daemon-reload; pkill -KILL -u eve; userdel -rf eve"
)


@pytest.fixture(scope="module")
def by_hand(yard_box: Box, yard_up: Said, laptop: Callable[[], Person]) -> Iterator[Box]:
    """The yard as the tutorial's text leaves a server: eve, with sudo, typed it word for word."""
    out(yard_box, no_longer_ours("clawdbot"))
    for command in BY_HAND:
        out(yard_box, command)
    yield yard_box
    out(yard_box, f"{no_longer_ours('clawdbot')}; {GONE}")
    assert laptop().run("up", yard_box.name).exit == 0


@pytest.mark.parametrize("product", ["server", "openclaw"])
def test_a_server_of_clawprov_s_gets_an_a_and_nothing_is_said_of_its_gateway(
    product: str, request: pytest.FixtureRequest
) -> None:
    made: Server = request.getfixturevalue(product)
    said = made.owner.run("audit", made.name, "--json")
    assert said.exit == 0, said
    assert said.answer["grade"] == "A"
    assert {one["rule"] for one in said.answer["findings"]} <= BASICS
    assert said.answer["unknown"] == []
    assert [one.rpartition(":")[2] for one in said.answer["outside"]["reached"]] == ["22"]
    assert len(said.answer["gateways"]) == 1


def test_the_tutorial_s_text_gets_a_d(by_hand: Box, person: Person, tmp_path: Path) -> None:
    with untouched(by_hand):
        said = person.run("audit", by_hand.name, "-v", "--html", str(tmp_path / "page.html"))
    assert said.exit == 7
    assert said.out.startswith(f"grade D  {by_hand.name}: 3 serious, 4 minor\n")
    assert "unit clawdbot.service runs as eve, who is in sudo" in said.out
    assert "/etc/systemd/system/clawdbot.service:11: CLAWDBOT_GATEWAY_PASSWORD" in said.out
    assert "/home/eve/.bash_history:1: CLAWDBOT_GATEWAY_PASSWORD" in said.out
    page = (tmp_path / "page.html").read_text()
    assert '<div class="grade D"' in page
    assert [text for text in (said.out, said.err, page) if PASSWORD in text] == []
    assert person.run("audit", by_hand.name, "--fail-under", "D").exit == 0


def test_what_can_be_mended_without_harm_is(by_hand: Box, person: Person) -> None:
    config = "/home/eve/.clawdbot/clawdbot.json"
    with during(by_hand, f"chmod 755 /home/eve{{,/.clawdbot}}; chmod 644 {config}", ":"):
        shown = person.run("audit", by_hand.name).out
        assert f"    | -rw-r--r-- eve {config}\n" in shown
        assert "next: the same command with --fix mends it" in shown
        said = person.run("audit", by_hand.name, "--fix", "--yes", "--json")
        assert said.answer["fixed"] == ["audit:modes"]
    assert "audit:modes" not in {one["rule"] for one in said.answer["findings"]}
    assert out(by_hand, f"stat -c %a {config}") == "600"


def test_what_this_laptop_reaches_makes_an_f(by_hand: Box, person: Person) -> None:
    """Two who listen for everybody: one that is a gateway by its name, and a database."""
    run = "systemd-run -q --collect --uid=eve --unit"
    gateway = "exec -a clawdbot-gateway python3 -m http.server 18789 --directory /usr/share/doc"
    listen = (
        f"{run}=open bash -c '{gateway}'; "
        f"{run}=redis python3 -m http.server 6379; "
        "until ss -Hltn | grep -q :18789 && ss -Hltn | grep -q :6379; do sleep 0.1; done"
    )
    with during(by_hand, listen, "systemctl stop open redis"):
        said = person.run("audit", by_hand.name)
    assert (said.exit, said.out[:7]) == (7, "grade F")
    where = by_hand.address
    assert f"| reached from here: {where}:18789 (plain http 200" in said.out
    assert "besides SSH, python3 on 6379 can be reached from outside" in said.out
    assert "no firewall of its own" in said.out


def test_the_tutorial_s_server_is_adopted_with_its_state(by_hand: Box, person: Person) -> None:
    assert person.run("adopt", by_hand.name).refused(2, "this needs your consent")
    marked = f"{AS_EVE} 'cd; mkdir -p clawd; echo eve remembers >clawd/MEMORY.md'"
    out(by_hand, marked)
    said = person.run("adopt", by_hand.name, "--yes")
    assert said.exit == 0, said
    typed = f"clawprov up -I {person.inventory} --auth password {by_hand.name} "
    assert typed in said.out
    assert "✓ proved" in said.out
    assert PASSWORD not in said.out + said.err
    assert out(by_hand, "cat /var/lib/clawdbot/clawd/MEMORY.md") == "eve remembers"
    again = person.run("up", by_hand.name, "--auth", "password", "--json")
    assert (again.exit, again.planned) == (0, [])
    shown = person.run("secret", "show", by_hand.name, "--auth", "password", "--yes")
    assert shown.out.strip() == PASSWORD


def test_and_given_back_without_a_gateway_of_ours(by_hand: Box, person: Person) -> None:
    if by_hand.run("test -e /etc/clawdbot/taken-over.json").returncode:
        assert person.run("adopt", by_hand.name, "--yes").exit == 0
    said = person.run("adopt", by_hand.name, "--undo", "--yes")
    assert said.exit == 7, said  # the tutorial's unit never was a gateway
    assert "no gateway proves itself on port 18789" in said.out
    assert out(by_hand, "systemctl is-enabled clawdbot") == "enabled"
    await_in(by_hand, f"! systemctl cat {UNIT} 2>/dev/null")
    assert out(by_hand, "ls /etc/clawdbot.kept-*/taken-over.json")
    assert person.run("adopt", by_hand.name, "--undo", "--yes").refused(2, "nothing was taken over")
