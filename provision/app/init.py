"""`init`: a first inventory, made of a few answers."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from provision.errors import UsageError
from provision.inventory import parse_inventory, parse_target
from provision.inventory.address import NAME, USER
from provision.inventory.notes import read_notes
from provision.inventory.propose import plain, propose_keys
from provision.inventory.schema import build_schema
from provision.inventory.values import AUTH_MODE, PATH, PRODUCT, PROFILE, VERSION
from provision.model.spec import Host
from provision.products import find_product, refuse_broken
from provision.render import render

SCHEMA = "clawprov.schema.json"
BASICS = {"basics.updates": True, "basics.swap": "1G", "basics.time_sync": True}
GUARDED = {"basics.ssh_keys_only": True, "basics.firewall": True}
"""Proposed for servers; on the machine that somebody sits at, a firewall may be in their way."""

_USUAL = Host(name="", address="")
_HOST_HINT = "type [user@]address[:port], or an alias of your ssh config"

Answers = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that `init` wants to know.

    `read` makes inventory keys, by dotted names, of an answer; it raises UsageError, or
    UnsupportedError, for one that means nothing. Without `usual` there is no default.
    """

    option: str
    text: str
    read: Callable[[str], Answers]
    usual: str | None = None


def _read_host(text: str) -> Answers:
    try:
        host = parse_target(text, None)
    except UsageError as error:
        raise UsageError(error.what, hint=_HOST_HINT) from None
    given = {"address": host.address, "port": host.port, "user": host.user}
    return {key: value for key, value in given.items() if value}


def _read_product(text: str) -> Answers:
    name, at, version = text.partition("@")
    given = {"product": PRODUCT.parse(name)}
    if at:
        given["version"] = VERSION.parse(version)
        refuse_broken(name, version)
    return given


QUESTIONS = (
    Question("host", "which server: address, name, or alias of your ssh config", _read_host),
    Question(
        "user",
        "user to log in as (empty: what your ssh config says, else root)",
        lambda text: {"user": USER.parse(text)} if text else {},
        "",
    ),
    Question("product", "gateway: clawdbot or openclaw", _read_product, _USUAL.product),
    Question(
        "auth",
        "clients prove themselves with a token or a password",
        lambda text: {"auth.mode": AUTH_MODE.parse(text)},
        _USUAL.auth.kind,
    ),
    Question(
        "profile",
        "hardening: strict, balanced or off",
        lambda text: {"profile": PROFILE.parse(text)},
        _USUAL.profile,
    ),
)


@dataclass(frozen=True, slots=True)
class Made:
    """What `init` has written, and for which host."""

    name: str
    file: str
    schema: str

    @property
    def next(self) -> str:
        """The command to type next."""
        return f"clawprov up {self.name} -I {shlex.quote(self.file)}"


def show_schema() -> str:
    """The JSON Schema of inventories, as a file."""
    return json.dumps(build_schema(), indent=2, ensure_ascii=False) + "\n"


def check_free(file: str, *, force: bool) -> None:
    """Raise UsageError when `file` cannot be the name of a new inventory."""
    PATH.parse(file if file.isprintable() else "")
    path = Path(file)
    if path.exists() and not path.is_file():
        raise UsageError("is no file that can be replaced", where=file, hint="name another FILE")
    if os.path.lexists(path) and not force:
        raise UsageError("is there already", where=file, hint="name another FILE, or add --force")


def write_inventory(file: str, answers: Answers, *, force: bool) -> Made:
    """Write an inventory of one host, and its schema beside it; nothing is half-written.

    Raises UsageError when that is not possible, and when there is one that nobody wants replaced.
    """
    name = choose_name(str(answers["address"]))
    text = build_inventory(name, Path(file).name, answers)
    parse_inventory(text, file, lambda path: Path(path).expanduser().read_text())
    check_free(file, force=force)
    schema = Path(file).parent / SCHEMA
    _write(schema, show_schema())
    _write(Path(file), text)
    return Made(name, file, str(schema))


def build_inventory(name: str, file: str, answers: Answers) -> str:
    """The text of an inventory of one host, which has all that can be said in comments."""
    notes = read_notes()
    product = find_product(str(answers.get("product", _USUAL.product)))
    notes["version"] = replace(notes["version"], example=product.version)
    basics = {**BASICS, **({} if answers.get("address") == "localhost" else GUARDED)}
    variables = {
        "schema": SCHEMA,
        "name": plain(name),
        "file": shlex.quote(file),
        "keys": propose_keys({**basics, **answers}, notes),
    }
    return render("client/inventory.yml.j2", variables)


def choose_name(address: str) -> str:
    """What to call a host: as its address begins, or the address where that is but a number.

    What is remembered of a server goes by its name, so that no two should share one.
    """
    label = address.partition(".")[0]
    if re.fullmatch(NAME.pattern, label) and re.match("[A-Za-z]", label):
        return label
    whole = address.replace(":", "-")
    return whole if re.fullmatch(NAME.pattern, whole) else "gateway"


def _write(path: Path, text: str) -> None:
    path = Path(os.path.realpath(path))  # what a link points to is replaced, not the link
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            with part.open("x", encoding="utf-8") as file:
                file.write(text)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        hint = "name a FILE in a folder that is there and yours"
        raise UsageError(f"cannot write it: {reason}", where=str(path), hint=hint) from error
