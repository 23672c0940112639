"""What a watch on a server tells, look by look."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from provision.lab import Box
from tests.box.up.persons import Person
from tests.tailnet.members import out

HEARD = "/root/heard"


@contextmanager
def hearing(owner: Person, box: Box) -> Iterator[Callable[[], str]]:
    """A watch that looks only when it is called; it gives what is told then."""
    words = ("--every", "1h", "--notify", f"cat >>{HEARD}")
    said = owner.run("watch", box.name, "--install", *words)
    assert said.exit == 0, said
    out(box, "systemctl stop clawdbot-watch.timer")  # it would tell the news first
    look = f"rm -f {HEARD}; systemctl start clawdbot-watch; cat {HEARD} 2>/dev/null || :"
    yield lambda: out(box, look)
    assert owner.run("watch", box.name, "--uninstall").exit == 0
