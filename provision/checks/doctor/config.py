"""Rules about the gateway's files as they lie there."""

from __future__ import annotations

from pathlib import PurePosixPath

from provision.checks.doctor.patient import Patient, about_units
from provision.checks.doctor.units import Unit
from provision.model.facts import Facts
from provision.model.finding import Finding, Rule
from provision.model.shell import Sh, joined, sh


def unreadable(patient: Patient) -> Rule:
    """A configuration that the service's user may not read: root has written it, with sudo."""

    def judge(unit: Unit, facts: Facts) -> Finding | None:
        path, user = unit.seen.get("config_path", ""), unit.seen.get("user", "")
        if not path or "readable" in unit.seen:
            return None
        owner = unit.seen.get("config_owner", "").partition(" ")[0]
        return Finding(
            "config:unreadable",
            "critical",
            f"{unit.title} cannot read its configuration",
            f"{path} belongs to {owner}, and it runs as {user}: a command with sudo has written it",
            f"chown {user}: {path}; {unit.manage} restart {unit.name}   (on the server)",
            fix=None if unit.owner else joined([build_gift(path, user), unit.restart]),
        )

    return about_units("config:unreadable", judge)


def is_unread(unit: Unit, facts: Facts) -> bool:
    """A gateway that may not have accepted its configuration: it is down, or that is newer."""
    return unit.down or "config_changed" in unit.seen


def build_gift(path: str, user: str) -> Sh:
    """The file made the user's, who may have put links on the way to somebody else's."""
    folder, name = str(PurePosixPath(path).parent), f"./{PurePosixPath(path).name}"
    return sh(
        'cd {} && [ "$(pwd -P)" = {} ] && [ -f {} ] && [ ! -L {} ] || {\n'
        "  echo {}; exit 1; }\nchown -h {}: {}",
        folder,
        folder,
        name,
        name,
        f"{path} is reached through a link: see whose it is",
        user,
        name,
    )
