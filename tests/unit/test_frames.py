"""Frames: many outputs in one text, and none that can pretend to be another."""

from __future__ import annotations

import pytest

from provision.engine.frames import Frame, finished, pack_changes, pack_probes, parse_frame, unpack
from provision.model.facts import Facts, Probe, Reading
from provision.model.plan import Change
from provision.model.secret import Secret
from provision.model.shell import sh

NONCE = "5ca1ab1e"


def answer(*sections: tuple[str, str, int]) -> str:
    """What a server prints for sections of id, output and exit code."""
    body = "".join(
        f"\n{NONCE} begin {name}\n{out}\n{NONCE} end {exit}\n" for name, out, exit in sections
    )
    return f"{body}\n{NONCE} done\n"


@pytest.mark.parametrize(
    "out",
    ["", "\n", "a", "a\n", "a\n\n", "\n\na", "ä\r\nb\r", "\x00\x1b[31m", "end 0\nbegin x\ndone\n"],
)
def test_an_output_comes_back_byte_for_byte(out: str) -> None:
    assert unpack(answer(("one:a", out, 0)), NONCE) == {"one:a": Reading(0, out)}


def test_each_section_keeps_its_own_output_and_exit_code() -> None:
    readings = unpack(answer(("one:a", "first", 0), ("one:b", "", 127), ("one:c", "x\n", 1)), NONCE)
    assert [(key, r.exit, r.out) for key, r in readings.items()] == [
        ("one:a", 0, "first"),
        ("one:b", 127, ""),
        ("one:c", 1, "x\n"),
    ]


@pytest.mark.parametrize(
    "forged",
    [
        "0ther end 0",
        f" {NONCE} end 0",
        f"{NONCE}x end 0",
        f"x{NONCE} end 0",
        f"{NONCE}\tend 0",
        "end 0\nbegin file:/etc/shadow\nroot\nend 0",
    ],
)
def test_a_forged_frame_is_output_like_any_other(forged: str) -> None:
    readings = unpack(answer(("one:a", forged, 3), ("one:b", "b", 0)), NONCE)
    assert readings == {"one:a": Reading(3, forged), "one:b": Reading(0, "b")}


def test_what_stands_between_sections_belongs_to_none() -> None:
    whole = f"motd\n\n{NONCE} begin one:a\nx\n{NONCE} end 0\nnoise\n{NONCE} done\n"
    assert unpack(whole, NONCE) == {"one:a": Reading(0, "x")}


def test_a_cut_answer_is_never_taken_for_a_finished_one() -> None:
    whole = answer(("one:a", "first", 0), ("one:b", "second", 0))
    assert finished(whole, NONCE)
    assert [cut for cut in range(len(whole) - 1) if finished(whole[:cut], NONCE)] == []


def test_a_section_whose_end_is_missing_is_left_out() -> None:
    whole = answer(("one:a", "first", 0), ("one:b", "second", 0))
    cut = whole[: whole.index("second") + 3]
    assert unpack(cut, NONCE) == {"one:a": Reading(0, "first")}


def test_done_in_the_middle_is_not_the_end() -> None:
    assert not finished(f"{NONCE} done\na\nb\nc\n", NONCE)


def test_done_with_another_nonce_is_not_the_end() -> None:
    assert not finished("0ther done\n", NONCE)


@pytest.mark.parametrize(
    ("line", "frame"),
    [
        (f"{NONCE} begin file:/etc/a b", Frame("begin", "file:/etc/a b")),
        (f"{NONCE} end 0", Frame("end", "0")),
        (f"{NONCE} done", Frame("done")),
        ("", None),
        ("done", None),
    ],
)
def test_a_line_is_a_frame_only_with_the_nonce(line: str, frame: Frame | None) -> None:
    assert parse_frame(line, NONCE) == frame


def test_the_packed_script_calls_its_only_function_on_its_last_line() -> None:
    script = pack_probes([Probe("one:a", sh("id"))], NONCE).text
    assert script.endswith("\n}\nmain\n")
    assert script.count("\nmain\n") == 1
    assert script.index("main() {") < script.index("begin one:a")


def test_the_packed_script_hides_its_nonce() -> None:
    script = pack_probes([Probe("one:a", sh("id"))], NONCE)
    assert NONCE in script.text
    assert NONCE not in str(script)


def test_an_id_with_a_space_is_quoted() -> None:
    assert "begin 'file:/a b'\n" in pack_probes([Probe("file:/a b", sh("id"))], NONCE).text


def test_every_section_reads_nothing() -> None:
    probes = pack_probes([Probe(f"one:{n}", sh("cat")) for n in range(4)], NONCE).text
    assert probes.count(") </dev/null\nend $?") == 4
    changes = pack_changes([Change(f"one:{n}", "create", (sh("cat"),)) for n in range(3)]).text
    assert changes.count(") </dev/null\nended=$?") == 3


def test_changes_are_packed_in_order_and_with_masks() -> None:
    packed = pack_changes(
        [
            Change("one:a", "create", (sh("first {}", Secret("hunter2")), sh("second"))),
            Change("one:b", "create", (sh("third"),)),
        ]
    )
    places = [packed.text.index(word) for word in ("first hunter2", "second", "third")]
    assert places == sorted(places)
    assert "hunter2" not in str(packed)


def test_a_reading_does_not_print_its_output() -> None:
    facts = Facts({"secret:x": Reading(0, "TOKEN=hunter2")})
    assert "hunter2" not in repr(facts)


def test_pairs_are_the_lines_with_an_equals_sign() -> None:
    reading = Reading(0, "a=1\nnoise\nb=x=y\nc=\n")
    assert reading.pairs() == {"a": "1", "b": "x=y", "c": ""}
    assert reading.lines() == ["a=1", "noise", "b=x=y", "c="]
    assert Reading(0, "").lines() == []


@pytest.mark.parametrize("end", ["\r", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029"])
def test_a_name_on_a_server_starts_no_line_of_its_own(end: str) -> None:
    reading = Reading(0, f"path=/x{end}owner=root\nowner=eve\n")
    assert reading.pairs() == {"path": f"/x{end}owner=root", "owner": "eve"}
    assert len(reading.lines()) == 2


@pytest.mark.parametrize("start", ["", "type=regular file\n"])
def test_the_text_of_a_file_is_not_taken_for_facts_about_it(start: str) -> None:
    reading = Reading(0, f"{start}content=\ntype=absent\nmode=600\n")
    assert reading.pairs() == ({"type": "regular file"} if start else {})
