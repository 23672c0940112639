"""The forms of the values that an inventory may hold."""

from __future__ import annotations

import re
import shlex
from base64 import b64decode
from collections.abc import Callable
from urllib.parse import urlsplit

from provision.errors import UsageError
from provision.inventory.address import ADDRESS, PORT
from provision.inventory.form import Form, choice, matching
from provision.model.access import SHORT, WAYS
from provision.products.published import EXACT, LATEST

_KEY_TYPES = "ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp256|ecdsa-sha2-nistp384|ecdsa-sha2-nistp521"
_BEGIN, _END = (f"-----{word} PGP PUBLIC KEY BLOCK-----" for word in ("BEGIN", "END"))


def _boolean(text: str) -> bool:
    return text.lower() in ("true", "yes", "on")


def _profile(text: str) -> str:
    # YAML 1.1 takes off for false, and tools that rewrite YAML write it so.
    return "off" if text.lower() in ("off", "false", "no") else text


def _unprivileged(whose: str) -> Callable[[str], int]:
    def convert(text: str) -> int:
        if (port := PORT.convert(text)) < 1024:
            raise UsageError(
                f"{port} is below 1024, which {whose} has no right to open",
                hint="use 18789, which is the default, or another port from 1024 to 65535",
            )
        return port

    return convert


def _port_of(whose: str) -> Form[int]:
    return Form(
        PORT.expects.replace("1", "1024", 1),
        PORT.pattern,
        _unprivileged(whose),
        schema={**PORT.schema, "minimum": 1024},
    )


def _command(text: str) -> tuple[str, ...]:
    """The words as a shell splits them; what only a shell does with them is refused."""
    words = tuple(shlex.split(text))
    if not words or not words[0]:
        raise ValueError(text)
    bare = re.sub(r"'[^']*'|\\.", "", text)
    if odd := re.search(r"[$`]", bare) or re.search(r"[|&;<>]", re.sub(r'"[^"]*"', "", bare)):
        raise UsageError(
            f"no shell runs it, and without one {odd[0]} means nothing",
            hint="where one is needed: command: [sh, -c, 'pass show NAME | head -n 1']",
        )
    return words


def _allowed(text: str) -> str:
    number, _, kind = text.partition("/")
    return f"{PORT.convert(number)}/{kind}" if kind == "udp" else str(PORT.convert(number))


def _url(text: str) -> str:
    parts = urlsplit(text)
    if "@" in parts.netloc:
        raise UsageError(
            "a URL here holds no user and no password: it is shown and stored in plain text",
            hint="remove everything between // and @, and use a mirror that asks for neither",
        )
    if not parts.hostname or parts.port == 0:  # .port raises ValueError by itself, too
        raise ValueError(text)
    try:
        ADDRESS.parse(parts.hostname)
    except UsageError:
        raise ValueError(text) from None
    return text.rstrip("/")


def _host_key(text: str) -> str:
    if text.startswith("SHA256:"):
        return text.rstrip("=")
    kind, body = text.split()[:2]
    blob, head = b64decode(body, validate=True), len(kind).to_bytes(4, "big") + kind.encode()
    if not blob.startswith(head) or len(blob) < len(head) + 32:
        raise ValueError(text)
    return f"{kind} {body}"


def parse_public_key(text: str) -> str:
    """The armored OpenPGP public key that a file holds, ending with a newline.

    UsageError, which never repeats the text, when it holds something else.
    """
    if "PRIVATE KEY" in text:
        raise UsageError(
            "holds a private key, which has no business on the server",
            hint="export the public one: gpg --armor --export KEYID > FILE",
        )
    if _BEGIN not in text or _END not in text or "\0" in text:
        raise UsageError(
            "holds no armored OpenPGP public key (BEGIN PGP PUBLIC KEY BLOCK)",
            hint="make it so: gpg --enarmor < FILE, or gpg --armor --export KEYID > FILE",
        )
    return text.rstrip() + "\n"


PATH = Form(
    "the path of a file",
    r"(?![-\s])[^\x00-\x1f\x7f-\x9f\u2028\u2029\"]{1,4096}",
    str,
    text_only=True,
)
BOOLEAN = Form("true or false", "(?i:true|false|yes|no|on|off)", _boolean)
PRODUCT = choice("clawdbot", "openclaw")
AUTH_MODE = choice("token", "password")
KEEP = choice("file", "keyring", "none")
WORD = matching("a word of a command", r"[^\x00]{1,4096}")
COMMAND = Form(
    "a command such as pass show clawdbot/vps1",
    r"[^\x00-\x1f\x7f]{1,4096}",
    _command,
    text_only=True,
)
PROFILE = Form(
    "strict, balanced or off",
    "strict|balanced|(?i:off|false|no)",
    _profile,
    schema={"enum": ["strict", "balanced", "off", False]},
)
EXISTING = choice("take-over", "leave")
NODE_SOURCE = choice("apt", "tarball")
TUNNEL_KEY = choice("ed25519", "rsa")
WAY = Form(
    f"{', '.join(WAYS[:-1])} or {WAYS[-1]}",
    "|".join((*WAYS, *SHORT)),
    lambda text: SHORT.get(text, text),
    schema={"enum": [*WAYS, *SHORT]},
)
TAG = matching("a tag such as tag:gateway", "tag:[A-Za-z][A-Za-z0-9-]{0,49}")
HOSTNAME = matching(
    "a name of letters, digits and dashes", "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
TAILSCALE_VERSION = matching(
    "an exact version such as 1.102.3", r"[0-9]{1,3}\.[0-9]{1,4}\.[0-9]{1,4}"
)
VERSION = matching(
    "an exact version such as 2026.1.24-3, or latest",
    f"{EXACT}|{LATEST}",
    hint="leave it out for the newest one that clawprov knows",
)
NODE_VERSION = matching("an exact version such as 22.22.0", r"[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}")
GATEWAY_PORT, LOCAL_PORT = _port_of("the service user"), _port_of("your user")
SIZE = matching("a size such as 200M or 1G", "[1-9][0-9]{0,8}[KMGTPE]")
DURATION = Form(
    "a span of time such as 30m, 2h or 1d",
    "(?:[1-9][0-9]{0,5}[smhd])+",
    lambda text: sum(
        int(number) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit]
        for number, unit in re.findall(r"([0-9]+)([smhd])", text)
    ),
)
SWAP = matching("a size such as 512M or 2G", "[1-9][0-9]{0,5}[MG]")
ALLOWED = Form(
    "a port such as 443 or 51820/udp",
    f"{PORT.pattern}(?:/(?:tcp|udp))?",
    _allowed,
    schema=PORT.schema,
)
SHA256 = Form("64 hexadecimal digits", "[0-9A-Fa-f]{64}", str.lower)
URL = Form("an http or https URL", r"https?://[A-Za-z0-9._~:/@%+,=\[\]-]+", _url)
HOST_KEY = Form(
    'a host key, as "TYPE BASE64" or SHA256:...',
    rf"SHA256:[A-Za-z0-9+/]{{43}}=?|(?:{_KEY_TYPES}) +[A-Za-z0-9+/]+={{0,2}}(?: [^\x00-\x1f]*)?",
    _host_key,
    hint="on the server: cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub",
)
