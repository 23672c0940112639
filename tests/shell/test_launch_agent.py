"""A LaunchAgent before a recorded launchctl, for there is no macOS here: only its command lines."""

from __future__ import annotations

import os

from laptop import Kept
from place import Place

from provision.resources.file import File
from provision.resources.launch_agent import LaunchAgent
from provision.resources.user_unit import digest_inputs

LABEL = "com.clawdbot.ssh-tunnel"
# What is loaded runs, and listens, until it is booted out.
LAUNCHCTL = """
echo "$*" >>$ROOT/said
case $1 in
  print) [ -e $ROOT/loaded ] && printf '%s = {\\n\\tstate = running\\n\\tpid = 4242\\n}\\n' "$2" ;;
  bootout) [ -e $ROOT/loaded ] && rm $ROOT/loaded ;;
  bootstrap) [ ! -e $ROOT/loaded ] && [ -e "$3" ] && : >$ROOT/loaded ;;
esac"""
LSOF = '[ "$*" = "-nP -iTCP:18789 -sTCP:LISTEN" ] && [ -e $ROOT/loaded ]'


def agent(place: Place, content: str = "plist\n", *, wished: bool = True) -> Kept:
    plist = File(str(place.root / f"Library/{LABEL}.plist"), content, "644", "")
    inputs = (File(str(place.root / "t.conf"), "hello\n"),)
    place.fake("launchctl", LAUNCHCTL)
    place.fake("lsof", LSOF)
    place.fake("ps", f'echo "/bin/sh /t.sh {digest_inputs(inputs)}"')
    return Kept(place, LaunchAgent(LABEL, plist, inputs, 18789, "/log", wished), gnu=False)


def said(place: Place) -> list[str]:
    lines = (place.root / "said").read_text().splitlines()
    (place.root / "said").unlink()
    return [line for line in lines if not line.startswith("print ")]


def test_it_is_loaded_once_by_the_words_that_launchctl_documents(place: Place) -> None:
    path = place.root / f"Library/{LABEL}.plist"
    path.parent.mkdir()
    path.write_text("plist\n")
    agent(place).settle()
    domain = f"gui/{os.getuid()}"
    assert said(place) == [
        f"bootout {domain}/{LABEL}",
        f"enable {domain}/{LABEL}",
        f"bootstrap {domain} {path}",
    ]
    assert agent(place).diff() is None
    agent(place, wished=False).settle()
    assert said(place) == [f"bootout {domain}/{LABEL}"]


def test_one_that_cannot_be_loaded_fails(place: Place) -> None:
    made = agent(place).make()
    assert made.exit != 0
