"""Many pieces of shell in one script, and many outputs back out of one text.

Every section runs in a subshell of its own with nothing on standard input, and is framed by
lines that start with a nonce, so that no output can be taken for a frame. The whole script is
one function that is called on its last line: a script cut short on its way runs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from provision.engine.ground import SERVER, Ground
from provision.engine.prelude import FRAMES
from provision.model.facts import Probe, Reading
from provision.model.plan import Change
from provision.model.secret import Secret
from provision.model.shell import Sh, joined, sh

DONE = "done"


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame line: `begin ID`, `end EXIT`, or a single word."""

    word: str
    value: str = ""


def pack_probes(probes: Iterable[Probe], nonce: str, ground: Ground = SERVER) -> Sh:
    """One script that answers all probes, each as a framed section; a failing one ends nothing."""
    sections = [sh("begin {}\n(\n{}\n) </dev/null\nend $?", p.id, p.script) for p in probes]
    return whole(equipped(joined([*sections, sh("frame done")]), ground), nonce, ground)


def pack_changes(changes: Iterable[Change]) -> Sh:
    """The body of a script that makes the changes in order and stops at the first failure."""
    return joined(
        sh(
            "begin {}\n(\nset -e\n{}\n) </dev/null\nended=$?; end $ended; "
            "[ $ended = 0 ] || return $ended",
            change.resource,
            joined(change.commands),
        )
        for change in changes
    )


def whole(body: Sh, nonce: str, ground: Ground = SERVER) -> Sh:
    """A complete script: `body` as a function that is called at the very end, and its nonce."""
    head = Sh(ground.environment.text + FRAMES.text, ground.environment.shown + FRAMES.shown)
    return sh("NONCE={}\n{}\nmain() {\n{}\n}\nmain\n", Secret(nonce), head, body)


def equipped(body: Sh, ground: Ground = SERVER) -> Sh:
    """`body` with the functions that probes and changes are written with."""
    return joined([ground.tools, body])


def parse_frame(line: str, nonce: str) -> Frame | None:
    """The frame that a line of output is, or None for ordinary output."""
    mark, _, rest = line.partition(" ")
    if mark != nonce:
        return None
    word, _, value = rest.partition(" ")
    return Frame(word, value)


def unpack(out: str, nonce: str) -> dict[str, Reading]:
    """The readings in the output of `pack_probes`, by probe id; unfinished sections are left out.

    A frame always starts on a line of its own: the newline before it is the script's, not part of
    the section's output.
    """
    readings: dict[str, Reading] = {}
    open_id, lines = "", list[str]()
    for line in out.split("\n"):
        frame = parse_frame(line, nonce)
        if frame is None:
            lines.append(line)
        elif frame.word == "begin":
            open_id, lines = frame.value, []
        elif frame.word == "end" and open_id:
            readings[open_id] = Reading(int(frame.value), "\n".join(lines))
            open_id = ""
    return readings


def finished(out: str, nonce: str) -> bool:
    """Whether the script came to its end."""
    return any(parse_frame(line, nonce) == Frame(DONE) for line in out.split("\n")[-3:])
