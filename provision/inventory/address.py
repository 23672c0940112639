"""The rules for whatever ends up on an ssh command line: names, users, addresses, ports."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address

from provision.inventory.form import Form, matching

_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")


def _port(text: str) -> int:
    if (port := int(text)) > 65535:
        raise ValueError(text)
    return port


def _address(text: str) -> str:
    if ":" in text:
        return str(IPv6Address(text))
    labels = text.removesuffix(".").split(".")
    if all(_NUMBER.fullmatch(label) for label in labels):
        return str(IPv4Address(text))  # resolvers take 127.1 and 0x7f000001 too; people should not
    if any(not 0 < len(label) < 64 or label.startswith("-") for label in labels):
        raise ValueError(text)
    return text


NAME = matching(
    "a host name of letters, digits, dots, dashes and underscores, at most 64",
    r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
)
USER = matching(
    "a user name such as root or debian",
    r"(?=.{1,32}\Z)[A-Za-z_][A-Za-z0-9._-]*[$]?",
)
PORT = Form(
    "a port from 1 to 65535",
    r"[1-9][0-9]{0,4}",
    _port,
    schema={"minimum": 1, "maximum": 65535},
)
ADDRESS = Form(
    "an IP address, a host name or an ssh alias",
    r"[A-Za-z0-9:_][A-Za-z0-9.:_-]{0,252}",
    _address,
    hint="the address alone, without brackets; user and port have keys of their own",
)
