"""A gateway that a person has set up: what is found of it, and what the service inherits."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

import pytest

from provision.model.facts import Facts, Reading
from provision.model.secret import Secret
from provision.model.spec import AuthSpec, Host
from provision.products import find_product
from provision.products.installed import Installed, parse_installed
from provision.products.legacy import Legacy, parse_legacy, read_legacy
from provision.resources.takeover import Takeover
from provision.stacks.existing import find_problem
from provision.stacks.gateway import Gateway, build_gateway

HOST = Host("box", "192.0.2.1", existing="take-over")
PRODUCT = find_product("clawdbot")
HOME = "/home/Ada Lovelace"
UNIT = f"{HOME}/.config/systemd/user/clawdbot-gateway.service"
CONFIG = """{
  // what she has set herself
  gateway: {mode: 'local', auth: {mode: "token", token: "hers"}, port: 20000, bind: "lan",
            tailscale: {mode: "serve"}},
  agents: {defaults: {workspace: "~/clawd", maxConcurrent: 4}},
  channels: {telegram: {tokenFile: "/home/Ada Lovelace/bots/telegram.token"}},
  skills: {load: {extraDirs: ["/home/Ada Lovelace/.clawdbot/skills", "/srv/skills"]}},
  meta: {lastTouchedVersion: "2026.1.20", migrations: {a: true}},
  wizard: {lastRunCommand: "onboard"},
}"""
ADA = Installed(
    "ada",
    "clawdbot",
    group="1001",
    home=HOME,
    units=(UNIT,),
    enabled=True,
    pids=("7",),
    port="18789",
    state=f"{HOME}/.clawdbot",
    mb="12",
    config=CONFIG,
)


def inherited(**more: str) -> Legacy:
    return read_legacy(replace(ADA, **more), PRODUCT)  # type: ignore[arg-type]


def told(kind: str, *words: str, one: Installed = ADA) -> str:
    return "\t".join((kind, one.user, one.product, *words))


def lines(one: Installed = ADA) -> list[str]:
    """What the script prints of a gateway."""
    units = [told("unit", unit, one=one) for unit in one.units]
    if one.enabled:
        wants = one.units[0].replace("user/", "user/default.target.wants/")
        units.append(told("unit", wants, one=one))
    state = told("state", one.state, one.group, one.home, one.mb, "linger" * one.linger, one=one)
    pids = [told("process", pid, one.port, one.container, one=one) for pid in one.pids]
    secret = told("config", b64encode(one.config.encode()).decode(), one=one)
    return [*units, *([state] if one.state else []), secret, *pids]


def facts(*said: str, stamp: str = "", record: str = "", others: str = "") -> Facts:
    text = "\n".join((f"stamp={stamp}", f"record={b64encode(record.encode()).decode()}", *said))
    absent = {"secret:/etc/clawdbot/gateway.env": Reading(0, others or "type=absent\ncontent=\n")}
    return Facts({"takeover:clawdbot": Reading(0, text), **absent})


def build(host: Host = HOST) -> Gateway:
    return build_gateway(host, PRODUCT, fresh=Secret("fresh"), clock=lambda: 0.0)


def problem(seen: Facts, host: Host = HOST) -> str:
    return find_problem(host, Takeover(PRODUCT, host.existing == "take-over"), seen)


def test_what_is_found_is_put_together() -> None:
    (found,) = parse_installed([*lines(), "noise", "unit\tshort"])
    assert (found.enabled, found.active, found.home) == (True, True, HOME)
    assert str(found) == (
        "ada's clawdbot gateway is here: user unit clawdbot-gateway.service (enabled), "
        "process 7 on port 18789, 12 MB in /home/Ada Lovelace/.clawdbot"
    )


def test_her_settings_stay_and_her_paths_become_ours() -> None:
    config = inherited().config
    assert config["agents"]["defaults"]["maxConcurrent"] == 4
    assert config["agents"]["defaults"]["workspace"] == "/var/lib/clawdbot/clawd"
    assert config["channels"]["telegram"]["tokenFile"] == "/var/lib/clawdbot/bots/telegram.token"
    ours = ["/var/lib/clawdbot/.clawdbot/skills", "/srv/skills"]
    assert config["skills"]["load"]["extraDirs"] == ours


def test_what_her_configuration_names_below_her_home_is_copied() -> None:
    assert inherited().folders == (".clawdbot", "clawd", "bots/telegram.token")


def test_no_secret_of_the_gateway_is_in_the_configuration() -> None:
    legacy = inherited()
    assert "hers" not in str(legacy.config)
    assert legacy.env == {"CLAWDBOT_GATEWAY_TOKEN": "hers"}
    assert "hers" not in repr(legacy)
    assert not {"tailscale"} & set(legacy.config["gateway"])
    assert "wizard" not in legacy.config
    assert legacy.config["meta"] == {"migrations": {"a": True}}


def test_keys_of_providers_are_kept_wherever_they_were_set() -> None:
    legacy = inherited(
        dotenv="export OPENAI_API_KEY='from-env-file'\nPATH=/no\n",
        unit_env='Environment="XAI_API_KEY=a b" NODE_OPTIONS=--no\nEnvironment=HOME=/home/Ada L\n',
        environ="ANTHROPIC_API_KEY=from-process\nCLAWDBOT_GATEWAY_TOKEN=other\nSSH_AUTH_TOKEN=no\n",
    )
    assert legacy.env == {
        "OPENAI_API_KEY": "from-env-file",
        "XAI_API_KEY": "a b",
        "ANTHROPIC_API_KEY": "from-process",
        "CLAWDBOT_GATEWAY_TOKEN": "hers",
    }


def test_the_secret_of_the_unit_counts_where_the_configuration_has_none() -> None:
    legacy = inherited(
        config='{"gateway": {"mode": "local"}}',
        unit_env="Environment=CLAWDBOT_GATEWAY_PASSWORD=pw",
    )
    assert legacy.env == {"CLAWDBOT_GATEWAY_PASSWORD": "pw"}


def test_a_secret_that_is_referred_to_is_looked_for_in_the_environment() -> None:
    legacy = inherited(
        config='{gateway: {auth: {mode: "token", token: {source: "env", id: "HERS"}}}}',
        dotenv="HERS=hers\n",
    )
    assert (legacy.env, legacy.problem) == ({"CLAWDBOT_GATEWAY_TOKEN": "hers"}, "")


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ('{gateway: {mode: "local"', "is no JSON5: "),
        ("[]", "is no mapping of keys"),
        (
            '{gateway: {auth: {token: {source: "file", id: "value"}}}}',
            "where gateway.auth.token is",
        ),
        (
            '{agents: {defaults: {workspace: "~/../../log"}}}',
            "a folder by way of ../../log; write its path out",
        ),
        ('{"$include": "./more.json5"}', "has $include, and what that stands for"),
        ('{gateway: {port: "${PORT}"}}', "has ${PORT}, and what"),
        ('{meta: {lastTouchedVersion: "2026.2.1"}}', "was written by version 2026.2.1, newer than"),
        ('{agents: {defaults: {workspace: "~"}}}', "names the home folder itself"),
    ],
)
def test_what_cannot_be_carried_over_is_said(config: str, why: str) -> None:
    legacy = inherited(config=config)
    assert why in legacy.problem
    seen = facts(*lines(replace(ADA, config=config)))
    assert problem(seen) == f"ada's gateway cannot be taken over: {legacy.problem}"
    assert Takeover(PRODUCT, wished=True).diff(seen) is None


def test_the_record_says_the_same_as_what_was_found() -> None:
    found, legacy = Takeover(PRODUCT, wished=True), inherited()
    assert parse_legacy(legacy.to_json()) == legacy
    for seen in (
        facts(*lines()),
        facts(record=legacy.to_json()),
        facts(*lines(), record=legacy.to_json()),
    ):
        assert found.legacy(seen) == legacy


def test_the_service_has_her_secret_and_her_settings_below_its_own() -> None:
    gateway, seen = build(), facts(*lines())
    assert gateway.credential.secret(seen) == Secret("hers")
    (change,) = [c for c in [gateway.credential.diff(seen)] if c]
    assert (change.verb, change.why) == ("create", "taken over")
    (config,) = [r for r in gateway.stack.resources if r.id.endswith("clawdbot.json")]
    absent = Facts({**seen.readings, config.id: Reading(0, "type=absent\n")})
    made = config.diff(absent)
    assert made
    for part in ('"maxConcurrent": 4', '"bind": "loopback"', '"port": 18789', '"telegram"'):
        assert part in made.after  # type: ignore[union-attr]


def test_a_second_run_builds_on_the_record_whatever_was_said() -> None:
    record, host = inherited().to_json(), replace(HOST, existing="")
    first, second = facts(*lines()), facts(record=record, stamp=ADA.state)
    configs = [
        next(r for r in build(h).stack.resources if r.id.endswith("clawdbot.json")).digest(f)  # type: ignore[attr-defined]
        for h, f in ((HOST, first), (host, second), (HOST, second))
    ]
    assert len(set(configs)) == 1


def test_another_kind_of_secret_is_asked_about() -> None:
    seen = facts(*lines(replace(ADA, config='{gateway: {auth: {password: "pw"}}}')))
    assert build().credential.other(seen) == "CLAWDBOT_GATEWAY_PASSWORD"
    wished = build(replace(HOST, auth=AuthSpec("password"))).credential
    assert (wished.other(seen), wished.secret(seen)) == ("", Secret("pw"))


NOT_SAID, LEAVE = replace(HOST, existing=""), replace(HOST, existing="leave")
BOB = replace(
    ADA,
    user="bob",
    home="/home/bob",
    units=(),
    enabled=False,
    state="/home/bob/.clawdbot",
    pids=("8",),
)


def test_without_a_choice_what_is_there_is_told() -> None:
    assert problem(facts(*lines()), NOT_SAID) == str(replace(ADA, config=""))
    other = problem(facts(*lines(replace(ADA, product="openclaw"))), NOT_SAID)
    assert other.endswith("; to take it over, say --product openclaw")
    assert problem(facts(), NOT_SAID) == ""


def test_a_sleeping_one_is_asked_about_before_ours_is_there_only() -> None:
    asleep = replace(ADA, enabled=False, pids=())
    assert problem(facts(*lines(asleep)), NOT_SAID).startswith("ada's clawdbot gateway is here")
    assert problem(facts("ours=yes", *lines(asleep)), NOT_SAID) == ""
    assert problem(facts("ours=yes", *lines()), NOT_SAID) != ""


def test_whatever_is_there_may_be_left_alone_but_for_a_unit_with_our_name() -> None:
    assert problem(facts(*lines(), *lines(BOB)), LEAVE) == ""
    unit = told("unit", "/etc/systemd/system/clawdbot-gateway.service")
    assert problem(facts(unit), LEAVE).endswith("; its unit has the name of ours")


def test_one_can_be_taken_over_and_the_others_are_in_the_way() -> None:
    assert problem(facts(*lines())) == ""
    both = problem(facts(*lines(), *lines(BOB)))
    assert both.startswith("ada's")
    assert "; bob's" in both
    assert both.endswith("only one of them can be taken over")
    other = problem(facts(*lines(replace(ADA, product="openclaw"))))
    assert other.endswith("which Clawdbot cannot take over: say --product openclaw")
    moltbot = problem(facts(*lines(replace(ADA, product="moltbot"))))
    assert moltbot.endswith("which Clawdbot cannot take over")
    assert problem(facts()) == ""


def test_the_active_one_is_meant() -> None:
    asleep = replace(BOB, pids=())
    assert (
        Takeover(PRODUCT, wished=True).candidates(facts(*lines(), *lines(asleep)))[0].user == "ada"
    )


def test_a_gateway_of_ours_is_not_overwritten() -> None:
    assert "whose state would be lost" in problem(facts("ours=yes", *lines()))


def test_one_that_was_taken_over_and_runs_again_is_told() -> None:
    record = inherited().to_json()
    done = facts(*lines(), stamp=ADA.state, record=record)
    assert problem(done).endswith("again: disable its unit first")
    assert Takeover(PRODUCT, wished=True).ending(done) == ()  # it would be told the secret
    assert Takeover(PRODUCT, wished=False).ending(facts(*lines())) == ()
    due = facts(*lines(), record=record)
    assert (problem(due), Takeover(PRODUCT, wished=True).ending(due)) == ("", ("7",))
