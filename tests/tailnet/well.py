"""What every verb that judges a server says of one that is well; each is a verb of its own."""

from __future__ import annotations

from test_audit import BASICS

from provision.lab import Box
from tests.box.up.persons import Person, Said

VERBS = ("doctor", "verify", "watch", "audit")


def assert_well(owner: Person, box: Box, *, path: str, public: bool = False) -> None:
    """Nobody finds anything wrong with a gateway that is proved by `path`, and `public` as wished.

    `status` goes first, since it gives up what is slow; the others need not wait for each other.
    """
    line = owner.run("status", box.name)
    asked = {verb: owner.start(verb, box.name, "--json") for verb in VERBS}
    said = {verb: running.end() for verb, running in asked.items()}
    assert (line.exit, line.out[:2], line.out.count("\n")) == (0, "✓ ", 1), line
    assert (said["doctor"].exit, said["doctor"].answer["findings"]) == (0, []), said["doctor"]
    assert (said["watch"].exit, said["watch"].answer["verdicts"]) == (0, []), said["watch"]
    _assert_verified(said["verify"], path, {"funnel:wished"} if public else set())
    _assert_audited(said["audit"], {"audit:funnel"} if public else set())


def _assert_verified(said: Said, path: str, noted: set[str]) -> None:
    assert said.exit == 0, said
    verdicts = said.answer["verdicts"]
    assert {v["check"] for v in verdicts if v["problem"] or v["note"]} == noted, verdicts
    way = "tailnet:https" if path.startswith("https:") else "tailnet:port"
    assert way in {v["check"] for v in verdicts}
    assert said.answer["proof"]["path"].startswith(path), said.answer["proof"]


def _assert_audited(said: Said, serious: set[str]) -> None:
    """Without `basics:`, a server has the two minor findings that are an A."""
    findings = {one["rule"]: one["severity"] for one in said.answer["findings"]}
    assert set(findings) - BASICS == serious, said
    assert {findings[rule] for rule in serious} <= {"serious"}
    assert (said.exit, said.answer["grade"]) == ((7, "C") if serious else (0, "A")), said
    assert said.answer["unknown"] == []
    assert [one.rpartition(":")[2] for one in said.answer["outside"]["reached"]] == ["22"]
