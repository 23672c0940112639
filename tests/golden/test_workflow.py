"""The workflow that a user's repository calls, before judges that are not ours; and its page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from judges import shellcheck

ROOT = Path(__file__).parents[2]
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/server.yml").read_text())
CALL = WORKFLOW[True]["workflow_call"]  # YAML 1.1 takes the word "on" for true
STEPS = WORKFLOW["jobs"]["look"]["steps"]
RUN = {step["name"]: step["run"] for step in STEPS if "run" in step}


@pytest.mark.parametrize("name", RUN)
def test_shellcheck_finds_no_mistake(name: str) -> None:
    assert shellcheck(f"#!/bin/bash\n{RUN[name]}\n") == ""


def test_what_is_given_reaches_the_shell_as_a_variable() -> None:
    """Else a caller's text would be part of a script."""
    assert [text for text in RUN.values() if "${{" in text] == []


def test_actions_are_pinned_and_nothing_may_be_written() -> None:
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert used
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", one) for one in used)
    assert WORKFLOW["permissions"] == {"contents": "read"}


def test_the_page_calls_it_with_all_that_it_demands_and_nothing_else() -> None:
    page = (ROOT / "docs/ci.md").read_text()
    (block,) = [text for text in re.findall(r"```yaml\n(.*?)```", page, re.S) if "uses:" in text]
    (job,) = yaml.safe_load(block)["jobs"].values()
    assert job["uses"].partition("@")[0].endswith("/.github/workflows/server.yml")
    for kind, given in (("inputs", job["with"]), ("secrets", job["secrets"])):
        needed = {name for name, one in CALL[kind].items() if one.get("required")}
        assert needed <= set(given) <= set(CALL[kind])
