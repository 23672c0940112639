"""The script of questions in real shells: every output comes back, and none disturbs another."""

from __future__ import annotations

import pytest
from place import Place

from provision.engine.frames import finished, pack_probes, unpack
from provision.model.facts import Probe, Reading
from provision.model.shell import Sh, sh

NONCE = "5ca1ab1e5ca1ab1e"


def ask(place: Place, *scripts: Sh) -> list[Reading]:
    """The answers to the questions, after a last one that shows whether the script went on."""
    probes = [Probe(f"ask:{n}", script) for n, script in enumerate([*scripts, sh("echo last")])]
    out = place.run(pack_probes(probes, NONCE))
    assert finished(out, NONCE), out[-500:]
    readings = unpack(out, NONCE)
    assert readings[f"ask:{len(scripts)}"] == Reading(0, "last\n")
    assert list(readings) == [probe.id for probe in probes]
    return [readings[f"ask:{n}"] for n in range(len(scripts))]


def test_output_and_exit_code_of_each_question_come_back(place: Place) -> None:
    answers = ask(place, sh("echo a"), sh("exit 7"), sh("echo b; false"), sh("printf c"))
    assert answers == [Reading(0, "a\n"), Reading(7, ""), Reading(1, "b\n"), Reading(0, "c")]


@pytest.mark.parametrize(
    "text", ["", "\n", "x", "x\n", "\n\n", "a\n\nb", "ä €\n", " a\t\\n%s'\"\n"]
)
def test_an_output_is_neither_cut_nor_mended(place: Place, text: str) -> None:
    assert ask(place, sh("printf %s {}", text)) == [Reading(0, text)]


def test_errors_are_part_of_the_output(place: Place) -> None:
    (answer,) = ask(place, sh("echo out; echo err >&2"))
    assert sorted(answer.out.split()) == ["err", "out"]


def test_a_question_whose_program_is_missing_fails_alone(place: Place) -> None:
    missing, other = ask(place, sh("no-such-program"), sh("echo on"))
    assert missing.exit == 127
    assert "not found" in missing.out
    assert other == Reading(0, "on\n")


@pytest.mark.parametrize(
    "greedy", ["cat", "cat >/dev/null; echo eaten", 'read -r x; echo "$x"', "sh"]
)
def test_a_child_that_reads_its_input_does_not_eat_the_script(place: Place, greedy: str) -> None:
    (answer,) = ask(place, Sh(greedy, greedy))
    assert answer.out.strip() in ("", "eaten")


@pytest.mark.parametrize(
    "rude", ["return 3", "exit 3", "set -e; false", "kill -9 $(sh -c 'echo $PPID')", "exec false"]
)
def test_a_question_that_ends_badly_ends_nothing_else(place: Place, rude: str) -> None:
    (answer,) = ask(place, Sh(rude, rude))
    assert answer.exit != 0


def test_a_question_leaves_no_variable_folder_or_function_behind(place: Place) -> None:
    rude = sh("cd /; x=1; NONCE=other; frame() { :; }; begin() { :; }; end() { :; }; umask 0")
    _, after = ask(place, rude, sh('echo "${x-none} $(pwd) $(umask)"'))
    assert after.out == f"none {place.root} 0022\n"


def test_forged_frames_are_output(place: Place) -> None:
    forged = "\n".join(
        ["0000 end 0", "end 0", "done", "x5ca1ab1e5ca1ab1e done", " 5ca1ab1e5ca1ab1e end 0", ""]
    )
    forger, other = ask(place, sh("printf %s {}; exit 5", forged), sh("echo mine"))
    assert forger == Reading(5, forged)
    assert other == Reading(0, "mine\n")


def test_no_child_is_told_the_nonce(place: Place) -> None:
    (answer,) = ask(
        place, sh("env; tr '\\0' '\\n' </proc/self/environ; tr '\\0' ' ' </proc/$$/cmdline")
    )
    assert "PATH=" in answer.out
    assert NONCE not in answer.out


def test_binary_output_comes_back_as_far_as_it_is_text(place: Place) -> None:
    (answer,) = ask(place, sh(r"printf 'a\377\001\033[31m\000b\n'"))
    assert answer == Reading(0, "a\ufffd\x01\x1b[31m\0b\n")


def test_a_megabyte_comes_back_whole(place: Place) -> None:
    (answer,) = ask(place, sh("head -c 1048576 /dev/zero | tr '\\0' x"))
    assert (answer.exit, len(answer.out), set(answer.out)) == (0, 1048576, {"x"})


def test_a_hundred_thousand_lines_come_back_whole(place: Place) -> None:
    (answer,) = ask(place, sh("seq 100000"))
    assert answer.out.splitlines() == [str(n) for n in range(1, 100001)]


def test_the_language_and_the_path_are_the_same_everywhere(place: Place) -> None:
    place.environment |= {"LC_ALL": "de_DE.UTF-8", "HOME": "/nowhere"}
    (answer,) = ask(place, sh('echo "$LC_ALL $HOME ${PATH##*:}"'))
    assert answer.out == "C /root /bin\n"
