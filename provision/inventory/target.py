"""The HOST word of the command line."""

from __future__ import annotations

import re
from difflib import get_close_matches

from provision.errors import UsageError
from provision.inventory.address import ADDRESS, PORT, USER
from provision.inventory.form import shown
from provision.model.spec import Host, Inventory

# No character in here means anything to a shell or starts an option of ssh.
_SAFE = re.compile(r"[A-Za-z0-9_:\[][A-Za-z0-9._@:\[\]-]{0,319}")
_WORD = re.compile(
    r"(?:(?P<user>[^@]*)@)?"
    r"(?:\[(?P<six>[^\]@]*:[^\]@]*)\]|(?P<bare>[^@\[\]]*:[^@\[\]]*:[^@\[\]]*)|(?P<name>[^@:\[\]]+))"
    r"(?::(?P<port>[^:]*))?"
)
_HINT = "type a name of the inventory, an alias of your ssh config, or [user@]address[:port]"


def parse_target(text: str, inventory: Inventory | None, file: str = "the inventory") -> Host:
    """The host that a word means: one of the inventory, else an ssh alias or an address.

    A host that is not in the inventory has the word itself as name, fit to be typed again and not
    to be a file's. Raises UsageError for a word that is no host, or that looks like a slip of the
    pen (`file` names the inventory then).
    """
    if inventory and text in inventory.hosts:
        return inventory.hosts[text]
    if not _SAFE.fullmatch(text):
        raise UsageError(f"{shown(text)} cannot be a host{_reason(text)}", hint=_HINT)
    if inventory and not set(text) & set(".@:"):
        _refuse_slip(text, inventory, file)
    try:
        return _parse_endpoint(text)
    except UsageError as error:
        raise UsageError(f"{shown(text)} is no host: {error.what}", hint=_HINT) from None


def _reason(text: str) -> str:
    if not text:
        return ": it is empty"
    if text.startswith("-"):
        return ": it starts with a dash"
    odd = re.search(r"[^A-Za-z0-9._@:\[\]-]", text)
    return f": it holds {odd[0]!a}" if odd else ""


def _refuse_slip(text: str, inventory: Inventory, file: str) -> None:
    near = get_close_matches(text, list(inventory.hosts), n=1, cutoff=0.7)
    if near:
        raise UsageError(
            f"no host {shown(text)} in {file}; did you mean {near[0]}?",
            hint=f"for a machine that is really called so, type USER@{text} or add it to {file}",
        )


def _parse_endpoint(text: str) -> Host:
    word = _WORD.fullmatch(text)
    if not word:
        raise UsageError("expected [user@]address[:port], with an IPv6 address in brackets")
    user, port = word["user"], word["port"]
    address = ADDRESS.parse(word["six"] or word["bare"] or word["name"])
    number = None if port is None else PORT.parse(port)
    return Host(
        name=text,
        address=address,
        port=number,
        user="" if user is None else USER.parse(user),
    )
