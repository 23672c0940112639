"""Many hosts on one screen."""

from __future__ import annotations

from provision.errors import ConnectError, ProvisionError
from provision.model.inside import Channel, Inside, Node, Place
from provision.model.plan import Plan
from provision.model.report import Proof, Report, Verdict
from provision.model.spec import Host
from provision.ui.status import show_status
from provision.ui.style import Style

PLAIN = Style(False)
PHONE = Node("1", "phone", "ios", connected=True, commands=("camera.snap",))
INSIDE = Inside((Channel("telegram", "default", "connected"),), (PHONE,))
PLACES = (Place("exec", "gateway host a", "as user p"), Place("browser", "", "switched off"))


def report(name: str, *verdicts: Verdict, proof: Proof | None = None) -> Report:
    proof = proof or Proof(True, "ssh", 16, "p 1, protocol 3", inside=INSIDE)
    return Report(name, Plan(name, product="p@1"), verdicts=verdicts, proof=proof, places=PLACES)


def shown(*found: Report | ProvisionError, verbose: bool = False) -> list[str]:
    hosts = [Host(name, "192.0.2.1", product="openclaw") for name in ("a", "vps2", "c")]
    looks = list(zip(hosts, found, strict=False))
    return show_status(looks, PLAIN, width=80, verbose=verbose).splitlines()


def test_a_host_that_is_well_is_a_line() -> None:
    well = (Verdict("gateway:steady", ""), Verdict("tunnel:gateway", ""))
    assert shown(report("a", *well), report("vps2")) == [
        "✓ a     p@1  ssh, ssh-tunnel  16 ms",
        "✓ vps2  p@1  ssh              16 ms",
    ]


def test_what_is_wrong_stands_below_and_a_host_that_is_away_is_a_line_too() -> None:
    ill = report("a", Verdict("x:y", "bad", "mend"), proof=Proof(False, "ssh", problem="no"))
    assert shown(ill, ConnectError("no answer", hint="ping it")) == [
        "✗ a     p@1       ssh  no proof",
        "  ✗ gateway:websocket  no",
        "    next: clawprov doctor a",
        "  ✗ x:y                bad",
        "    next: mend",
        "✗ vps2  openclaw  ssh  away",
        "  ✗ connect  no answer",
        "    next: ping it",
    ]


def test_of_many_problems_the_first_are_told_and_how_to_see_the_others() -> None:
    ill = report("a", *(Verdict(f"x:{n}", "bad") for n in range(5)))
    assert shown(ill)[1:] == [
        "  ✗ x:0  bad",
        "  ✗ x:1  bad",
        "  ✗ x:2  bad",
        "  and 2 more: clawprov verify a",
    ]
    assert "  ✗ x:4  bad" in shown(ill, verbose=True)


def test_notes_stay_out_of_it_but_for_an_open_funnel() -> None:
    notes = (Verdict("a:b", "", note="odd"), Verdict("funnel:open", "", note="open to all"))
    assert shown(report("a", *notes))[1:] == ["  ✗ funnel:open  open to all"]
    assert shown(report("a", Verdict("funnel:open", "")))[1:] == []


def test_more_is_told_of_what_is_inside_and_where_things_are_executed() -> None:
    assert shown(report("a"), verbose=True)[1:] == [
        "    channels   telegram connected",
        "    nodes      phone (ios) connected",
        "    exec       on gateway host a as user p",
        "    browser    switched off",
    ]
    silent = report("a", proof=Proof(False, "ssh", problem="no"))
    assert "    nodes      not known" in shown(silent, verbose=True)
