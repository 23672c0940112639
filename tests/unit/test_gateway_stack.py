"""The server's stack: one wish, in an order that works, whose parts fit together."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from provision.errors import UnsupportedError
from provision.model.facts import Facts, Reading
from provision.model.product import Product
from provision.model.secret import Secret, reveal
from provision.model.spec import (
    AuthSpec,
    BasicsSpec,
    ChannelSpec,
    Entrusted,
    Host,
    ModelSpec,
    NodeSpec,
)
from provision.products import find_product
from provision.resources.service import Service
from provision.stacks.config import merge
from provision.stacks.gateway import Gateway, build_gateway

HOST = Host("box", "192.0.2.1")
FRESH = Secret("fresh0")


def build(host: Host = HOST) -> Gateway:
    return build_gateway(host, find_product(host.product), fresh=FRESH, clock=lambda: 0.0)


def variants() -> list[Host]:
    return [
        replace(HOST, product=product, profile=profile, node=node, auth=AuthSpec(mode))  # type: ignore[arg-type]
        for product in ("clawdbot", "openclaw")
        for profile in ("strict", "balanced", "off")
        for node in (NodeSpec(), NodeSpec(source="tarball"))
        for mode in ("token", "password")
    ]


@pytest.fixture(
    params=variants(), ids=lambda h: f"{h.product}-{h.profile}-{h.node.source}-{h.auth.mode}"
)
def host(request: pytest.FixtureRequest) -> Host:
    found: Host = request.param
    return found


def service_of(gateway: Gateway) -> Service:
    (service,) = [r for r in gateway.stack.resources if isinstance(r, Service)]
    return service


def unit_of(gateway: Gateway) -> str:
    (unit,) = [reveal(file.content) for file in gateway.files if file.path.endswith(".service")]
    return unit


def config_of(gateway: Gateway) -> dict[str, dict[str, object]]:
    (config,) = [reveal(file.content) for file in gateway.files if file.path.endswith(".json")]
    loaded: dict[str, dict[str, object]] = json.loads(config)
    return loaded


def test_every_question_has_an_id_of_its_own(host: Host) -> None:
    stack = build(host).stack
    ids = [r.id for r in stack.resources] + [c.id for c in (*stack.preflight, *stack.checks)]
    assert len(ids) == len(set(ids))
    assert [name for name in ids if ":" not in name] == []


def test_a_probe_answers_for_its_resource(host: Host) -> None:
    assert [r.id for r in build(host).stack.resources if r.probe().id != r.id] == []


def test_swap_that_is_wished_counts_as_memory() -> None:
    found = build(replace(HOST, basics=BasicsSpec(swap="1G"))).stack
    (check,) = [check for check in found.preflight if check.id == "preflight:memory"]
    small = Reading(0, "MemTotal:=480\nSwapTotal:=0\n")
    swap = Reading(0, "container=none\nunit=\nkind=ext2/ext3\nfree=9000\nfile=0\n")
    assert check.judge(small, Facts({"swap:1G": swap})) == ""


def test_every_check_says_what_to_do(host: Host) -> None:
    stack = build(host).stack
    assert [check.id for check in (*stack.preflight, *stack.checks) if not check.hint] == []


def test_node_comes_first_and_the_service_last(host: Host) -> None:
    kinds = [r.id.partition(":")[0] for r in build(host).stack.resources]
    assert kinds[-2:] == ["service", "tailscale"]  # a Funnel that nobody wishes
    order = [kinds.index(kind) for kind in ("node", "release", "secret", "link", "service")]
    assert order == sorted(order)
    assert kinds.index("user") < kinds.index("directory")


def test_a_folder_is_made_before_what_lies_in_it(host: Host) -> None:
    ids = [r.id for r in build(host).stack.resources]
    product = find_product(host.product)
    for folder, inner in (
        (product.etc, f"secret:{product.secret_path}"),
        (f"{product.home}/.{product.name}", f"file:{product.config_path}"),
        (product.home, f"directory:{product.home}/tmp"),
    ):
        assert ids.index(f"directory:{folder}") < ids.index(inner)


def test_the_unit_stamps_exactly_what_the_service_compares(host: Host) -> None:
    gateway = build(host)
    (line,) = [x for x in unit_of(gateway).splitlines() if x.startswith("ExecStartPre=-+")]
    stamped = line.partition("sha256sum ")[2].partition(" >")[0].split()
    service = service_of(gateway)
    assert sorted(stamped) == sorted(item.path for item in service.inputs)
    assert f">{service.stamp}'" in line


def test_secrets_are_in_no_file_but_the_one_for_secrets() -> None:
    host = replace(HOST, auth=AuthSpec("token", Secret("hunter2")))
    gateway = build(host)
    assert [
        f.path
        for f in gateway.files
        if "hunter2" in reveal(f.content) or "fresh0" in reveal(f.content)
    ] == []


@pytest.mark.parametrize("mode", ["token", "password"])
@pytest.mark.parametrize("product", ["clawdbot", "openclaw"])
def test_the_kind_of_secret_names_variable_and_mode(product: str, mode: str) -> None:
    gateway = build(replace(HOST, product=product, auth=AuthSpec(mode)))  # type: ignore[arg-type]
    assert gateway.credential.variable == f"{product.upper()}_GATEWAY_{mode.upper()}"
    assert config_of(gateway)["gateway"]["auth"]["mode"] == mode  # type: ignore[index]


@pytest.mark.parametrize("mode", ["token", "password"])
def test_openclaw_reads_its_secret_from_systemd(mode: str) -> None:
    gateway = build(replace(HOST, product="openclaw", auth=AuthSpec(mode)))  # type: ignore[arg-type]
    config, unit = config_of(gateway), unit_of(gateway)
    reference = config["gateway"]["auth"][mode]  # type: ignore[index]
    provider = config["secrets"]["providers"][reference["provider"]]  # type: ignore[index]
    name = provider["path"].removeprefix("/run/openclaw/")
    path = f"/etc/openclaw/credentials/{name}"
    assert f"LoadCredential={name}:{path}" in unit
    assert f'"$$CREDENTIALS_DIRECTORY/{name}" >{provider["path"]}' in unit
    assert f"OPENCLAW_GATEWAY_{mode.upper()}" in unit.partition("UnsetEnvironment=")[2]
    assert path in [item.path for item in service_of(gateway).inputs]


def test_clawdbot_reads_its_environment() -> None:
    gateway = build()
    assert "secrets" not in config_of(gateway)
    assert "Credential" not in unit_of(gateway)
    assert "UnsetEnvironment" not in unit_of(gateway)


def test_openclaw_has_no_backup_to_put_in_the_place_of_our_configuration() -> None:
    (config,) = [
        f for f in build(replace(HOST, product="openclaw")).files if f.path.endswith("json")
    ]
    assert str(config.trial).endswith(f"&& as openclaw:openclaw rm -f {config.path}.bak")


def test_the_gateway_listens_on_loopback_and_the_wished_port(host: Host) -> None:
    gateway = build(replace(host, gateway_port=20001))
    assert config_of(gateway)["gateway"]["bind"] == "loopback"
    assert config_of(gateway)["gateway"]["port"] == 20001
    assert service_of(gateway).port == 20001


def test_the_configuration_of_the_person_wins() -> None:
    own = {"gateway": {"bind": "lan"}, "channels": {"telegram": {"enabled": True}}}
    config = config_of(build(replace(HOST, config=own, exposed=True)))
    assert config["gateway"]["bind"] == "lan"
    assert config["gateway"]["mode"] == "local"
    assert config["channels"] == own["channels"]


def test_what_an_option_makes_of_an_inventory_is_no_way_around_consent() -> None:
    own = {"gateway": {"bind": "tailnet"}}
    wish = replace(HOST, product="openclaw", exposed=True, config=own)
    build(wish)
    with pytest.raises(UnsupportedError, match=r"config\.gateway\.bind: clawdbot then leaves"):
        build(replace(wish, product="clawdbot"))
    with pytest.raises(UnsupportedError, match="opens the gateway to other machines"):
        build(replace(wish, exposed=False))


def test_only_an_exposed_gateway_may_listen_for_others() -> None:
    for own, problem in (({}, "listens on"), ({"gateway": {"bind": "lan"}}, "")):
        gateway = build(replace(HOST, config=own, exposed=True))
        (check,) = [c for c in gateway.stack.checks if c.id == "gateway:loopback"]
        assert problem in check.judge(Reading(0, "0.0.0.0:18789\n"), Facts({}))
        assert bool(check.judge(Reading(0, "0.0.0.0:18789\n"), Facts({}))) == bool(problem)


def test_the_copy_that_is_kept_here_is_at_hand() -> None:
    gateway = build(replace(HOST, auth=AuthSpec(spare=Secret("hunter2"))))
    assert gateway.credential.spare == Secret("hunter2")
    assert "hunter2" not in repr(gateway)


@pytest.mark.parametrize("product", ["clawdbot", "openclaw"])
def test_models_go_where_the_gateway_looks_for_them(product: str) -> None:
    models = ModelSpec("anthropic/claude-opus-4-5", ("openai/gpt-5.2",))
    own = {"agents": {"defaults": {"thinkingDefault": "low"}}}
    config = config_of(build(replace(HOST, product=product, models=models, config=own)))  # type: ignore[arg-type]
    model = {"primary": "anthropic/claude-opus-4-5", "fallbacks": ["openai/gpt-5.2"]}
    assert config["agents"]["defaults"] == {"model": model, "thinkingDefault": "low"}


def test_without_models_the_gateway_chooses() -> None:
    assert "agents" not in config_of(build())


def test_a_key_is_asked_for_where_neither_side_has_it() -> None:
    keys = (Entrusted("A_KEY"), Entrusted("B_KEY", Secret("hunter2")), Entrusted("C_KEY"))
    gateway = build(replace(HOST, keys=keys))
    asked = {c.id: c for c in gateway.stack.preflight if "_KEY" in c.id}
    assert list(asked) == ["preflight:A_KEY", "preflight:C_KEY"]
    seen = Reading(0, 'type=regular file\ncontent=\nA_KEY=""\nC_KEY="c"\n')
    facts = Facts({gateway.credential.id: seen})
    problems = {name: c.judge(Reading(0, ""), facts) for name, c in asked.items()}
    assert problems == {
        "preflight:A_KEY": "A_KEY is set neither here nor on the server",
        "preflight:C_KEY": "",
    }
    assert "export A_KEY=..." in asked["preflight:A_KEY"].hint


def test_the_value_of_a_key_is_in_no_file_but_the_one_for_secrets() -> None:
    gateway = build(replace(HOST, keys=(Entrusted("A_KEY", Secret("hunter2")),)))
    assert [f.path for f in gateway.files if "hunter2" in reveal(f.content)] == []
    change = gateway.credential.diff(Facts({gateway.credential.id: Reading(0, "type=absent\n")}))
    assert change
    assert 'A_KEY="hunter2"' in change.commands[0].text
    assert "hunter2" not in repr((change, gateway.credential, str(change.commands[0])))


BOT = Secret("hunter2")
TELEGRAM = ChannelSpec({"token": Entrusted("MY_BOT", BOT)}, "allowlist", ("123",))
SLACK = ChannelSpec(
    {"token": Entrusted("A_BOT", Secret("xoxb")), "app_token": Entrusted("AN_APP")}, "open"
)


@pytest.mark.parametrize("product", ["clawdbot", "openclaw"])
def test_the_token_of_telegram_is_in_a_file_of_its_own(product: str) -> None:
    gateway = build(replace(HOST, product=product, telegram=TELEGRAM))  # type: ignore[arg-type]
    path = f"/var/lib/{product}/.{product}/credentials/telegram.token"
    assert config_of(gateway)["channels"]["telegram"] == {
        "enabled": True,
        "tokenFile": path,
        "dmPolicy": "allowlist",
        "allowFrom": ["123"],
    }
    ids = [r.id for r in gateway.stack.resources]
    folder = ids.index(f"directory:{path.rpartition('/')[0]}")
    assert folder < ids.index(f"token:{path}") < ids.index(service_of(gateway).id)
    assert path in [item.path for item in service_of(gateway).inputs]
    assert f" {path} " in unit_of(gateway)
    assert [f.path for f in gateway.files if "hunter2" in reveal(f.content)] == []
    assert "hunter2" not in repr(gateway)


def test_plugins_of_channels_are_enabled_before_the_gateway_does_it() -> None:
    config = config_of(build(replace(HOST, telegram=TELEGRAM, slack=SLACK)))
    enabled = {"telegram": {"enabled": True}, "slack": {"enabled": True}}
    assert config["plugins"]["entries"] == enabled
    assert config["channels"]["slack"] == {
        "enabled": True,
        "dm": {"policy": "open", "allowFrom": ["*"]},
    }


def test_tokens_of_other_channels_are_variables() -> None:
    gateway = build(replace(HOST, slack=SLACK))
    assert gateway.credential.more == (
        ("SLACK_BOT_TOKEN", Secret("xoxb")),
        ("SLACK_APP_TOKEN", None),
    )
    assert [c.id for c in gateway.stack.preflight if "SLACK" in c.id] == [
        "preflight:SLACK_APP_TOKEN"
    ]


def test_a_token_is_asked_for_where_neither_side_has_it() -> None:
    gateway = build(replace(HOST, telegram=ChannelSpec({"token": Entrusted("MY_BOT")})))
    (asked,) = [c for c in gateway.stack.preflight if c.id == "preflight:TELEGRAM_BOT_TOKEN"]
    (token,) = [r.id for r in gateway.stack.resources if r.id.startswith("token:")]
    there = {"absent": False, "regular file": True, "regular empty file": False, "link": False}
    for kind, fine in there.items():
        facts = Facts({token: Reading(0, f"type={kind}\n")})
        problem = asked.judge(Reading(0, ""), facts)
        assert problem == (
            "" if fine else "MY_BOT is not set here, and the server has no TELEGRAM_BOT_TOKEN"
        )
    assert "export MY_BOT=..." in asked.hint


def test_a_channel_whose_plugin_is_missing_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="comes without its slack plugin"):
        build(replace(HOST, product="openclaw", slack=SLACK))


def test_a_start_with_channels_is_watched_longer() -> None:
    plain, channels = build(), build(replace(HOST, config={"channels": {"telegram": {}}}))
    assert service_of(channels).settle_s > service_of(plain).settle_s


@pytest.mark.parametrize("product", ["clawdbot", "openclaw"])
def test_every_directive_that_a_product_survives_is_in_its_unit(product: str) -> None:
    strict = unit_of(build(replace(HOST, product=product, profile="strict"))).splitlines()  # type: ignore[arg-type]
    off = unit_of(build(replace(HOST, product=product, profile="off"))).splitlines()  # type: ignore[arg-type]
    assert "NoNewPrivileges=yes" in strict
    assert "NoNewPrivileges=yes" not in off
    found: Product = find_product(product)
    assert [line for line in strict if line.partition("=")[0] in found.sandbox_without] == []


def test_lines_of_a_person_come_last_in_their_section() -> None:
    lines = ("ProtectHome=tmpfs", "OnFailure=mail@%n.service")
    unit = unit_of(build(replace(HOST, unit=lines)))
    before, service, after = unit.partition("[Service]\n")
    service = service.partition("[Install]")[0] + after.partition("[Install]")[0]
    assert before.rstrip().endswith("OnFailure=mail@%n.service")
    own = [line for line in service.splitlines() if line.startswith("ProtectHome=")]
    assert own == ["ProtectHome=yes", "ProtectHome=tmpfs"]
    assert "unit:" not in unit_of(build()).replace("under `unit:`", "")


def test_systemd_tries_the_unit_only_where_a_person_has_added_to_it() -> None:
    def trial(gateway: Gateway) -> object:
        return next(file.trial for file in gateway.files if file.path.endswith(".service"))

    assert trial(build()) is None
    assert "systemd-analyze verify" in str(trial(build(replace(HOST, unit=("Nice=5",)))))


@pytest.mark.parametrize(
    ("product", "line"),
    [
        ("openclaw", "RestrictSUIDSGID=yes"),
        ("openclaw", "MemoryDenyWriteExecute=on"),
        ("clawdbot", "MemoryDenyWriteExecute=1"),
    ],
)
def test_a_line_that_kills_the_product_is_refused(product: str, line: str) -> None:
    host = replace(HOST, product=product)  # type: ignore[arg-type]
    with pytest.raises(UnsupportedError, match="does not survive"):
        build(replace(host, unit=(line,)))
    build(replace(host, unit=(line.partition("=")[0] + "=no",)))


def test_a_node_of_our_own_is_the_one_that_runs_the_gateway() -> None:
    gateway = build(replace(HOST, node=NodeSpec(source="tarball", version="22.20.0")))
    assert "ExecStart=/opt/clawprov/node/22.20.0/bin/node " in unit_of(gateway)
    wrapper = next(f for f in gateway.files if f.path == "/usr/local/bin/clawdbot")
    assert "/opt/clawprov/node/22.20.0/bin/node" in reveal(wrapper.content)


def test_a_mirror_is_where_names_must_be_known() -> None:
    gateway = build(replace(HOST, node=NodeSpec(url="https://mirror.example.org:8443/node")))
    (dns,) = [c for c in gateway.stack.preflight if c.id == "preflight:dns"]
    assert "getent ahosts mirror.example.org " in dns.script.text


@pytest.mark.parametrize(
    ("below", "above", "merged"),
    [
        ({}, {}, {}),
        ({"a": 1}, {}, {"a": 1}),
        ({"a": 1}, {"a": 2, "b": 3}, {"a": 2, "b": 3}),
        ({"a": {"x": 1, "y": 1}}, {"a": {"y": 2}}, {"a": {"x": 1, "y": 2}}),
        ({"a": {"x": {"p": 1}}}, {"a": {"x": {"q": 2}}}, {"a": {"x": {"p": 1, "q": 2}}}),
        ({"a": {"x": 1}}, {"a": 5}, {"a": 5}),
        ({"a": 5}, {"a": {"x": 1}}, {"a": {"x": 1}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"x": 1}}, {"a": None}, {"a": None}),
    ],
)
def test_above_wins_wherever_both_speak(
    below: dict[str, object], above: dict[str, object], merged: dict[str, object]
) -> None:
    assert merge(below, above) == merged


def test_merging_leaves_both_as_they_were() -> None:
    below, above = {"a": {"x": 1}}, {"a": {"y": 2}}
    merge(below, above)["a"]["z"] = 3  # type: ignore[index]
    assert (below, above) == ({"a": {"x": 1}}, {"a": {"y": 2}})
