"""A user whose sudo wants a password is asked for it once, and it is found nowhere afterwards."""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Iterator

import pytest
from machines import during, out, start_sampler
from persons import Person

from provision.lab import Box

PASSWORD = f"it's a $ecret \"Canary{secrets.token_hex(6)}"
PROMPT = "sudo's password on"
ASKING = (
    f"printf %s {shlex.quote(f'alice:{PASSWORD}')} | chpasswd; "
    "echo 'alice ALL=(ALL) ALL' >/etc/sudoers.d/zz-asking"
)


@pytest.fixture
def asking(yard: Box) -> Iterator[Box]:
    """The yard, with a sudo that wants alice's password."""
    with during(yard, ASKING, "rm /etc/sudoers.d/zz-asking"):
        yield yard


def test_the_password_of_sudo_is_asked_for_once_and_found_nowhere(
    asking: Box, person: Person
) -> None:
    out(asking, "rm -f /usr/local/bin/clawdbot")
    stop = start_sampler(asking)
    said = person.sit("up", asking.name, "--yes", prompt=PROMPT, answer=PASSWORD)
    argv = stop()
    assert said.exit == 0, said
    assert said.err.count(PROMPT) == 1
    assert "Canary" not in said.err + argv
    places = "/run/clawprov /var/lib/clawprov /etc/clawdbot /var/log /tmp /root /home"
    assert asking.run(f"grep -rIl Canary {places}; journalctl -q | grep Canary").stdout == ""


def test_a_wrong_password_changes_nothing(asking: Box, person: Person) -> None:
    said = person.sit("up", asking.name, "--yes", prompt=PROMPT, answer="wrong")
    assert said.exit == 4
    assert "Traceback" not in said.err


def test_without_a_terminal_nothing_is_asked(asking: Box, person: Person) -> None:
    assert person.run("up", asking.name).refused(4, "may not become root without a password")
