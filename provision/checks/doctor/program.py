"""Rules about the program that a unit names: Node.js, the package, and what shadows it."""

from __future__ import annotations

from provision.checks.doctor.patient import Patient, about_units, find_main
from provision.checks.doctor.units import Unit
from provision.model.facts import Facts, Reading
from provision.model.finding import Finding, Rule
from provision.model.secret import hide
from provision.model.shell import sh
from provision.products import find_broken
from provision.products.engines import satisfies

_PROGRAM = ("/node", "/nodejs", ".js", ".mjs")


def gone(patient: Patient) -> Rule:
    """A unit whose command names a file that is no more: nvm's after an upgrade, say."""

    def judge(unit: Unit, facts: Facts) -> Finding | None:
        first = next(iter(unit.words), "")
        lost = [word for word, there in unit.words.items() if not there]
        lost = [word for word in lost if word == first or word.endswith(_PROGRAM)]
        if not lost:
            return None
        running = unit.active and not unit.unsteady
        if running:
            problem = f"{unit.title} runs now, and will not start again"
        else:
            problem = f"{unit.title} cannot start"
        hint = f"clawprov up {patient.host}"
        if not unit.ours:
            hint = f"{unit.manage} edit --full {unit.name}   (on the server), or {hint}"
        return Finding(
            "program:gone",
            "serious" if running else "critical",
            problem,
            f"its command names {lost[0]}, which is not there (moved by an upgrade?)",
            hint,
            (f"ExecStart={hide(unit.command)}",),
        )

    return about_units("program:gone", judge)


def wrong_node(patient: Patient) -> Rule:
    """A Node.js that the installed version of the gateway does not run on."""

    def judge(unit: Unit, facts: Facts) -> Finding | None:
        have, range_ = unit.seen.get("version", "").lstrip("v"), unit.seen.get("engines", "")
        if not have[:1].isdecimal() or not range_ or satisfies(have, range_):
            return None
        return Finding(
            "program:node",
            "critical",
            f"{unit.title} has the wrong Node.js",
            f"{unit.seen.get('node')} is {have}; its gateway needs {range_}",
            f"clawprov up {patient.host}" if unit.ours else "install a Node.js of that range",
        )

    return about_units("program:node", judge)


def known_bad(patient: Patient) -> Rule:
    """A release that is known not to work."""
    broken = find_broken(patient.product.name)

    def judge(unit: Unit, facts: Facts) -> Finding | None:
        version, name = unit.seen.get("release", ""), patient.product.name
        if version not in broken or f"/{name}/package.json" not in unit.seen.get("package", ""):
            return None
        return Finding(
            "program:known-bad",
            "critical",
            f"{name} {version} does not work",
            broken[version],
            f"clawprov up {patient.host} installs {patient.product.version}",
            (unit.seen["package"],),
        )

    return about_units("program:known-bad", judge)


def shadowed(patient: Patient) -> Rule:
    """Another command line of the product's than that of the gateway that runs."""
    name = patient.product.name

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        unit, first = find_main(patient, facts), reading.out.strip().splitlines()[:1]
        if unit is None or not unit.ours or not first or not first[0].startswith("/"):
            return None
        path, _, kind = first[0].partition(" ")
        if kind != "other":
            return None
        return Finding(
            "program:shadowed",
            "serious",
            f"`{name}` on the server is not the command line of the gateway that runs there",
            f"{path}, of an `npm install -g`, comes before the wrapper of clawprov",
            f"npm uninstall -g {name}   (on the server), then clawprov up {patient.host}",
        )

    script = sh(
        "for place in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin; do\n"
        '  file=$place/{}; [ -e "$file" ] || continue\n'
        '  if grep -qs \'^# Made by clawprov\' "$file"; then echo "$file ours"\n'
        '  else echo "$file other"; fi\n'
        "done",
        name,
    )
    return Rule("program:shadowed", script, judge)
