"""What an inventory says of a host, as the host has it."""

from __future__ import annotations

import json

import pytest
import yaml
from inventory_text import ARMOR, EXAMPLE, mistakes_of, one_host, parse

from provision.model.access import AuthKey, TailscaleSpec
from provision.model.spec import AuthSpec, ChannelSpec, Entrusted, ModelSpec, NodeSpec, TunnelSpec


@pytest.mark.parametrize("word", ["off", "Off", "'off'", "false", "no"])
def test_profile_off_is_off_although_yaml_reads_false(word: str) -> None:
    assert one_host(f"profile: {word}").profile == "off"


def test_the_values_of_a_host_are_read() -> None:
    host = one_host(
        "address: 2001:DB8:0::1, port: '2222', user: svc$, full: yes, version: 2026.1.24-3,"
        "journal_max: 1G, gateway_port: 65535, host_key: 'SHA256:" + "a" * 43 + "='"
    )
    assert (host.address, host.port, host.user) == ("2001:db8::1", 2222, "svc$")
    assert (host.full, host.version, host.journal_max) == (True, "2026.1.24-3", "1G")
    assert (host.gateway_port, host.host_key) == (65535, "SHA256:" + "a" * 43)


def test_a_host_key_may_bring_its_comment_which_is_dropped() -> None:
    key = str(yaml.safe_load(EXAMPLE)["hosts"]["vps1"]["host_key"])
    assert one_host(f"host_key: {key} root@box").host_key == key


def test_paths_start_at_the_folder_of_the_inventory() -> None:
    assert one_host("identity: keys/id").identity == "dir/keys/id"
    assert one_host("identity: /keys/id").identity == "/keys/id"
    assert one_host("identity: ~/.ssh/id").identity == "~/.ssh/id"
    for path in ("good.asc", "/etc/good.asc", "~/good.asc"):
        assert one_host(f"node: {{key: {path}}}").node.key == ARMOR + "\n"


PLAIN = "source: tarball, url: 'http://mirror/node'"


def test_a_tarball_that_comes_unchecked_over_http_is_a_mistake() -> None:
    (mistake,) = mistakes_of(f"hosts: {{x: {{node: {{{PLAIN}, version: 22.1.0}}}}}}").mistakes
    assert mistake.where == "dir/hosts.yml:1:37"
    assert mistake.what.startswith("node.url runs as root what comes unchecked over http")
    assert "sha256" in mistake.what
    (mistake,) = mistakes_of(f"defaults: {{node: {{{PLAIN}}}}}\nhosts:").mistakes
    assert mistake.where == "dir/hosts.yml:1:36"


@pytest.mark.parametrize(
    "node",
    [
        f"{PLAIN}, version: 22.1.0, sha256: {'0' * 64}",
        PLAIN.replace("http:", "https:"),
        "url: 'http://mirror/apt'",  # apt checks signatures
        "source: tarball",
    ],
)
def test_what_is_checked_by_itself_or_comes_over_https_is_fine(node: str) -> None:
    one_host(f"node: {{{node}}}")


def test_defaults_are_what_a_host_does_not_say() -> None:
    hosts = parse(
        """\
defaults:
  port: 2222
  auth: {mode: password}
  node: {source: tarball, version: 22.1.0}
  config: {a: {b: 1, c: [1]}, d: 1}
hosts:
  one:
  two: {port: 22, auth: {}, node: {version: 24.1.0}, config: {a: {c: [2], e: null}, d: {f: 1}}}
"""
    )
    one, two = hosts["one"], hosts["two"]
    assert (one.port, one.auth.mode, one.node.source) == (2222, "password", "tarball")
    assert (two.port, two.auth.mode) == (22, "password")
    assert two.node == NodeSpec(version="24.1.0")
    assert one.config == {"a": {"b": 1, "c": [1]}, "d": 1}
    assert two.config == {"a": {"b": 1, "c": [2], "e": None}, "d": {"f": 1}}


def test_a_command_is_a_list_or_a_text_that_is_split() -> None:
    for body in (
        "pass show 'my vps'/x",
        'pass show "my vps"/x',
        r"pass show my\ vps/x",
        "[pass, show, my vps/x]",
    ):
        written = body if body.startswith("[") else json.dumps(body)
        assert one_host(f"auth: {{command: {written}}}").auth.command == (
            "pass",
            "show",
            "my vps/x",
        )
    piped = one_host("auth: {command: [sh, -c, 'pass show $X | head -n 1', 1]}").auth
    assert piped.command == ("sh", "-c", "pass show $X | head -n 1", "1")
    quoted = one_host("auth: {command: \"sh -c 'pass show $X | head'\"}").auth
    assert quoted.command == ("sh", "-c", "pass show $X | head")


