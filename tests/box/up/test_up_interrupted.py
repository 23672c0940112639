"""Whatever goes wrong at whichever frame of a first `up`, the next one goes on, to the same end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from interrupted import FAULTS, March
from machines import Server, out
from persons import Person

from provision.lab import Box, Lab

MADE = (
    "find /etc/apt /etc/clawdbot /etc/systemd /opt/clawprov /usr/local/bin /var/lib/clawdbot "
    "\\( -name node_modules -o -path '*/tmp/*' -o -path '*/.clawdbot/*' ! -name clawdbot.json \\) "
    "-prune -o ! -name '*.log' -printf '%p %y %m %u:%g %l\\n' | grep claw | sort"
)
"""What clawprov has made; the gateway's own state comes and goes."""


@pytest.mark.parametrize("seed", range(len(FAULTS)), ids="seed{}".format)
def test_a_fault_at_every_frame_is_overcome(
    make_box: Callable[..., Box], lab: Lab, person: Person, server: Server, seed: int
) -> None:
    box = make_box(disk="3G")
    planned = person.run("plan", box.name, "--json").planned
    march = March(lab, box, person)
    last = march.through(lambda frame: FAULTS[(frame + seed) % len(FAULTS)])
    assert last.exit == 0, last
    assert all("Traceback" not in said.err for said in march.ends)
    assert {said.exit for said in march.ends} <= {0, 4, 6}, march.ends
    assert march.met == planned
    again = person.run("up", box.name, "--json")
    assert (again.exit, again.planned) == (0, [])
    assert again.answer["proof"]["ok"]
    assert out(box, MADE) == out(server.box, MADE)
    lab.down(box.name)
