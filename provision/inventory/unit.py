"""Lines that a person adds to the gateway's unit."""

from __future__ import annotations

import re

from provision.errors import UsageError
from provision.inventory.form import Form
from provision.model.secret import sounds_secret

_TEXT = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]"
_LINE = rf"([A-Z][A-Za-z0-9]{{1,63}}) *= *({_TEXT}{{0,2000}}?) *"
_VARIABLE = re.compile(r"(?:^|\s)[\"']?([A-Za-z_][A-Za-z0-9_]*)=")
_TELLS_ALL = "a unit can be read by every user of the server"
_OWN = {
    **dict.fromkeys(("ExecStart", "Type"), "it starts the release that clawprov has installed"),
    "ExecStartPre": "it notes what the gateway was started with, for the next `up`",
    **dict.fromkeys(
        ("User", "Group", "DynamicUser", "StateDirectory", "StateDirectoryMode"),
        "the gateway's files belong to a user of its own",
    ),
    **dict.fromkeys(
        ("WorkingDirectory", "RootDirectory", "RootImage"), "the gateway's files are found there"
    ),
    **dict.fromkeys(
        ("Restart", "StartLimitIntervalSec", "StartLimitBurst"),
        "the gateway is to come back always",
    ),
    "Slice": "the checks look for the gateway in system.slice",
}
_OWN_VARIABLES = ("HOME", "TMPDIR")
_ADDED_TO = ("Environment", "EnvironmentFile", "LoadCredential")


def _line(text: str) -> str:
    found = re.fullmatch(_LINE, text)
    if not found or text.rstrip().endswith("\\"):
        raise UsageError(  # what stands there may be a secret
            "expected one line of a unit, such as MemoryMax=900M",
            hint="write NAME=VALUE as in systemd.exec(5) and systemd.resource-control(5)",
        )
    name, value = found[1], found[2]
    if reason := _OWN.get(name):
        raise UsageError(f"{name}= is not for others: {reason}", hint="leave it out")
    if not value and name in _ADDED_TO:
        raise UsageError(f"an empty {name}= takes away what clawprov has set", hint="leave it out")
    if name.startswith("SetCredential"):
        raise UsageError(f"{name}= would show a secret: {_TELLS_ALL}", hint="use LoadCredential=")
    if name == "Environment":
        _check_variables(_VARIABLE.findall(value))
    return f"{name}={value}"


def _check_variables(names: list[str]) -> None:
    for name in names:
        if name in _OWN_VARIABLES:
            raise UsageError(f"{name} is the gateway's own home or below it", hint="leave it out")
        if sounds_secret(name):
            raise UsageError(
                f"{name} sounds like a secret, and {_TELLS_ALL}",
                hint=f"write `keys: [{name}]`, and before you run clawprov: export {name}=...",
            )


UNIT_LINE = Form(
    "a line of a unit, such as MemoryMax=900M",
    r"[\s\S]*",
    _line,
    text_only=True,
    schema={"pattern": r"^[A-Z][A-Za-z0-9]{1,63} *=(.*[^\\])?$"},
)
