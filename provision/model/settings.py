"""Settings put into somebody's JSON5 text, and taken back: all else stays byte for byte."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from provision.model.json5 import SPACE, Json5, Json5Error, Member, Value

Settings: TypeAlias = Mapping[str, "str | Settings"]
"""Texts by key, in objects in objects."""
Edit: TypeAlias = tuple[int, int, str]
"""What comes in the place of a span."""

_REST = re.compile(r"[ \t]*(?://[^\n\r]*|/\*[^\n\r]*?\*/[ \t]*)?(?=\r?\n)")


def change(text: str, edits: Iterable[Edit]) -> str:
    """The text with other texts in the place of some spans, which do not overlap."""
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def set_in(document: Json5, settings: Settings) -> str:
    """The text with `settings` in it; raises Json5Error where an object would be lost."""
    return change(document.text, _set(document, document.root, settings))


def _set(document: Json5, value: Value, settings: Settings) -> list[Edit]:
    edits, missing = [], dict[str, "str | Settings"]()
    for key, wished in settings.items():
        member = value.find(key)
        if member is None:
            missing[key] = wished
        elif isinstance(wished, str):
            if document.text_at(member.value) != wished:
                edits.append((member.value.start, member.value.end, quote(wished)))
        elif member.value.members is None:
            raise Json5Error(f"{key} is no object", document.text, member.value.start)
        else:
            edits += _set(document, member.value, wished)
    return [*edits, *_insert(document.text, value, missing)] if missing else edits


def take_back(document: Json5, original: Json5, settings: Settings) -> str:
    """The text with what `settings` put into it as in `original`; all that came since stays."""
    return change(
        document.text, _restore(document, document.root, original, original.root, settings)
    )


def _restore(
    document: Json5, value: Value, original: Json5, was: Value, settings: Settings
) -> list[Edit]:
    edits, doomed = list[Edit](), list[Member]()
    for key, set_ in settings.items():
        member, before = value.find(key), was.find(key)
        if member is None:
            continue
        at = member.value
        if before is None and _only_ours(at, set_):
            doomed.append(member)
        elif before is not None and (isinstance(set_, str) or at.members is None):
            old = original.text[before.value.start : before.value.end]
            edits.append((at.start, at.end, old))
        elif not isinstance(set_, str):
            empty = Value(0, 0, ())
            edits += _restore(document, at, original, before.value if before else empty, set_)
    return [*edits, *_cut(document.text, value, doomed)]


def _only_ours(value: Value, settings: str | Settings) -> bool:
    """Whether there is nothing in a value but what was set."""
    if isinstance(settings, str) or value.members is None:
        return True
    return all(
        member.key in settings and _only_ours(member.value, settings[member.key])
        for member in value.members
    )


def _cut(text: str, within: Value, doomed: list[Member]) -> list[Edit]:
    """Members away, each with its comma and the line that it leaves empty."""
    cuts, kept = list[Edit](), 0
    for member in within.members or ():
        start, end = member.start, member.value.end
        if member not in doomed:
            kept = end
            continue
        comma = SPACE.match(text, end)
        if comma and text[comma.end() : comma.end() + 1] == ",":
            end = comma.end() + 1
            start, end = _whole_line(text, start, end)
        elif kept:  # the last one: the comma of the last that stays goes, too
            start, cuts = kept, [cut for cut in cuts if cut[0] < kept]
        cuts.append((start, end, ""))
    return cuts


def _whole_line(text: str, start: int, end: int) -> tuple[int, int]:
    """A span with its line if there is nothing else on it, else with one space."""
    head = len(text[:start].rstrip(" \t"))
    if text[head - 1 : head] == "\n" and re.match(r"[ \t]*\r?\n", text[end:]):
        return head - (2 if text[head - 2 : head] == "\r\n" else 1), end
    return start, end + (text[end : end + 1] == " ")


def quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _insert(text: str, value: Value, missing: Settings) -> list[Edit]:
    """New members at the beginning of an object, written as its first one is."""
    at, first = value.start + 1, value.members[0] if value.members else None
    newline = "\r\n" if "\r\n" in text else "\n"
    if first is None:
        lines = [f"{quote(key)}: {_show(new, '', newline)}" for key, new in missing.items()]
        return [(at, at, " " + ", ".join(lines) + " " * (text[at : at + 1] == "}"))]
    before = text[at : first.start]
    indent = before.rpartition("\n")[2]
    if "\n" not in before or indent.strip():
        space = " " if before[:1].isspace() else ""
        lines = [f"{space}{quote(k)}: {_show(new, '', newline)}," for k, new in missing.items()]
        return [(at, at, "".join(lines) + ("" if space else " "))]
    rest = _REST.match(text, at)
    at = rest.end() if rest else at
    lines = [
        f"{newline}{indent}{quote(key)}: {_show(new, indent, newline)},"
        for key, new in missing.items()
    ]
    return [(at, at, "".join(lines))]


def _show(value: str | Settings, indent: str, newline: str) -> str:
    """A new value; an object on several lines where there is an `indent`."""
    if isinstance(value, str):
        return quote(value)
    inner = indent + ("\t" if "\t" in indent else "  ") if indent else ""
    parts = [f"{quote(key)}: {_show(new, inner, newline)}" for key, new in value.items()]
    if not indent:
        return "{ " + ", ".join(parts) + " }"
    between = f",{newline}{inner}"
    return f"{{{newline}{inner}{between.join(parts)}{newline}{indent}}}"
