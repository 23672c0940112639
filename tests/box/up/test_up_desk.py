"""A machine at which people are logged in, one of whom has a gateway of her own.

Her gateway is the real one, set up by the product's own installer; her home has a space in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest
from ada import HOME, KEY, LISTENS, arrive, hers, leave, no_longer_ours, token
from machines import AUDIT, UNIT, await_in, during, out, untouched
from persons import Person

from provision.lab import Box

STATE = f"{HOME}/.clawdbot"
HERS = (
    # its installer does not quote a home with a space, so she had to; without plugins it is quick
    "as-ada 'systemctl --user stop clawdbot-gateway; clawdbot config set plugins.enabled false; "
    'sed -i "s|^Environment=\\(HOME=.*\\)|Environment=\\"\\1\\"|" '
    ".config/systemd/user/clawdbot-gateway.service; systemctl --user daemon-reload; "
    "systemctl --user start clawdbot-gateway'",
    LISTENS,
    """as-ada 'clawdbot gateway call chat.inject --params "{\\"sessionKey\\":\\"main\\","""
    """\\"message\\":\\"hello\\"}" || clawdbot gateway call chat.send --params """
    """"{\\"sessionKey\\":\\"main\\",\\"message\\":\\"hi\\",\\"idempotencyKey\\":\\"1\\"}"'""",
    "echo 'Ada remembers' | as-ada 'cat >clawd/MEMORY.md'",
)


@pytest.fixture(scope="module")
def made(yard_box: Box, yard_up: object) -> Iterator[Box]:
    """The yard as a desk: ada's gateway runs, there is none of ours."""
    out(yard_box, no_longer_ours("clawdbot"))
    arrive(yard_box, "clawdbot")
    for command in HERS:
        out(yard_box, command, seconds=180)
    yield yard_box
    leave(yard_box)
    out(yard_box, no_longer_ours("clawdbot"))


def test_what_runs_and_the_two_ways_on_are_told(made: Box, person: Person) -> None:
    with untouched(made):
        said = person.run("up", made.name)
    assert said.refused(5, "ada's clawdbot gateway is here: user unit clawdbot-gateway.service")
    assert f"MB in {STATE}" in said.err
    assert f"clawprov up {made.name} --existing take-over" in said.err
    assert "--existing leave --gateway-port 18790" in said.err


def test_her_gateway_gets_a_c_and_a_b_once_her_unit_is_hers_alone(
    made: Box, person: Person
) -> None:
    """As the product's own installer leaves it, run by somebody without further rights."""
    with untouched(made):
        first = person.run("audit", made.name, "--json")
    assert (first.exit, first.answer["grade"]) == (7, "C")
    worth = {one["rule"]: one["severity"] for one in first.answer["findings"]}
    assert worth == {
        "audit:unit-secret": "serious",
        "audit:announced": "minor",
        "audit:config-secret": "minor",
        "audit:sandbox": "minor",
        "audit:ssh-passwords": "minor",
        "audit:updates": "minor",
    }
    assert token(made, "clawdbot") not in first.out + first.err
    second = person.run("audit", made.name, "--json", "--fix", "--yes")
    assert (second.exit, second.answer["grade"]) == (0, "B")
    assert second.answer["fixed"] == ["audit:unit-secret"]
    await_in(made, "as-ada 'clawdbot health'")


def test_left_alone_both_run_side_by_side(made: Box, person: Person) -> None:
    before = hers(made, "clawdbot")
    taken = person.run("up", made.name, "--existing", "leave")
    assert taken.refused(5, "port 18789 is held by clawdbot-gatewa")
    assert "18790 is free" in taken.err
    wish = person.wishing(made.name, existing="leave", gateway_port=18790)
    assert wish.run("up", made.name).exit == 0
    assert wish.run("up", made.name, "--json").planned == []
    assert all(out(made, command) for command in ("as-ada 'clawdbot health'", "clawdbot health"))
    ours = out(made, f"cat /sys/fs/cgroup/system.slice/{UNIT}/cgroup.procs").split()
    ports = [x for x in out(made, "ss -Hltnp").splitlines() if any(f"pid={p}," in x for p in ours)]
    assert {line.split()[3] for line in ports} == {"127.0.0.1:18790", "[::1]:18790"}
    assert hers(made, "clawdbot") == before
    out(made, no_longer_ours("clawdbot"))


