"""Shell text: always quoted, never telling a secret."""

from __future__ import annotations

import random
import shlex
import string

import pytest

from provision.model.secret import MASK, Secret, reveal
from provision.model.shell import Sh, heredoc, joined, sh

TOKEN = Secret("hunter2")
ODD = [
    "",
    " ",
    "a b",
    "it's",
    '"',
    "$HOME",
    "`id`",
    "\\",
    "*",
    "a\nb",
    "-n",
    "~",
    "é",
    "{}",
    "!",
    "#",
]


@pytest.mark.parametrize("word", ODD)
def test_an_argument_is_one_word_for_the_shell_whatever_is_in_it(word: str) -> None:
    assert shlex.split(sh("printf {}", word).text) == ["printf", word]


def test_random_arguments_are_read_back_as_they_were() -> None:
    rng = random.Random(1)
    for _ in range(300):
        words = ["".join(rng.choices(string.printable, k=rng.randrange(12))) for _ in range(3)]
        assert shlex.split(sh("x {} {} {}", *words).text) == ["x", *words]


def test_a_number_is_written_as_it_is() -> None:
    assert sh("test {} = {}", 0, 18789).text == "test 0 = 18789"


def test_shell_text_goes_into_shell_text_as_it_is() -> None:
    inner = sh("cat {}", "a b")
    assert sh("{} | wc", inner).text == "cat 'a b' | wc"


def test_braces_that_hold_something_are_shell() -> None:
    assert sh("pid=${pid#*=}; { id; }; echo {}", "x").text == "pid=${pid#*=}; { id; }; echo x"


@pytest.mark.parametrize("arguments", [(), ("a",), ("a", "b", "c")])
def test_fields_and_arguments_must_be_as_many(arguments: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="2 fields"):
        sh("mv {} {}", *arguments)


def test_an_argument_that_looks_like_a_field_is_no_field() -> None:
    assert sh("echo {} {}", "{}", "x").text == "echo '{}' x"


def test_joined_text_is_joined_in_both_forms() -> None:
    both = joined([sh("a {}", TOKEN), sh("b")], "; ")
    assert (both.text, both.shown) == ("a hunter2; b", f"a '{MASK}'; b")


def test_nothing_joined_is_empty() -> None:
    assert joined([]) == Sh("", "")


def carriers() -> list[object]:
    direct = sh("login {}", TOKEN)
    return [
        TOKEN,
        direct,
        sh("if {}; then :; fi", direct),
        joined([sh("id"), direct]),
        heredoc(sh("cat >{}", "f"), Secret("hunter2\n")),
        heredoc(direct, "public\n"),
        heredoc(sh("sh"), Secret(heredoc(direct, "x\n").text + "\n", shown="login\n")),
    ]


@pytest.mark.parametrize("value", carriers(), ids=lambda v: type(v).__name__)
def test_a_secret_shows_in_no_way_of_printing(value: object) -> None:
    for text in (str(value), repr(value), f"{value}", f"{value!r}", "%s %r" % (value, value)):  # noqa: UP031
        assert "hunter2" not in text
        assert text.strip()
    assert "hunter2" in (value.value if isinstance(value, Secret) else value.text)  # type: ignore[attr-defined]


def test_a_container_of_secrets_shows_none() -> None:
    assert "hunter2" not in repr({"a": [TOKEN, sh("x {}", TOKEN)]})


def test_a_secret_may_say_how_it_is_shown() -> None:
    assert str(Secret("hunter2", shown="the token")) == "the token"


def test_secrets_are_equal_when_their_values_are() -> None:
    assert Secret("a") == Secret("a") != Secret("b")


def test_an_empty_secret_is_no_secret() -> None:
    assert not Secret("")
    assert TOKEN


def test_reveal_gives_the_value_of_both_kinds_of_text() -> None:
    assert (reveal(TOKEN), reveal("open")) == ("hunter2", "open")


def test_a_here_document_is_readable() -> None:
    text = heredoc(sh("cat >{}", "/etc/x y"), "a $HOME\nb\n").text
    assert text == "cat >'/etc/x y' <<'EOF'\na $HOME\nb\nEOF"


@pytest.mark.parametrize(
    "content",
    [
        "EOF\n",
        "EOF_\nEOF\n",
        "a\nEOF__\nEOF_\n",
        "XEOFX\n",
        heredoc(sh("cat"), "EOF\n").text + "\n",
    ],
)
def test_content_cannot_end_its_here_document(content: str) -> None:
    text = heredoc(sh("cat"), content).text
    first, *body = text.split("\n")
    mark = first.removeprefix("cat <<'").removesuffix("'")
    assert body.index(mark) == len(body) - 1
    assert "\n".join(body[:-1]) + "\n" == content


def test_the_shown_form_of_a_secret_cannot_end_its_here_document_either() -> None:
    shown = heredoc(sh("cat"), Secret("x\n", shown="EOF\n")).shown
    assert shown == "cat <<'EOF_'\nEOF\nEOF_"


def test_an_empty_here_document_is_empty() -> None:
    assert heredoc(sh("cat"), "").text == "cat <<'EOF'\nEOF"


@pytest.mark.parametrize("content", ["no newline", "nul\0\n"])
def test_what_a_here_document_cannot_say_is_refused(content: str) -> None:
    with pytest.raises(ValueError, match=r"here-document|NUL"):
        heredoc(sh("cat"), content)
