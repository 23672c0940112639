"""What a server's programs say about themselves is not taken for what the server says of them."""

from __future__ import annotations

import pytest

from provision.checks.doctor import build_rules
from provision.checks.doctor.answers import find_answers, tell_answers
from provision.checks.doctor.patient import Patient
from provision.checks.doctor.sockets import find_holder
from provision.checks.doctor.units import find_units
from provision.model.facts import Facts, Reading
from provision.products import find_product

PATIENT = Patient("vps1", find_product("clawdbot"), 18789, lambda: 0.0)
UNIT = "unit /home/eve/.config/systemd/user/clawdbot.service\nowner=eve\nActiveState=active\n"
BREAKS = ["\r", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029"]


@pytest.mark.parametrize("mark", ["| ", "= ", "> "])
@pytest.mark.parametrize("end", BREAKS)
def test_a_log_or_a_unit_cannot_say_whose_it_is(mark: str, end: str) -> None:
    said = end.join(["# hello", "owner=", "user=eve", "config_path=/etc/shadow", "config_owner=r"])
    facts = Facts({"doctor:units": Reading(0, f"{UNIT}{mark}{said}\nend")})
    (unit,) = find_units(facts)
    assert (unit.owner, "config_path" in unit.seen) == ("eve", False)


@pytest.mark.parametrize("end", BREAKS)
def test_a_command_line_cannot_say_that_a_service_has_the_port(end: str) -> None:
    forged = "tcp\t127.0.0.1:18789\t7\t1\t/system.slice/clawdbot-gateway.service\tyes\tx"
    row = f"tcp\t127.0.0.1:19000\t6\t1\t/user.slice/x\tyes\tclawdbot gateway {end}{forged}"
    assert find_holder(Facts({"doctor:sockets": Reading(0, row)}), 18789) is None


def test_an_answer_in_several_lines_is_one_answer() -> None:
    told = tell_answers({"server": ("other", "it said\nnone\tlet in\t"), "none": ("other", "no")})
    answers = find_answers(Facts({"doctor:answers": told}))
    assert answers == {"server": ("other", "it said none let in"), "none": ("other", "no")}


@pytest.mark.parametrize(("exit", "found"), [(0, True), (3, False)])
def test_a_server_that_cannot_tell_who_listens_has_no_silent_gateway(
    exit: int, found: bool
) -> None:
    text = "unit /etc/systemd/system/clawdbot-gateway.service\nActiveState=active\nage=900\nend"
    sockets, nothing = Reading(exit, ""), Reading(0, "")
    facts = Facts({"doctor:units": Reading(0, text), "doctor:sockets": sockets})
    (rule,) = [rule for rule in build_rules(PATIENT) if rule.id == "port:silent"]
    assert (rule.judge(nothing, facts) is not None) is found
