"""A script that is cut on its way runs nothing, wherever it was cut."""

from __future__ import annotations

import pytest
from place import Place

from provision.engine.frames import pack_probes
from provision.engine.job import apply_script
from provision.model.facts import Probe
from provision.model.plan import Change, Plan
from provision.model.secret import Secret
from provision.model.shell import Sh, heredoc, sh

NONCE = "5ca1ab1e5ca1ab1e"
CUTS = 60


def questions() -> Sh:
    scripts = [
        sh("touch ran; echo a"),
        heredoc(sh("cat >ran"), "a\nEOF_\n}\nmain\n"),
        sh("touch ran"),
    ]
    return pack_probes([Probe(f"ask:{n}", script) for n, script in enumerate(scripts)], NONCE)


def change() -> Sh:
    steps = (heredoc(sh("cat >ran"), Secret("main\n}\nmain\n")), sh("touch ran"))
    plan = Plan("box", (Change("file:/x", "create", steps), Change("file:/y", "create", steps)))
    return apply_script(plan, serial=0, who="ann@laptop", verb="up", nonce=NONCE)


def cuts(text: str) -> list[int]:
    """Places spread over the whole script, every line's end near its tail, and its last bytes."""
    whole = len(text.rstrip("\n"))
    spread = range(0, whole, max(1, whole // CUTS))
    lines = [at for at, character in enumerate(text) if character == "\n"][-8:-1]
    return sorted({*spread, *lines, *range(whole - 6, whole)})


@pytest.mark.parametrize("make", [questions, change])
def test_a_cut_script_runs_nothing(place: Place, make: object) -> None:
    text = make().text  # type: ignore[operator]
    place.fake("systemd-run", "touch $ROOT/ran")
    place.fake("systemctl", "echo MainPID=0")
    moved = place.moved(text)
    assert "main" in moved
    before = sorted(path.name for path in place.root.rglob("*"))
    for cut in cuts(text):
        out = place.run(text[:cut])
        assert NONCE not in out, f"cut at {cut}: {out}"
        assert sorted(path.name for path in place.root.rglob("*")) == before, f"cut at {cut}"


@pytest.mark.parametrize("make", [questions, change])
def test_the_whole_script_runs(place: Place, make: object) -> None:
    place.fake("systemd-run", "touch $ROOT/ran")
    place.fake("systemctl", "echo MainPID=0")
    place.run(make())  # type: ignore[operator]
    assert (place.root / "ran").exists()


def test_a_script_without_its_last_newline_is_whole(place: Place) -> None:
    place.run(questions().text.rstrip("\n"))
    assert (place.root / "ran").exists()
