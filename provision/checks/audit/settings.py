"""What a gateway is told, and whom it lets in."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

from provision.checks.audit.places import asked
from provision.model.facts import Facts, Reading
from provision.model.finding import Finding, Rule
from provision.model.secret import hide
from provision.model.shell import sh
from provision.products.configuration import parse_configuration

SETTINGS = "audit:settings"
AUTHENTICATION = "audit:authentication"
FUNNEL_MODE = "gateway.tailscale.mode is funnel"


def settings() -> Rule:
    """A setting opens the gateway further than it looks."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        found = [
            f"{path}: {line}"
            for path, config in _configs(reading)
            for line in _wrong(config, legacy="clawdbot" in path)
        ]
        if not found:
            return None
        return Finding(
            SETTINGS,
            "serious",
            "a setting of its gateway lets in more than it should",
            "each of these takes away one thing that keeps strangers out",
            "remove them; clawprov adopt HOST does not take them over",
            tuple(found),
        )

    script = asked(r"""
one() { printf '%s\t%s\n' "$state/$product.json" \
  "$(as "$user:$gid" head -c 262144 "$state/$product.json" | base64 -w0)"; }
states one; :""")
    return Rule(SETTINGS, script, judge)


def read_auth(reading: Reading, path: str) -> str:
    """The kind of secret that the configuration at `path` asks for, a token by default."""
    auth = next((_at(c, "gateway", "auth") for at, c in _configs(reading) if at == path), None)
    mode = _at(auth, "mode") or ("password" if _at(auth, "password") else "token")
    return mode if mode in ("token", "password") else ""


def opens_itself(facts: Facts) -> list[str]:
    """The configurations whose gateway opens itself to the whole internet at each start."""
    return [
        path
        for path, config in _configs(facts[SETTINGS])
        if _at(config, "gateway", "tailscale", "mode") == "funnel"
    ]


def authentication() -> Rule:
    """A client without a secret was let in: critical, whatever the configuration says.

    It is the auditor who has tried that, and says `let-in=yes`.
    """

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        if reading.pairs().get("let-in") != "yes":
            return None
        return Finding(
            AUTHENTICATION,
            "critical",
            "its gateway lets in who has no secret",
            "every program of the server, and whoever else reaches the port, commands the agent",
            "set gateway.auth.mode and a secret of 32 random characters, or: clawprov adopt HOST",
            ("a client without a secret said `connect` and got `hello-ok`",),
        )

    return Rule(AUTHENTICATION, sh(":"), judge)


def config_secret() -> Rule:
    """The gateway's secret stands in its configuration file."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        found = [
            f"{path}: gateway.auth.{kind}"
            for path, config in _configs(facts[SETTINGS])
            for kind in ("token", "password")
            if _literal(_at(config, "gateway", "auth", kind))
        ]
        if not found:
            return None
        return Finding(
            "audit:config-secret",
            "minor",
            "the gateway's secret stands in its configuration",
            "it goes along with every copy of that file that is shown, sent or backed up",
            "keep it in an environment file of mode 0600: clawprov adopt HOST",
            tuple(found),
        )

    return Rule("audit:config-secret", sh(":"), judge)


def _wrong(config: Mapping[str, Any], *, legacy: bool) -> Iterator[str]:
    """What in a configuration opens a gateway; `legacy` is one that believes Tailscale unasked."""
    bind = _at(config, "gateway", "bind")
    if bind not in (None, "loopback", "tailnet"):
        yield f"gateway.bind is {hide(str(bind))}"
    if _at(config, "gateway", "auth", "mode") == "none":
        yield "gateway.auth.mode is none"
    served = _at(config, "gateway", "tailscale", "mode") == "serve"
    believed = _at(config, "gateway", "auth", "allowTailscale")
    by_token = _at(config, "gateway", "auth", "mode") != "password"
    if served and by_token and (legacy if believed is None else believed):
        yield "gateway.auth.allowTailscale believes headers that any program can forge"
    for key in ("allowInsecureAuth", "dangerouslyDisableDeviceAuth"):
        if _at(config, "gateway", "controlUi", key) is True:
            yield f"gateway.controlUi.{key} is true"
    proxies = _at(config, "gateway", "trustedProxies")
    if isinstance(proxies, list) and {"0.0.0.0/0", "::/0"} & set(map(str, proxies)):
        yield "gateway.trustedProxies are all"


def _configs(reading: Reading) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for line in reading.lines():
        path, _, text = line.partition("\t")
        try:
            config = parse_configuration(b64decode(text).decode(errors="replace"))
        except ValueError:
            continue
        if isinstance(config, dict):
            yield path, config


def _at(config: object, *path: str) -> Any:
    """What is at a place in a configuration, None where there is nothing."""
    for key in path:
        config = config.get(key) if isinstance(config, dict) else None
    return config


def _literal(value: object) -> bool:
    """Whether a value is a secret itself, and not a word on where it is."""
    return isinstance(value, str) and bool(value) and not value.startswith("${")
