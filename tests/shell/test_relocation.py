"""A person's files are copied by real shells and a real tar, from a home with a space in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from place import Place

from provision.engine.frames import equipped, pack_changes, whole
from provision.model.plan import Change
from provision.model.shell import joined, sh
from provision.products import find_product
from provision.products.legacy import Legacy
from provision.products.relocation import relocate

PRODUCT = find_product("clawdbot")
NONCE = "5ca1ab1e5ca1ab1e"


@pytest.fixture
def home(place: Place) -> Path:
    """Hers: state with a session that is locked, and a workspace with its own files."""
    place.fake("setpriv", 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"')
    place.fake("pgrep", "exit 1")
    place.fake("systemctl", 'echo "$@" >>$ROOT/systemctl')
    place.fake("id", "echo 1001")
    made = place.root / "Ada Lovelace"
    for name in (".clawdbot/agents/main/sessions", "clawd", ".config/systemd/user"):
        (made / name).mkdir(parents=True)
    (made / ".clawdbot/clawdbot.json").write_text("{}")
    (made / ".clawdbot/agents/main/sessions/1.jsonl.lock").touch()
    path = f"{made}/.clawdbot/agents/main/sessions/1.jsonl"
    (made / ".clawdbot/agents/main/sessions/sessions.json").write_text(f'{{"file":"{path}"}}')
    (made / "clawd/yarn.lock").write_text("hers")
    (made / "clawd/run.sh").touch(mode=0o755)
    ours = place.root / "service/.clawdbot"
    ours.mkdir(parents=True)
    ours.chmod(0o700)
    (place.root / "record").touch()
    return made


def run(place: Place, home: Path, *folders: str) -> str:
    """What the whole take-over prints."""
    unit = f"{home}/.config/systemd/user/clawdbot-gateway.service"
    state = f"{home}/.clawdbot"
    legacy = Legacy("ada", "clawdbot", "1001", str(home), state, (unit,), folders)
    commands = relocate(legacy, PRODUCT, f"{place.root}/record", "node")
    steps = pack_changes([Change("takeover:clawdbot", "take over", commands, "test")])
    body = joined([steps, sh("frame done")])
    return place.run(
        whole(equipped(body), NONCE).text.replace(PRODUCT.home, f"{place.root}/service")
    )


def test_everything_is_where_the_service_looks_for_it(place: Place, home: Path) -> None:
    assert f"{NONCE} done" in run(place, home, ".clawdbot", "clawd", "clawd/run.sh")
    ours = place.root / "service"
    index = ours / ".clawdbot/agents/main/sessions/sessions.json"
    assert index.read_text() == f'{{"file":"{ours}/.clawdbot/agents/main/sessions/1.jsonl"}}'
    assert (ours / "clawd/yarn.lock").read_text() == "hers"
    assert os.access(ours / "clawd/run.sh", os.X_OK)
    assert not (ours / ".clawdbot/clawdbot.json").exists()
    assert not index.with_name("1.jsonl.lock").exists()
    assert oct((ours / ".clawdbot").stat().st_mode) == "0o40700"


def test_what_her_configuration_names_and_is_not_there_is_passed_over(
    place: Place, home: Path
) -> None:
    assert f"{NONCE} done" in run(place, home, ".clawdbot", "never made", "clawd")
    assert (place.root / "service/clawd/yarn.lock").exists()
    assert not (place.root / "service/never made").exists()


def test_folders_that_she_has_elsewhere_are_copied_and_not_their_links(
    place: Place, home: Path
) -> None:
    for name in (".clawdbot", "clawd"):
        (home / name).rename(place.root / f"big disk {name}")
        (home / name).symlink_to(place.root / f"big disk {name}")
    assert f"{NONCE} done" in run(place, home, ".clawdbot", "clawd")
    ours = place.root / "service"
    assert not (ours / ".clawdbot").is_symlink()
    assert (ours / ".clawdbot/agents/main/sessions/sessions.json").is_file()
    assert (ours / "clawd/yarn.lock").is_file()


def test_a_failure_gives_hers_back_and_leaves_no_record(place: Place, home: Path) -> None:
    (place.root / "service/clawd").touch()  # in the way
    assert f"{NONCE} done" not in run(place, home, ".clawdbot", "clawd")
    last = (place.root / "systemctl").read_text().splitlines()[-1]
    assert last == "--user enable --now --quiet clawdbot-gateway.service"
    assert not (place.root / "record").exists()


def test_one_that_does_not_end_is_given_back(place: Place, home: Path) -> None:
    place.fake("pgrep", "exit 0")
    place.fake("pkill", "exit 0")
    place.fake("sleep", "exit 0")
    assert "does not end, or is started again" in run(place, home, ".clawdbot")
    assert "enable --now" in (place.root / "systemctl").read_text()
    assert not list((place.root / "service/.clawdbot").iterdir())