def test_where_a_copy_is_kept_goes_from_defaults_to_hosts() -> None:
    hosts = parse(
        "defaults: {auth: {keep: keyring}}\n"
        "hosts: {a: , b: {auth: {keep: none}}, c: {auth: {command: pass c}}}\n"
    )
    assert [hosts[name].auth.keep for name in "abc"] == ["keyring", "none", "keyring"]
    assert hosts["c"].auth == AuthSpec(keep="keyring", command=("pass", "c"))
    assert one_host("").auth == AuthSpec(keep="file")


def test_models_and_keys_are_read_and_count_as_a_whole() -> None:
    hosts = parse(
        """\
defaults: {keys: [A_KEY, B_KEY], models: {default: a/b, fallbacks: [c/d, "ollama/llama3:8b"]}}
hosts: {a: , b: {keys: [C_KEY], models: {default: e/f}}, c: {keys: []}}
"""
    )
    assert hosts["a"].models == ModelSpec("a/b", ("c/d", "ollama/llama3:8b"))
    assert hosts["a"].keys == (Entrusted("A_KEY"), Entrusted("B_KEY"))
    assert (hosts["b"].models, hosts["b"].keys) == (ModelSpec("e/f"), (Entrusted("C_KEY"),))
    assert hosts["c"].keys == ()


def test_a_tunnel_is_wished_by_its_key_alone() -> None:
    hosts = parse("hosts: {a: {tunnel: }, b: {tunnel: {port: 20000, key: rsa}}, c: }")
    assert hosts["a"].tunnel == TunnelSpec()
    assert hosts["b"].tunnel == TunnelSpec(20000, "rsa")
    assert hosts["c"].tunnel is None


def test_ways_in_are_one_word_or_a_list_and_have_short_names() -> None:
    hosts = parse(
        "defaults: {access: serve}\n"
        "hosts: {a: , b: {access: [tailscale-serve, ssh-tunnel]}, c: {access: []}}"
    )
    assert hosts["a"].access == ("tailscale-serve",)
    assert hosts["a"].on_tailnet
    assert hosts["a"].kept_tunnel is None
    assert hosts["b"].access == ("tailscale-serve", "ssh-tunnel")
    assert hosts["b"].kept_tunnel == TunnelSpec()
    assert hosts["c"].access == ()
    assert not hosts["c"].on_tailnet


def test_a_tailnet_is_told_who_comes_and_whence_tailscale_is() -> None:
    hosts = parse(
        "hosts:\n"
        "  a: {tailscale: {auth_key: MY_KEY, tags: ['tag:gw'], login_server: 'https://hs.example'}}\n"
        "  b: {tailscale: {auth_key_command: pass show ts, version: 1.102.3, key: good.asc}}\n"
        "  c: {tailscale: {auth_key_file: keys/ts}}\n"
        "  d:\n"
    )
    assert hosts["a"].tailscale.auth_key == AuthKey("MY_KEY")
    assert hosts["a"].tailscale.login_server == "https://hs.example"
    assert hosts["a"].tailscale.tags == ("tag:gw",)
    assert hosts["b"].tailscale.auth_key.command == ("pass", "show", "ts")
    assert (hosts["b"].tailscale.version, hosts["b"].tailscale.key) == ("1.102.3", ARMOR + "\n")
    assert hosts["c"].tailscale.auth_key.file == "dir/keys/ts"
    assert hosts["d"].tailscale == TailscaleSpec()


def test_a_channel_says_which_variables_hold_its_tokens() -> None:
    host = one_host("telegram: {token: MY_BOT, allow_from: [123, '@ann']}, discord: , slack: {}")
    assert host.telegram == ChannelSpec({"token": Entrusted("MY_BOT")}, "pairing", ("123", "@ann"))
    assert host.discord == ChannelSpec({"token": Entrusted("DISCORD_BOT_TOKEN")})
    names = {"token": Entrusted("SLACK_BOT_TOKEN"), "app_token": Entrusted("SLACK_APP_TOKEN")}
    assert host.slack == ChannelSpec(names)
    assert list(host.channels) == ["telegram", "discord", "slack"]


def test_config_keeps_plain_values() -> None:
    config = one_host(
        "config: {a: 1, b: -1.5, c: true, d: null, e: [x, 'off'], f: {'8080': 9007199254740991}}"
    ).config
    assert json.loads(json.dumps(config)) == config
    assert config == {
        "a": 1,
        "b": -1.5,
        "c": True,
        "d": None,
        "e": ["x", "off"],
        "f": {"8080": 9007199254740991},
    }
