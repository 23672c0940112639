"""A machine at which somebody has an OpenClaw of her own, whose state is in databases."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator

import pytest
from ada import HOME, KEY, LISTENS, arrive, hers, no_longer_ours, token
from machines import AUDIT, await_in, out, untouched
from persons import Person
from strangers import forwarded, knock

from provision.lab import Box, Lab
from provision.protocol.device import Device

UNIT = "openclaw-gateway.service"
READ = ("operator.read",)
STATE = "/var/lib/openclaw/.openclaw"
FOLDERS = f"""node --no-warnings -e '
const {{ DatabaseSync }} = require("node:sqlite");
const database = new DatabaseSync("{STATE}/agents/main/agent/openclaw-agent.sqlite");
for (const row of database.prepare("SELECT entry_json FROM session_nodes").all())
  console.log(JSON.parse(row.entry_json).sessionRoot)'"""
OLDER = """
const { DatabaseSync } = require("node:sqlite");
const database = new DatabaseSync(".openclaw/agents/main/agent/older.sqlite");
database.exec(`CREATE VIRTUAL TABLE transcript USING fts5(said);
  CREATE TABLE session_entries(entry_json TEXT, said TEXT)`);
database.prepare("INSERT INTO transcript VALUES(?)").run(`${process.env.HOME}/x`);
database.prepare("INSERT INTO session_entries VALUES(?, ?)")
  .run(JSON.stringify({ sessionRoot: `${process.env.HOME}/x` }), `${process.env.HOME}/x`);
"""
READ_OLDER = f"""node --no-warnings -e '
const {{ DatabaseSync }} = require("node:sqlite");
const database = new DatabaseSync("{STATE}/agents/main/agent/older.sqlite");
console.log(JSON.stringify(database.prepare("SELECT * FROM session_entries").all()))'"""
HERS = (
    LISTENS,
    "echo 'Ada remembers' | as-ada 'cat >.openclaw/workspace/MEMORY.md'",
    "as-ada 'until openclaw health; do sleep 1; done'",
    """as-ada 'openclaw gateway call sessions.create --params "{\\"agentId\\":\\"main\\"}"'""",
    "as-ada 'openclaw cron add --name tea --every 6h --message x --session isolated --no-deliver'",
    f"cat >/opt/hers/older.cjs <<'E'\n{OLDER}\nE",
    "as-ada 'node --no-warnings /opt/hers/older.cjs'",
)


@pytest.fixture(scope="module")
def made(make_box: Callable[..., Box], laptop: Callable[[], Person], lab: Lab) -> Iterator[Box]:
    """A desk: ada's gateway runs, with a session, a memory and a job; there is none of ours."""
    box = make_box(image="trixie", majors=(24,), disk="ram:4G")
    assert laptop().run("up", box.name, "--product", "openclaw").exit == 0
    out(box, no_longer_ours("openclaw"))
    arrive(box, "openclaw")
    for command in HERS:
        out(box, command)
    yield box
    lab.down(box.name)  # it has taken much memory


@pytest.fixture
def owner(person: Person, made: Box) -> Person:
    return person.wishing(made.name, product="openclaw")


def test_what_runs_is_told_and_which_product_takes_it_over(
    made: Box, person: Person, owner: Person
) -> None:
    with untouched(made):
        said = owner.run("up", made.name)
        unsaid = person.run("up", made.name)
        other = person.run("up", made.name, "--existing", "take-over")
    assert said.refused(5, f"ada's openclaw gateway is here: user unit {UNIT} (enabled), process")
    assert f"MB in {HOME}/.openclaw\n" in said.err
    assert "--product openclaw --existing take-over" in said.err
    assert unsaid.refused(5, "to take it over, say --product openclaw")
    assert other.refused(5, "which Clawdbot cannot take over: say --product openclaw")


def test_left_alone_both_run_side_by_side(made: Box, owner: Person) -> None:
    before = hers(made, "openclaw")
    wish = owner.wishing(made.name, product="openclaw", existing="leave", gateway_port=18790)
    assert wish.run("up", made.name).exit == 0
    assert wish.run("up", made.name, "--json").planned == []
    out(made, f"as-ada 'systemctl --user restart openclaw-gateway'; {LISTENS}")
    await_in(made, "as-ada 'openclaw health'")
    assert hers(made, "openclaw") == before
    out(made, no_longer_ours("openclaw"))


def test_taken_over_her_agent_goes_on_as_a_service(
    made: Box, owner: Person, laptop: Callable[[], Person]
) -> None:
    secret, before = token(made, "openclaw"), hers(made, "openclaw")
    phone = Device(secrets.token_bytes(32))
    with forwarded(made) as port:
        hello = knock(port, {"token": secret}, phone, scopes=READ)
    own = {"token": hello["payload"]["auth"]["deviceToken"]}
    planned = owner.run("plan", made.name, "--existing", "take-over", "--script")
    first = owner.run("up", made.name, "-v", "--existing", "take-over")
    assert first.exit == 0, first
    shown = planned.out + first.out + first.err + out(made, f"cat {AUDIT} {STATE}/openclaw.json")
    shown += out(made, f"journalctl -q -o cat -u {UNIT}; cat /etc/systemd/system/{UNIT}")
    assert [one for one in (secret, KEY, own["token"]) if one in shown] == []
    for another in (owner, laptop()):
        again = another.run("up", made.name, "--json", "--product", "openclaw")
        assert (again.exit, again.planned) == (0, [])
    with forwarded(made) as port:
        assert knock(port, own, phone, scopes=READ)["ok"]
    sessions = json.loads(out(made, "openclaw gateway call sessions.list --json"))
    assert [one["key"].split(":")[:3] for one in sessions["sessions"]] == [
        ["agent", "main", "dashboard"]
    ]
    assert out(made, FOLDERS) == f"{STATE}/workspace"
    [older] = json.loads(out(made, READ_OLDER))
    assert json.loads(older["entry_json"]) == {"sessionRoot": "/var/lib/openclaw/x"}
    assert older["said"] == f"{HOME}/x"
    jobs = json.loads(out(made, "openclaw gateway call cron.list --json"))["jobs"]
    assert [one["name"] for one in jobs].count("tea") == 1
    assert len({one.get("declarationKey", one["id"]) for one in jobs}) == len(jobs)
    assert f"anthropic:default={KEY[:8]}..." in out(made, "openclaw models status")
    assert out(made, f"cat {STATE}/workspace/MEMORY.md") == "Ada remembers"
    assert hers(made, "openclaw") == before


def test_her_own_commands_do_not_fight_it_and_given_back_hers_runs_as_before(
    made: Box, person: Person
) -> None:
    if made.run("test -e /etc/openclaw/taken-over.json").returncode:
        assert person.run("adopt", made.name, "--yes").exit == 0
    assert made.run("as-ada 'openclaw gateway start'").returncode
    assert out(made, f"systemctl is-active {UNIT}; pgrep -u ada -f openclaw || :") == "active"
    out(made, "as-ada 'openclaw health'")
    said = person.run("adopt", made.name, "--undo", "--yes")
    assert said.exit == 0, said
    assert "given back, and it answers" in said.out
    assert "below /var/lib/openclaw (*.kept-*)" in said.err
    assert out(made, "as-ada 'systemctl --user is-enabled openclaw-gateway'") == "enabled"
    assert " tea " in out(made, "as-ada 'openclaw cron list'")
    assert made.run(f"systemctl cat {UNIT}").returncode
