"""YAML text to a tree of nodes that is known to be small."""

from __future__ import annotations

from dataclasses import dataclass

import yaml
from yaml.reader import ReaderError

from provision.inventory.mistakes import Mistakes

MAX_TEXT = 256 * 1024  # characters
MAX_NODES = 100_000  # values, with every alias counted as all that it stands for
MAX_DEPTH = 32

_INDENT = "keys of one mapping start in one column, and what belongs to a key further right"
_QUOTE = "put a text with `: ` or ` #` in it, or with a special character in front, in quotes"
_COLON = "look whether the line above lacks its colon"
_TAB = "found character '\\t'"
_EXPLAINED = {
    _TAB: ("a tab cannot indent YAML", "replace the tab by spaces"),
    "that cannot start any token": ("a text cannot start with this character", _QUOTE),
    "mapping values are not": ("a `key: value` cannot stand here", f"{_COLON}; {_QUOTE}"),
    "could not find expected ':'": ("this is no `key: value`", "add the colon, and a space"),
    "expected <block end>": ("this is indented otherwise than what is above", _INDENT),
    "found unexpected end of": ("this quote is never closed", "close it where the text ends"),
    "expected ',' or": ("a comma or a closing bracket is missing", "write it before this place"),
    "found undefined alias": ("this alias has no anchor", "write &NAME before what it repeats"),
    "found duplicate anchor": ("this anchor is given twice", "give every anchor its own name"),
    "found another document": ("a second document starts here", "remove the line ---"),
    "found undefined tag": ("custom tags mean nothing here", "remove the word that starts with !"),
    "exceeds": ("the inventory is too large or too deep", "split it; use fewer aliases"),
    "contains itself": ("this alias stands inside of what it repeats", "write the value out"),
    "out of range": ("this number or escape means nothing", "write it in another way"),
}
# PyYAML marks where it noticed; a person looks for where it began.
_AT_START = ("could not find expected ':'", "found unexpected end of", "got '<stream end>'")


class _Refused(yaml.MarkedYAMLError):
    """YAML that is right and yet too much, with the event at which it became so."""

    def __init__(self, problem: str, event: yaml.Event) -> None:
        mark = event.start_mark
        super().__init__(
            problem=problem, problem_mark=mark if isinstance(mark, yaml.Mark) else None
        )


@dataclass(slots=True)
class _Size:
    """How much a value holds; of an open list or mapping, so far."""

    anchor: str | None = None
    nodes: int = 1
    height: int = 1

    def take(self, child: _Size) -> None:
        self.nodes += child.nodes
        self.height = max(self.height, child.height + 1)


def compose(text: str, mistakes: Mistakes) -> yaml.Node | None:
    """The root of the YAML tree, or None after one mistake: what follows it cannot be known."""
    text = text.removeprefix("\ufeff")
    try:
        _measure(text)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        _explain(error, mistakes)
        return None
    except ReaderError as error:
        what = f"the character U+{ord(text[error.position]):04X} cannot stand in YAML"
        hint = "remove it; it may be invisible, or the file is no text in UTF-8"
        mistakes.add(_mark(text, error.position), what, hint)
        return None
    if root is None or root.tag == "tag:yaml.org,2002:null":
        hint = "write `hosts:` and below it, indented, `vps1: {address: 203.0.113.7}`"
        mistakes.add(None, "the inventory is empty", hint)
        return None
    return root


def _measure(text: str) -> None:
    """A text that PyYAML can compose without harm; MarkedYAMLError where it is not."""
    if len(text) > MAX_TEXT:
        raise yaml.MarkedYAMLError(problem=f"exceeds {MAX_TEXT} characters")
    loader = yaml.SafeLoader(text)
    open_: list[_Size] = [_Size()]
    known: dict[str, _Size] = {}
    try:
        while loader.check_event():
            event: yaml.Event = loader.get_event()  # type: ignore[no-untyped-call]
            _weigh(event, open_, known)
            if open_[-1].nodes > MAX_NODES or len(open_) + open_[-1].height > MAX_DEPTH:
                raise _Refused("exceeds", event)
    except (ValueError, OverflowError) as error:  # chr() and int() of PyYAML's scanner
        mark = loader.get_mark()
        raise yaml.MarkedYAMLError(problem="out of range", problem_mark=mark) from error


def _weigh(event: yaml.Event, open_: list[_Size], known: dict[str, _Size]) -> None:
    if isinstance(event, yaml.CollectionStartEvent):
        open_.append(_Size(event.anchor))
        return
    if isinstance(event, yaml.CollectionEndEvent):
        size = open_.pop()
    elif isinstance(event, yaml.ScalarEvent):
        size = _Size(event.anchor)
    elif isinstance(event, yaml.AliasEvent):
        if any(size.anchor == event.anchor for size in open_[1:]):
            raise _Refused("contains itself", event)
        size = known.get(event.anchor or "", _Size())
    else:
        return
    open_[-1].take(size)
    if size.anchor:
        known[size.anchor] = size


def _explain(error: yaml.MarkedYAMLError, mistakes: Mistakes) -> None:
    problem, mark = error.problem or "this is no YAML", error.problem_mark
    if error.context_mark and any(words in problem for words in _AT_START):
        mark = error.context_mark
    known = (said for words, said in _EXPLAINED.items() if words in problem)
    mistakes.add(mark, *next(known, (f"this is no YAML: {problem}",)))


def _mark(text: str, index: int) -> yaml.Mark:
    line, column = text.count("\n", 0, index), index - text.rfind("\n", 0, index) - 1
    return yaml.Mark("", index, line, column, None, 0)
