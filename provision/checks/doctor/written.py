"""Rules about what stands in a gateway's unit."""

from __future__ import annotations

import re

from provision.checks.doctor.patient import Patient, about_units
from provision.checks.doctor.units import Unit
from provision.model.facts import Facts
from provision.model.finding import Finding, Rule
from provision.model.secret import hide, sounds_secret
from provision.model.shell import joined, sh

_POKE = re.compile(r"\bgateway (start|restart|install)\b")
_GIVEN = re.compile(r"--(?:token|password)[= ]\S")
_VARIABLE = re.compile(r"(?:^|\s)[\"']?([A-Za-z_][A-Za-z0-9_]*)=(?=\S)")
_FLEETING = ("/tmp/", "/var/tmp/")
"""What PrivateTmp= makes anew at every start."""


def poking(patient: Patient) -> Rule:
    """A unit whose command only pokes another service, as the tutorial's does."""

    def judge(unit: Unit, facts: Facts) -> Finding | None:
        found = _POKE.search(unit.command)
        if not found:
            return None
        fix = None
        if not unit.owner:
            run = "gateway run" if "openclaw" in unit.command else "gateway"
            edit = sh(
                "keep_original {}\nsed -i -E {} {}\nsystemctl daemon-reload",
                unit.path,
                f"/^ExecStart=/s/\\bgateway (start|restart|install)\\b/{run}/",
                unit.path,
            )
            fix = joined([edit, unit.restart])
        return Finding(
            "service:gateway-start",
            "critical",
            f"{unit.title} never runs a gateway",
            f"its command is `{found[0]}`, which only pokes the product's own user service",
            f"write `gateway` in {unit.path} instead, or: clawprov up {patient.host}",
            (f"ExecStart={hide(unit.command)}",),
            fix,
        )

    return about_units("service:gateway-start", judge)


def secret_inside(patient: Patient) -> Rule:
    """A unit that shows a secret to every user of the server."""

    def judge(unit: Unit, facts: Facts) -> Finding | None:
        path, told = unit.path, []
        for line in unit.text:
            path = line[2:] if line.startswith("# /") else path
            names = _VARIABLE.findall(line.removeprefix("Environment="))
            if line.startswith("Environment=") and any(map(sounds_secret, names)):
                told += [f"{path}: {n}=***" for n in names if sounds_secret(n)]
            elif line.startswith("ExecStart=") and _GIVEN.search(line):
                told.append(f"{path}: a secret in the command")
        if not told:
            return None
        return Finding(
            "service:secret",
            "serious",
            f"{unit.title} holds a secret that every user of the server can read",
            "units are public, whatever their mode: systemctl show tells what is in them",
            f"take the line out (systemctl edit --full {unit.name}), "
            f"then a new secret: clawprov secret set {patient.host}",
            tuple(told),
        )

    return about_units("service:secret", judge)


def not_restarted(patient: Patient) -> Rule:
    """A unit that leaves its gateway dead when it ends; OpenClaw ends with 0 to be restarted."""

    def judge(unit: Unit, facts: Facts) -> Finding | None:
        policy, openclaw = unit.seen.get("Restart", ""), "openclaw" in unit.command
        if policy not in ("no", "on-failure", "on-abnormal", "on-abort", "on-success"):
            return None
        if policy == "on-failure" and not openclaw:
            return None
        why = "OpenClaw ends with 0 when it wants to be started again" if openclaw else ""
        return Finding(
            "service:not-restarted",
            "serious",
            f"{unit.title} is not started again when it ends",
            f"Restart={policy} in its unit" + (f", and {why}" if why else ""),
            f"{unit.manage} edit {unit.name}   (on the server): [Service] Restart=always",
        )

    return about_units("service:not-restarted", judge)


def logged_out(patient: Patient) -> Rule:
    """A user's gateway that ends when its user logs out."""

    def judge(unit: Unit, facts: Facts) -> Finding | None:
        if not unit.owner or "linger" in unit.seen:
            return None
        return Finding(
            "service:linger",
            "serious",
            f"{unit.title} ends when {unit.owner} logs out, and does not start at boot",
            f"{unit.owner} does not linger",
            f"loginctl enable-linger {unit.owner}   (on the server)",
            fix=sh("loginctl enable-linger {}", unit.owner),
        )

    return about_units("service:linger", judge)


def cold(patient: Patient) -> Rule:
    """A gateway that compiles itself anew at every start, for 45 s and with 1.2 GB."""

    def judge(unit: Unit, facts: Facts) -> Finding | None:
        if unit.owner or unit.seen.get("PrivateTmp") != "yes" or not unit.runs(patient.product):
            return None
        pairs = (word.strip("\"'").partition("=") for word in unit.seen["Environment"].split())
        told = {name: value for name, _, value in pairs}
        folders = {"TMPDIR": told.get("TMPDIR", "/tmp")}
        if "NODE_COMPILE_CACHE" in told:
            folders["NODE_COMPILE_CACHE"] = told["NODE_COMPILE_CACHE"]
        lost = [f"{n}={v}" for n, v in folders.items() if f"{v}/".startswith(_FLEETING)]
        if not lost:
            return None
        return Finding(
            "service:cold-cache",
            "serious",
            f"every start of {unit.title} is as slow as the first (45 s, 1.2 GB)",
            f"its compile cache goes when it stops: {', '.join(lost)} with PrivateTmp=yes",
            f"{unit.manage} edit {unit.name}   (on the server): TMPDIR in its user's home",
        )

    return about_units("service:cold-cache", judge)
