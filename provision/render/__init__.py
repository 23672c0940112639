"""Files from templates; a variable that is missing is an error, never an empty text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import jinja2

from provision.errors import UsageError

_PACKAGE = Path(__file__).parents[1]
_FOLDERS = (_PACKAGE / "_templates", _PACKAGE.parent / "templates")


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDERS),
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(["html.j2"], default=False),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render(template: str, variables: Mapping[str, object]) -> str:
    """The text of `template` (such as `gateway/gateway.service.j2`) with its variables filled in.

    Raises UsageError that names template and line when one is missing or wrong.
    """
    try:
        return _environment().get_template(template).render(variables)
    except jinja2.TemplateError as error:
        raise UsageError(
            f"cannot render: {error.message}",
            where=f"{template}{_line(error, template)}",
            hint="correct the template, or reinstall clawprov if you did not change it",
        ) from error


def render_json(value: Mapping[str, object]) -> str:
    """A JSON file as a person would write it."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _line(error: jinja2.TemplateError, template: str) -> str:
    if isinstance(error, jinja2.TemplateSyntaxError):
        return f":{error.lineno}"
    trace, lines = error.__traceback__, [""]
    while trace:
        if trace.tb_frame.f_code.co_filename.endswith(template):
            lines.append(f":{trace.tb_lineno}")
        trace = trace.tb_next
    return lines[-1]
