"""The addresses that a server has of its own."""

from __future__ import annotations

from provision.model.shell import Sh, sh

_INSIDE = ("docker", "br-", "veth", "virbr", "cni", "lxcbr", "lxdbr", "podman")
"""Interfaces to containers and virtual machines; elsewhere their addresses are somebody else's."""


def own_addresses(*but: str) -> Sh:
    """By which others may reach it, a line each; not those of interfaces that begin with `but`."""
    return sh(
        'ip -o addr show scope global | awk -v no={} \'$2 !~ no { sub("/.*", "", $4); print $4 }\'',
        f"^({'|'.join((*_INSIDE, *but))})",
    )
