"""The dead-man's switch: the server takes a change back by itself when nobody comes in any more.

It is armed before the first change that has an `undo`, as a timer of the server's own that
outlives the connection and a power cut, and disarmed over a fresh connection. The file `armed` can
be moved away by one alone: whoever disarms, or the undo, which then runs until it is through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from provision.engine.frames import whole
from provision.model.facts import Facts, Probe
from provision.model.plan import Change
from provision.model.shell import Sh, heredoc, joined, sh

PATIENCE_S = 180
UNIT = "clawprov-undo"
FOLDER = "/var/lib/clawprov/undo"
DISARMED = "disarmed"
ARMED = "undo:timer"
"""The id of the step that arms it."""
_ARMED, _UNDOING, _SCRIPT = (f"{FOLDER}/{name}" for name in ("armed", "undoing", "undo.sh"))
_UNITS = "/etc/systemd/system"
_SERVICE, _TIMER = (f"{_UNITS}/{UNIT}.{kind}" for kind in ("service", "timer"))

PROBE = Probe("job:undo", sh("[ ! -e {} ] && [ ! -e {} ] || echo armed=yes", _ARMED, _UNDOING))

_CLEAR = sh(
    "systemctl disable --quiet {} 2>/dev/null || :\nrm -rf {} {} {}\nsystemctl daemon-reload",
    *(f"{UNIT}.timer", _SERVICE, _TIMER, FOLDER),
)

_IN_TIME = sh("[ -e {} ] || { echo the three minutes are over; exit 1; }", _ARMED)


def is_armed(facts: Facts) -> bool:
    """Whether the last gather found a change that nobody has come in after."""
    asked = facts.readings.get(PROBE.id)
    return asked is not None and asked.pairs().get("armed") == "yes"


def guarded(changes: Iterable[Change], patience_s: int) -> Iterator[Change]:
    """The changes, and before the first one that has an `undo` the switch for all of these."""
    changes = tuple(changes)
    undos = [change.undo for change in reversed(changes) if change.undo]
    for change in changes:
        if change.undo and undos:
            why = f"takes it back in {patience_s} s, unless we come in anew"
            yield Change(ARMED, "arm", _arm(undos, patience_s), why)
            undos = []
        yield replace(change, commands=(_IN_TIME, *change.commands)) if change.undo else change


def _arm(undos: Iterable[Sh], patience_s: int) -> tuple[Sh, ...]:
    """Armed for good, on disk, before anything is changed; a boot starts the time anew."""
    service = (
        "[Unit]\nDescription=clawprov takes back what locked everybody out\n\n"
        f"[Service]\nType=oneshot\nExecStart=/bin/sh {_SCRIPT}\n"
        "Restart=on-failure\nRestartSec=5\n"
    )
    timer = (
        "[Unit]\nDescription=clawprov waits for somebody to come in\n\n"
        f"[Timer]\nOnActiveSec={patience_s}\nAccuracySec=1\n\n[Install]\nWantedBy=timers.target\n"
    )
    script = _undo_script(undos)
    return (
        sh("(umask 077; rm -rf {}; mkdir -p {})", FOLDER, FOLDER),
        Sh(*(heredoc(sh("cat >{}", _SCRIPT), text).text for text in (script.text, script.shown))),
        heredoc(sh("cat >{}", _SERVICE), service),
        heredoc(sh("cat >{}", _TIMER), timer),
        sh("systemctl daemon-reload\nsystemctl enable --quiet {}", f"{UNIT}.timer"),
        sh(": >{}\nsystemctl restart {}", _ARMED, f"{UNIT}.timer"),
        sh("sync {} {}/* {} {} {} {}/*.wants", FOLDER, FOLDER, _SERVICE, _TIMER, _UNITS, _UNITS),
    )


def _undo_script(undos: Iterable[Sh]) -> Sh:
    """It goes on where a power cut ended it, and does nothing when somebody has disarmed it."""
    told = '{"at":"%s","who":"the server","verb":"undo"}\\n'
    body = [
        sh("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH"),
        sh("mv {} {} 2>/dev/null", _ARMED, _UNDOING),
        sh("if [ -e {} ]; then", _UNDOING),
        *(sh("(\n{}\n)", undo) for undo in undos),
        sh('printf {} "$(date -u +%FT%TZ)" >>/var/lib/clawprov/audit.jsonl\nfi', told),
        sh("systemctl stop {}", f"{UNIT}.timer"),
        _CLEAR,
    ]
    return joined([*body, sh("")])


def disarm_script(nonce: str) -> Sh:
    """A script that says `disarmed`, or waits for an undo that was faster to be through."""
    return whole(
        sh(
            "if rm {} 2>/dev/null; then\nsync {}; frame {}; systemctl stop {}\n{}\n"
            "else systemctl start {} 2>/dev/null; fi",
            *(_ARMED, FOLDER, DISARMED, f"{UNIT}.timer", _CLEAR, f"{UNIT}.service"),
        ),
        nonce,
    )


def undo_script(nonce: str) -> Sh:
    """A script that has the change taken back now, and waits until it is."""
    return whole(sh("systemctl start {}", f"{UNIT}.service"), nonce)
