"""The forms of what an agent needs: models, keys, channels."""

from __future__ import annotations

import re

from provision.errors import UsageError
from provision.inventory.form import Form, choice, matching
from provision.products.channels import CHANNELS

_RESERVED = re.compile(
    "PATH|HOME|USER|LOGNAME|SHELL|PWD|TMPDIR|LANG|TERM|IFS|ENV|BASH_ENV|OPENSSL_CONF"
    "|(?:LD|LC|NODE|NPM|XDG|SYSTEMD|JITI|CLAWDBOT|MOLTBOT|OPENCLAW)_.*"
)
_CHANNELS = {name: key for key, channel in CHANNELS.items() for name in channel.tokens.values()}


def _variable(text: str) -> str:
    if not re.fullmatch(r"[A-Z][A-Z0-9_]{1,63}", text):
        raise UsageError(  # what stands there may be the secret itself
            "expected the name of an environment variable, such as ANTHROPIC_API_KEY",
            hint="write the name here, and before you run clawprov: export NAME=...",
        )
    return text


def _key(text: str) -> str:
    name = _variable(text)
    if channel := _CHANNELS.get(name):
        raise UsageError(f"{name} belongs to a channel", hint=f"write `{channel}:` in its place")
    if _RESERVED.fullmatch(name):
        raise UsageError(
            f"{name} means something to the service itself, and is no provider's key",
            hint="leave it out; the gateway's own secret has the key `auth:`",
        )
    return name


MODEL = matching(
    "a model as PROVIDER/MODEL, such as anthropic/claude-opus-4-5",
    r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}/[A-Za-z0-9@][A-Za-z0-9._:@/+-]{0,127}",
    hint="clawprov exec HOST -- models list --all   shows them",
)
KEY = Form("the name of an environment variable", r"[\s\S]*", _key)
VARIABLE = Form("the name of an environment variable", r"[\s\S]*", _variable)
DM_POLICY = choice("pairing", "allowlist", "open", "disabled")
SENDER = matching(
    "a sender as the channel names him (a number, @name), or *",
    r"\*|[@+]?[A-Za-z0-9][A-Za-z0-9._:@#-]{0,127}",
)
