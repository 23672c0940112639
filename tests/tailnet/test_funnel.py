"""A gateway open to the internet: for whom, for how long, and what is refused."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from machines import await_in, during
from persons import Person

from provision.lab import Box, Lab
from provision.protocol.messages import Refusal
from tests.tailnet.funnel import FunnelControl
from tests.tailnet.hear import hearing
from tests.tailnet.members import out
from tests.tailnet.public import Public
from tests.tailnet.shown import SECRET, STATUS, Shown, bring_up
from tests.tailnet.well import assert_well

NOBODYS = f"! {STATUS} | grep -q AllowFunnel"
CLOSED = f"[ ! -e /var/lib/clawprov/funnel ] && {NOBODYS}"
OVER = (
    "until=$(sed -n 's/^until=//p' /var/lib/clawprov/funnel/record); "
    "while [ $(date +%s) -le $until ]; do sleep 0.5; done"
)


@pytest.fixture(scope="module")
def shown(
    make_box: Callable[..., Box],
    laptop: Callable[[], Person],
    lab: Lab,
    funnel_control: FunnelControl,
) -> Shown:
    """Clawdbot in a tailnet that allows Funnel; its access is Serve."""
    return bring_up(lab, make_box(), laptop(), funnel_control)


@pytest.fixture
def public(shown: Shown, visitor: Box, trusting: None) -> Public:
    return Public(visitor, shown.box).arrive()


def test_it_is_open_for_a_while_and_the_server_itself_closes_it(
    shown: Shown, public: Public
) -> None:
    owner, before = shown.wishing(), shown.routes()
    assert public.get("/") == b""
    said = owner.run("funnel", "on", shown.box.name, "--for", "30s", "--json")
    assert said.done == ["tailscale:funnel"], said
    (told,) = said.answer["verdicts"]
    assert f"https://{public.name}/, until 20" in told["note"]
    proof = public.prove(SECRET)
    assert proof.ok, proof
    assert proof.refused == {"wrong_secret": True, "no_secret": True}
    holds = public.stay()
    assert "AllowFunnel" in shown.routes()
    await_in(shown.box, CLOSED, seconds=60)
    assert not holds()
    assert public.get("/") == b""
    assert shown.routes() == before
    assert '"who":"the server","verb":"funnel off"' in out(
        shown.box, "tail -n 1 /var/lib/clawprov/audit.jsonl"
    )
    assert owner.run("funnel", "status", shown.box.name, "--json").answer["verdicts"][0]["ok"]


def test_what_the_public_says_of_itself_counts_for_nothing(shown: Shown, public: Public) -> None:
    owner = shown.wishing()
    assert owner.run("funnel", "on", shown.box.name).exit == 0
    for secret in ("x" * 43, ""):
        assert isinstance(public.forge(secret), Refusal)
    page, canvas = public.get("/"), public.get("/__clawdbot__/canvas/")
    assert page.partition(b"\r\n\r\n")[2] == canvas.partition(b"\r\n\r\n")[2] != b""
    assert owner.run("up", shown.box.name, "--json").planned == []  # it stays, as it was asked for
    found = out(shown.box, f"grep -rl {SECRET} /var/lib/clawprov /etc/systemd || :")
    assert found == ""
    assert owner.run("funnel", "off", shown.box.name).exit == 0
    assert public.get("/") == b""


@pytest.fixture
def hear(shown: Shown) -> Iterator[Callable[[], str]]:
    with hearing(shown.wishing(), shown.box) as hear:
        yield hear


def audited(owner: Person, box: Box) -> tuple[str, dict[str, str]]:
    """The grade, and how bad each finding about Funnel is."""
    said = owner.run("audit", box.name, "--json").answer
    found = [one for one in said["findings"] if one["rule"] == "audit:funnel"]
    return said["grade"], {one["problem"].rpartition("//")[2]: one["severity"] for one in found}


def test_whoever_looks_is_told_that_it_is_open(
    shown: Shown, public: Public, hear: Callable[[], str]
) -> None:
    owner, box = shown.wishing(), shown.box
    assert owner.run("funnel", "on", box.name, "--for", "1h").exit == 0
    line = owner.run("status", box.name)
    assert line.exit == 0, line
    assert f"✗ funnel:open  the whole internet gets in at https://{public.name}/" in line.out
    assert audited(owner, box) == ("C", {f"{public.name}/ is public": "serious"})
    assert "- a Funnel is open: the whole internet can knock" in hear()
    assert owner.run("funnel", "off", box.name).exit == 0
    assert audited(owner, box) == ("A", {})
    assert "+ no more: a Funnel is open" in hear()


def test_what_a_program_holds_open_is_seen_and_ends_with_it(shown: Shown) -> None:
    owner, box, before = shown.wishing(), shown.box, shown.routes()
    held = "systemd-run -q --collect --unit=held tailscale funnel --yes --bg=false --https=8443"
    with during(box, f"{held} http://127.0.0.1:18789", "systemctl stop held"):
        await_in(box, f"{STATUS} | grep -q AllowFunnel", seconds=10)
        place = f"{shown.name}:8443/"
        assert place in owner.run("status", box.name).out
        assert audited(owner, box) == ("C", {f"{place} is public": "serious"})
        assert owner.run("funnel", "off", box.name).refused(5, f"{place} is still open")
    await_in(box, NOBODYS)
    with during(box, f"{held} http://127.0.0.1:3000", "systemctl stop held"):
        await_in(box, f"{STATUS} | grep -q AllowFunnel", seconds=10)
        assert "funnel" not in owner.run("status", box.name).out
        assert audited(owner, box) == ("B", {place: "minor"})
    await_in(box, NOBODYS)
    assert shown.routes() == before


def test_a_tailscale_that_is_away_is_told_by_the_watch(
    shown: Shown, hear: Callable[[], str]
) -> None:
    assert hear() == ""
    with during(shown.box, "tailscale down", "tailscale up"):
        assert "- nobody gets in over the tailnet: its Tailscale says Stopped" in hear()
    assert "+ no more: nobody gets in over the tailnet" in hear()


def test_an_end_that_comes_while_the_server_is_off_comes_at_its_start(
    shown: Shown, public: Public
) -> None:
    assert shown.wishing().run("funnel", "on", shown.box.name, "--for", "20s").exit == 0
    out(shown.box, f"systemctl stop clawprov-funnel.timer; sync; {OVER}")
    assert "AllowFunnel" in shown.routes()
    shown.box.crash()
    await_in(shown.box, CLOSED, seconds=60)
    assert "Web" in shown.routes()


def test_the_inventory_opens_it_for_good_and_closes_it(shown: Shown, public: Public) -> None:
    box, wide = shown.box, shown.wishing(access="tailscale-funnel")
    before = shown.routes()
    assert wide.run("up", box.name, "--json").done == ["tailscale:funnel"]
    assert wide.run("up", box.name, "--json").planned == []
    assert public.prove(SECRET).ok
    assert_well(wide, box, path=f"https://{shown.name}", public=True)
    assert wide.run("funnel", "on", box.name, "--for", "1h").refused(2, "opens it for good")
    closed = wide.run("funnel", "off", box.name)
    assert closed.exit == 0, closed
    assert "its inventory still wishes it open" in closed.out
    assert public.get("/") == b""
    assert wide.run("up", box.name, "--json").done == ["tailscale:funnel"]
    assert shown.wishing().run("up", box.name, "--json").done == ["tailscale:funnel"]
    assert shown.routes() == before


def test_what_would_let_in_too_many_is_refused_before_anything_changes(shown: Shown) -> None:
    box, before = shown.box, shown.routes()
    owner = shown.wishing()
    short = replace(owner, variables=()).knowing(
        CLAWDBOT_GATEWAY_PASSWORD="short", SSL_CERT_FILE=dict(owner.variables)["SSL_CERT_FILE"]
    )
    said = short.run("up", box.name, "--access", "funnel")
    assert said.refused(5, "its password has 5 characters")
    said = owner.run("funnel", "on", box.name, "--auth", "token")
    assert said.refused(5, "needs a password, and this one has a token")
    canvas = shown.wishing(access="tailscale-funnel", config={"canvasHost": {"enabled": True}})
    assert canvas.run("up", box.name).refused(3, "the canvas asks for no password")
    out(box, "tailscale serve --bg --yes --https=8443 http://127.0.0.1:3000 </dev/null")
    said = owner.run("funnel", "on", box.name, "--port", "8443")
    assert said.refused(5, "port 8443 leads to http://127.0.0.1:3000")
    out(box, "tailscale serve --yes --https=8443 off")
    assert owner.run("funnel", "on", box.name, "--port", "80").exit == 2
    assert shown.routes() == before


def test_a_canvas_that_somebody_has_turned_on_by_hand_is_seen(shown: Shown) -> None:
    path = "/var/lib/clawdbot/.clawdbot/clawdbot.json"
    out(shown.box, f"cp -a {path} /root/kept; tr -d '\\n' </root/kept >{path}.x")
    edit = 's/"canvasHost": *{ *"enabled": *false/"canvasHost": {"enabled": true/'
    out(shown.box, f"sed -i '{edit}' {path}.x; cat {path}.x >{path}; rm {path}.x")
    said = shown.wishing().run("funnel", "on", shown.box.name)
    out(shown.box, f"cp -a /root/kept {path}")
    assert said.refused(5, "its canvas lets in who has no password")


def test_the_bare_port_is_open_to_the_tailnet_alone(shown: Shown, visitor: Box) -> None:
    """Last, since it restarts what others use."""
    box, both = shown.box, shown.wishing(access=["tailscale-serve", "tailnet"])
    said = both.run("up", box.name, "--json")
    assert said.exit == 0, said
    assert said.done == ["tailnet:forward"]
    fetch = "curl -s -m 5 -o /dev/null -w '%{http_code}'"
    assert out(visitor, f"{fetch} http://{shown.name}:18789/") == "200"
    assert out(visitor, f"{fetch} http://{box.address}:18789/ || :") == "000"
    out(box, "systemctl restart tailscaled clawdbot-gateway")
    alone = shown.wishing(access="tailnet")
    said = alone.run("up", box.name, "--json")
    assert said.exit == 0, said
    proof = said.answer["proof"]
    assert proof["path"].startswith("ws://100."), proof
    assert proof["refused"] == {"wrong_secret": True, "no_secret": True}
    assert_well(alone, box, path="ws://100.")
    assert shown.wishing().run("up", box.name).exit == 0
    deadline = time.monotonic() + 10
    while out(visitor, f"{fetch} http://{shown.name}:18789/ || :") != "000":
        assert time.monotonic() < deadline
