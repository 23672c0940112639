"""The gateway's secret: kept, given or made, written so that systemd and sh read it alike."""

from __future__ import annotations

import random
import string

import pytest

from provision.model.facts import Facts, Reading
from provision.model.plan import Change
from provision.model.secret import Secret
from provision.resources.credential import Credential, build_value, parse_value

FRESH = Secret("fresh0")
PATH = "/etc/p/gateway.env"
LOOK = "type=regular file\nmode=600\nowner=root:root\nsize=9\nsha256=00\n"


def credential(given: Secret | None = None) -> Credential:
    return Credential(PATH, "P_TOKEN", given, FRESH)


def facts(content: str, look: str = LOOK) -> Facts:
    return Facts({f"secret:{PATH}": Reading(0, f"{look}content=\n{content}")})


def change(content: str, given: Secret | None = None, look: str = LOOK) -> Change:
    found = credential(given).diff(facts(content, look))
    assert found
    return found


def written(made: Change) -> str:
    """The text that the change puts into the file."""
    return made.commands[0].text.partition("<<'EOF'\n")[2].removesuffix("EOF")


@pytest.mark.parametrize(
    "text",
    ["", "a", '"', "\\", '\\"', "$x", "`id`", "a b", "'", "'a'", '"a"', "#", "a=b", "\\\\$", "é"],
)
def test_a_value_is_read_back_as_it_was(text: str) -> None:
    assert parse_value(build_value(text)) == text


def test_random_values_are_read_back_as_they_were() -> None:
    rng = random.Random(2)
    for _ in range(2000):
        text = "".join(rng.choices("\\\"`$'" + string.printable[:95], k=rng.randrange(9)))
        assert parse_value(build_value(text)) == text
        assert build_value(text).count("\n") == 0


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("abc", "abc"),
        ("'a b'", "a b"),
        ("'", "'"),
        ('"', '"'),
        ("  abc ", "abc"),
        ('"a\\nb"', "a\\nb"),
    ],
)
def test_a_value_that_a_person_wrote_is_read_as_systemd_reads_it(line: str, value: str) -> None:
    assert parse_value(line) == value


def test_a_server_without_secret_gets_a_fresh_one() -> None:
    made = change("", look="type=absent\n")
    assert (made.verb, made.why) == ("create", "generated")
    assert written(made) == 'P_TOKEN="fresh0"\n'


def test_a_given_secret_is_the_one_that_is_written() -> None:
    made = change("", Secret("given$1"), "type=absent\n")
    assert (made.verb, made.why) == ("create", "given")
    assert written(made) == 'P_TOKEN="given\\$1"\n'


@pytest.mark.parametrize("line", ["P_TOKEN=old1", "P_TOKEN='old1'", 'P_TOKEN="old1"'])
def test_a_secret_that_is_there_stays(line: str) -> None:
    assert credential().secret(facts(f"{line}\n")) == Secret("old1")
    assert written(change(f"{line}\n")) == 'P_TOKEN="old1"\n'


def test_the_last_of_several_lines_counts_as_it_does_for_systemd() -> None:
    assert credential().secret(facts("P_TOKEN=a\nP_TOKEN=b\n")) == Secret("b")


@pytest.mark.parametrize("content", ["", "P_TOKEN=\n", 'P_TOKEN=""\n', "OTHER=x\n"])
def test_an_empty_secret_is_replaced_by_a_fresh_one(content: str) -> None:
    assert credential().secret(facts(content)) == FRESH


SPARE = Secret("spare$0")


def kept_here(given: Secret | None = None) -> Credential:
    return Credential(PATH, "P_TOKEN", given, FRESH, ("P_PASSWORD",), spare=SPARE)


@pytest.mark.parametrize("content", ["", "P_TOKEN=\n", "OTHER=x\n"])
def test_a_server_that_has_none_gets_the_copy_that_was_kept(content: str) -> None:
    assert kept_here().secret(facts(content)) == SPARE
    made = kept_here().diff(facts("", look="type=absent\n"))
    assert made
    assert made.why == "as kept on your machine"
    assert written(made) == 'P_TOKEN="spare\\$0"\n'


