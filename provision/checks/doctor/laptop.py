"""Rules about the laptop that somebody types at: its way to the server, and its gateway CLI."""

from __future__ import annotations

import re
from collections.abc import Mapping

from provision.checks.doctor.answers import LET_IN, find_answers
from provision.checks.doctor.patient import NOTHING, Patient
from provision.checks.tunnel import running
from provision.model.facts import Facts, Reading
from provision.model.finding import Finding, Rule
from provision.model.secret import hide
from provision.model.shell import sh
from provision.model.tunnel import Tunnel

CONNECTION = "doctor:connection"
"""The reading of why the server could not be reached: the problem, and what to do."""
CLIENT = "doctor:client"
"""The reading of what this laptop's own CLI of the product has."""
_OTHER_KEY = ("HOST KEY HAS CHANGED", "not the one that was given")
_FORKS = re.compile(r"\bssh\b[^|;&]*?\s-[A-Za-z]*f[A-Za-z]*(?=\s|$)")
_WHY: Mapping[str, tuple[str, str]] = {
    "HOST KEY HAS CHANGED": (
        "tunnel:host-key",
        "it was installed anew, or it is another machine, or somebody is in between",
    ),
    "not the one that was pinned": (
        "tunnel:host-key",
        "it was installed anew, or it is another machine, or somebody is in between",
    ),
    "key no more": ("tunnel:refused", "its account or its list of keys was changed there"),
    "held by somebody else": ("tunnel:port", "end that, or take another: --local-port N"),
}
"""What is seen of a tunnel that is down, which rule that is, and why it is so."""


def tunnel_down(patient: Patient, tunnel: Tunnel, log: str) -> Rule:
    """A tunnel of this laptop's that does not hold, by what ssh said last."""
    check = running(patient.host, tunnel, log)

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        seen = check.judge(reading, facts) if "said=" in reading.out else ""
        if not seen:
            return None
        words = next((words for words in _WHY if words in seen), "")
        rule, why = _WHY.get(words, ("tunnel:down", "it was stopped, or the server is away"))
        return Finding(
            rule, "critical", f"the tunnel to {patient.host} is down", f"{seen}: {why}", check.hint
        )

    return Rule("tunnel:down", check.script, judge)


def tunnel_twice(patient: Patient, port: int, alias: str) -> Rule:
    """More than one ssh that would forward the same port; the later ones forward nothing."""
    ours = re.compile(
        rf"\bssh\b.*(?:\s{re.escape(alias)}(?:\s|$)|-L ?(?:[\w.\[\]:]*:)?{port}:\S+:\d+)"
    )

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        rows = [line.strip().partition(" ") for line in reading.lines()]
        found = [(pid, line) for pid, _, line in rows if pid.isdecimal() and ours.search(line)]
        if len(found) < 2:
            return None
        pids = " ".join(pid for pid, _ in found[1:])
        return Finding(
            "tunnel:twice",
            "serious",
            f"{len(found)} tunnels on this laptop want port {port}",
            "only one of them can have it; the others run and forward nothing",
            f"kill {pids}",
            tuple(hide(f"{pid} {line}") for pid, line in found),
        )

    script = sh("ps -Ao pid=,args= 2>/dev/null | grep '[s]sh '")
    return Rule("tunnel:twice", script, judge)


def tunnel_forks(patient: Patient) -> Rule:
    """A service with `ssh -f`, which goes into the background and is started again for ever."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        path = ""
        for line in reading.lines():
            if line.startswith("file="):
                path = line[5:]
            elif path and _FORKS.search(line):
                kind = "KeepAlive" if path.endswith(".plist") else "Restart="
                return Finding(
                    "tunnel:forks",
                    "serious",
                    "a tunnel on this laptop does not hold, and is started over and over",
                    f"{path} runs `ssh -f`: it goes into the background, and {kind} starts another",
                    f"take the -f out of it, or remove it: clawprov tunnel up {patient.host}",
                    (hide(line.strip()),),
                )
        return None

    script = sh(
        'for file in "$HOME"/.config/systemd/user/*.service "$HOME"/Library/LaunchAgents/*.plist\n'
        'do [ -f "$file" ] || continue; echo "file=$file"; case $file in\n'
        "  *.plist) tr -d '\\n' <\"$file\" | sed -n 's/.*ProgramArguments<.key>[^<]*<array>//p' |\n"
        "    sed 's/<.array>.*//; s/<[^>]*>/ /g' ;;\n"
        "  *) sed -n 's/^ExecStart=//p' \"$file\" ;; esac; echo; done"
    )
    return Rule("tunnel:forks", script, judge)


def unreachable(patient: Patient) -> Rule:
    """A server that cannot be asked at all."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        told = facts.readings.get(CONNECTION)
        if told is None:
            return None
        problem, _, hint = told.out.partition("\n")
        if any(words in problem for words in _OTHER_KEY):
            cause = "it was installed anew, or it is another machine, or somebody is in between"
            return Finding("ssh:host-key", "critical", problem, cause, hint)
        cause = "nothing on the server was looked at, only this machine"
        what = f"{patient.host} cannot be asked: {problem}"
        return Finding("ssh:unreachable", "critical", what, cause, hint)

    return Rule("ssh:unreachable", NOTHING, judge)


def client_secret(patient: Patient) -> Rule:
    """A gateway CLI of this laptop's with a wrong secret, which its device token may hide."""

    def judge(reading: Reading, facts: Facts) -> Finding | None:
        answers = find_answers(facts)
        if answers.get("client", ("",))[0] != "wrong secret":
            return None
        if answers.get("server", (LET_IN,))[0] == "wrong secret":
            return None
        hidden = "device=yes" in facts.readings.get(CLIENT, Reading(0, "")).out
        why = "a device token that it was given earlier hides it: its `health` says OK all the same"
        return Finding(
            "client:hidden-secret" if hidden else "client:secret",
            "serious",
            f"the {patient.product.name} CLI on this laptop has a wrong secret",
            why if hidden else "the gateway has another one since",
            f"clawprov tunnel up {patient.host} --client-config",
        )

    return Rule("client:secret", NOTHING, judge)