def test_what_cannot_be_copied_leaves_hers_running(made: Box, person: Person) -> None:
    out(made, f"touch '{STATE}/roots'; chmod 600 '{STATE}/roots'")
    said = person.run("up", made.name, "--existing", "take-over")
    assert said.refused(6, "takeover:clawdbot failed")
    assert "roots: Cannot open: Permission denied" in said.err
    await_in(made, "as-ada 'clawdbot health'")
    assert out(made, "as-ada 'systemctl --user is-enabled clawdbot-gateway'") == "enabled"
    out(made, f"rm '{STATE}/roots'")


def test_taken_over_her_agent_goes_on_as_a_service(
    made: Box, person: Person, laptop: Callable[[], Person]
) -> None:
    secret = token(made, "clawdbot")
    before = hers(made, "clawdbot")
    planned = person.run("plan", made.name, "--existing", "take-over", "--script")
    first = person.run("up", made.name, "-v", "--existing", "take-over")
    assert first.exit == 0, first
    shown = planned.out + first.out + first.err + out(made, f"cat {AUDIT}")
    shown += out(made, f"journalctl -q -o cat -u {UNIT}; cat /etc/systemd/system/{UNIT}")
    assert [one for one in (secret, KEY) if one in shown] == []
    assert '"takeover:clawdbot"' in out(made, f"cat {AUDIT}")
    for another in (person, laptop()):
        again = another.run("up", made.name, "--json")
        assert (again.exit, again.planned) == (0, [])
    assert person.run("secret", "show", made.name, "--yes").out.strip() == secret
    sessions = json.loads(out(made, "clawdbot gateway call sessions.list --json"))
    assert [one["key"] for one in sessions["sessions"]] == ["agent:main:main"]
    assert "ada" not in out(made, "cat /var/lib/clawdbot/.clawdbot/agents/main/sessions/*.json")
    assert len(json.loads(out(made, "clawdbot devices list --json"))["paired"]) == 1
    assert out(made, "cat /var/lib/clawdbot/clawd/MEMORY.md") == "Ada remembers"
    assert KEY in out(made, "cat /var/lib/clawdbot/.clawdbot/agents/main/agent/auth-profiles.json")
    assert hers(made, "clawdbot") == before


def test_her_own_commands_find_the_service_and_do_not_fight_it(made: Box) -> None:
    assert out(made, "as-ada 'clawdbot health'")
    out(made, "as-ada 'clawdbot gateway start'; sleep 1")
    assert not made.run("pgrep -u ada -f clawdbot-gateway").stdout
    out(made, "systemctl --user -M ada@ is-enabled clawdbot-gateway | grep -x disabled")
    assert out(made, f"systemctl is-active {UNIT}") == "active"


def test_hers_that_does_not_listen_any_more_leaves_ours_running(made: Box, person: Person) -> None:
    if made.run("test -e /etc/clawdbot/taken-over.json").returncode:
        assert person.run("adopt", made.name, "--yes").exit == 0
    folder = ".config/systemd/user/clawdbot-gateway.service.d"
    lame = (
        f'mkdir {folder}; printf "[Service]\\nExecStart=\\nExecStart=/bin/true\\n" >{folder}/x.conf'
    )
    again = "systemctl --user daemon-reload"
    with during(made, f"as-ada '{lame}; {again}'", f"as-ada 'rm -r {folder}; {again}'"):
        said = person.run("adopt", made.name, "--undo", "--yes")
    assert said.refused(6, "restitution:clawdbot failed")
    assert "the gateway of ada does not listen on port 18789" in said.err
    out(made, "systemctl --user -M ada@ is-enabled clawdbot-gateway | grep -x disabled")
    ours = person.run("up", made.name, "--json")
    assert (ours.exit, ours.planned) == (0, [])


def test_given_back_hers_runs_as_before(made: Box, person: Person) -> None:
    if made.run("test -e /etc/clawdbot/taken-over.json").returncode:
        assert person.run("adopt", made.name, "--yes").exit == 0
    said = person.run("adopt", made.name, "--undo", "--yes")
    assert said.exit == 0, said
    assert "given back, and it answers" in said.out
    assert re.search(r"[1-9]\d* files that our service has written since stay", said.err)
    assert out(made, "as-ada 'systemctl --user is-enabled clawdbot-gateway'") == "enabled"
    assert out(made, "as-ada 'clawdbot health'")
    assert made.run(f"systemctl cat {UNIT}").returncode
    again = person.run("adopt", made.name, "--undo", "--yes")
    assert again.refused(2, "nothing was taken over there")