def test_a_kept_copy_is_pushed_neither_over_what_is_there_nor_over_what_is_given() -> None:
    assert kept_here().secret(facts("P_TOKEN=old1\n")) == Secret("old1")
    assert kept_here(Secret("new")).secret(facts("")) == Secret("new")


def test_the_copy_of_a_token_does_not_become_the_password() -> None:
    assert kept_here().secret(facts("P_PASSWORD=old1\n")) == FRESH


def test_the_secret_after_the_plan_is_the_given_one() -> None:
    assert credential(Secret("new")).secret(facts("P_TOKEN=old1\n")) == Secret("new")


def test_lines_of_others_stay() -> None:
    made = change("# a note\nOPENAI_API_KEY=sk-1\nP_TOKEN=old1\n", Secret("new"))
    assert written(made) == '# a note\nOPENAI_API_KEY=sk-1\nP_TOKEN="new"\n'


def test_no_value_is_shown_neither_ours_nor_that_of_others() -> None:
    made = change("OPENAI_API_KEY=sk-1\nP_TOKEN=old1\n", Secret("new"))
    shown = " ".join(str(part) for part in (made, made.before, made.after, *made.commands))
    assert not [
        word for word in ("sk-1", "old1", "new") if f"={word}" in shown or f'"{word}' in shown
    ]
    assert "OPENAI_API_KEY=***" in made.commands[0].shown


def settled(content: str, look: str = LOOK) -> Facts:
    """A server whose file has exactly the wished content."""
    digest = credential().digest(facts(content))
    return facts(content, look.replace("sha256=00", f"sha256={digest}"))


def test_the_right_file_needs_no_change() -> None:
    assert credential().diff(settled('P_TOKEN="old1"\n')) is None


def test_a_variable_of_another_name_says_nothing_about_the_file() -> None:
    assert credential().diff(settled('mode=777\nowner=bob\ntype=link\nP_TOKEN="old1"\n')) is None


@pytest.mark.parametrize("wrong", [("mode=600", "mode=644"), ("owner=root", "owner=bob")])
def test_a_file_that_others_can_read_is_corrected_without_a_new_secret(
    wrong: tuple[str, str],
) -> None:
    seen = settled('P_TOKEN="old1"\n', LOOK.replace(*wrong))
    made = credential().diff(seen)
    assert made
    assert (made.verb, made.why) == ("update", "not root's alone")
    assert written(made) == 'P_TOKEN="old1"\n'


def test_another_given_secret_is_an_update() -> None:
    assert (change("P_TOKEN=a\n", Secret("b")).verb, change("P_TOKEN=a\n", Secret("b")).why) == (
        "update",
        "the secret differs",
    )


AWKWARD = ['"', "'a'", "$x `id` \\", "a b#c=d", "ü€"]


def test_several_variables_are_written_and_read_back_as_they_were() -> None:
    more = tuple((f"K{i}_KEY", Secret(text)) for i, text in enumerate(AWKWARD))
    wish = Credential(PATH, "P_TOKEN", None, FRESH, more=more)
    made = wish.diff(facts("P_TOKEN=old1\n"))
    assert made
    after = facts(written(made))
    assert [wish.value(name, after) for name, _ in more] == [value for _, value in more]
    assert wish.kept(after) == Secret("old1")
    digest = LOOK.replace("sha256=00", f"sha256={wish.digest(after)}")
    assert wish.diff(facts(written(made), digest)) is None


def test_a_variable_that_is_not_set_here_keeps_its_line() -> None:
    wish = Credential(PATH, "P_TOKEN", None, FRESH, more=(("A_KEY", None), ("B_KEY", None)))
    made = wish.diff(facts("A_KEY='a b'\nP_TOKEN=old1\n"))
    assert made
    assert written(made) == "A_KEY='a b'\nP_TOKEN=\"old1\"\n"
    assert made.why == "not root's alone"


def test_what_differs_is_named_and_not_told() -> None:
    more = (("A_KEY", Secret("sk-2")), ("B_KEY", Secret("same")))
    wish = Credential(PATH, "P_TOKEN", Secret("new"), FRESH, more=more)
    made = wish.diff(facts("A_KEY=sk-1\nB_KEY=same\nP_TOKEN=old1\n"))
    assert made
    assert made.why == "the secret, A_KEY differ"
    assert not [word for word in ("sk-1", "sk-2", "same", "old1") if word in repr(made)]
