"""The key of a tunnel: one that a person has named, or one of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from provision.app.link import choose_key
from provision.errors import UnsupportedError
from provision.model.spec import TunnelSpec

PUBLIC = "ssh-ed25519 AAAA"


def test_a_key_that_was_named_is_taken() -> None:
    assert choose_key(TunnelSpec(identity="/k"), PUBLIC, anew=False) == (PUBLIC, None)


@pytest.mark.parametrize("end", ["", ".pub"])
def test_a_key_that_is_not_there_is_told_as_that(tmp_path: Path, end: str) -> None:
    named = f"{tmp_path}/k{end}"
    with pytest.raises(UnsupportedError, match="this key is not there") as caught:
        choose_key(TunnelSpec(identity=named), "", anew=False)
    assert caught.value.where == named
    assert caught.value.hint.startswith(f"ssh-keygen -t ed25519 -f {tmp_path}/k, or ")


@pytest.mark.parametrize("end", ["", ".pub"])
def test_a_key_without_its_public_half_is_told_how_to_get_it(tmp_path: Path, end: str) -> None:
    (tmp_path / "k").touch()
    with pytest.raises(UnsupportedError, match="its public half is not there") as caught:
        choose_key(TunnelSpec(identity=f"{tmp_path}/k{end}"), "", anew=False)
    assert caught.value.hint == f"ssh-keygen -y -f {tmp_path}/k >{tmp_path}/k.pub"
