"""A report as JUnit's XML, which CI systems show test by test."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from provision.errors import ProvisionError
from provision.ui.checkpoints import Row

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot say, not even escaped."""


def show_junit(host: str, rows: Iterable[Row], *, seconds: float, at: str) -> str:
    """One suite for a host, one case for a check; `at` is the time as ISO 8601 tells it."""
    rows = tuple(rows)
    cases = [_case(host, row) for row in rows]
    return _suites(
        host, cases, failures=sum(row.state == "ill" for row in rows), seconds=seconds, at=at
    )


def show_junit_error(host: str, error: ProvisionError, *, at: str) -> str:
    """The suite of a host that could not be looked at."""
    case = _element("testcase", classname=host, name="connect")
    told = SubElement(case, "error", {"message": _fit(error.what), "type": type(error).__name__})
    told.text = _fit(_with_next(error.what, error.hint))
    return _suites(host, [case], errors=1, at=at)


def _suites(
    host: str,
    cases: list[Element],
    *,
    failures: int = 0,
    errors: int = 0,
    seconds: float = 0,
    at: str,
) -> str:
    counts = {"tests": len(cases), "failures": failures, "errors": errors, "skipped": 0}
    told = {key: str(value) for key, value in counts.items()} | {"time": f"{seconds:.3f}"}
    root = _element("testsuites", name="clawprov verify", **told)
    suite = _element("testsuite", name=host, hostname=host, timestamp=at, **told)
    suite.extend(cases)
    root.append(suite)
    indent(root)
    return tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(host: str, row: Row) -> Element:
    kind, _, name = row.check.partition(":")
    case = _element("testcase", classname=f"{host}.{kind}", name=name or kind, time="0.000")
    told = _with_next(row.detail, row.hint if row.state != "well" else "")
    if row.state == "ill":
        SubElement(case, "failure", {"message": _fit(row.detail), "type": row.check}).text = _fit(
            told
        )
    elif told:
        SubElement(case, "system-out").text = _fit(told)
    return case


def _with_next(what: str, hint: str) -> str:
    return f"{what}\nnext: {hint}" if hint else what


def _element(tag: str, **attributes: str) -> Element:
    return Element(tag, {key: _fit(value) for key, value in attributes.items()})


def _fit(text: str) -> str:
    return _FORBIDDEN.sub("", text)
