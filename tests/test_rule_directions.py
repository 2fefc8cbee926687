"""What each rule must do and must not touch: the direction of every series that its mechanism names, in expectation."""

from functools import cache

import numpy as np
import pytest

from cohort import calendar, rulebook, spending
from cohort.expected import LUMPED, Expectation
from cohort.policy import NOTHING
from cohort.prices import LINES
from cohort.processes import PROCESSES
from cohort.states import Support, Vocabulary
from cohort.world import World
from tests.small import full_setting, small_setting, under

EVENTS = [p.name for p in PROCESSES]
YEAR = range(calendar.month("2027-04"), calendar.month("2028-04"))
REQUESTS = ("request", "request_supported", "rerequest")

MUST = {
    "early_years": "-requests -state_special -special",
    "communities_of_schools": "-requests -other",
    "sen_funding_model": "+special =plans =requests",
    "srp_review": "+srp -state_special -special +mainstream_srp",
    "special_school_review": "-state_special -nmiss +mainstream -independent",
    "ehcp_process": "-plans -new_plans -total",
    "annual_review": "-state_special -nmiss -plans -special -independent +ceased",
    "phase_transfer": "-state_special -nmiss +mainstream",
    "post16_offer": "-spi +fe -neet -plans",
    "independent_review": "-nmiss +state_special -independent +special =requests",
    "fee_process": "-independent =plans =special =other =nmiss",
    "nmiss_procurement": "-independent =plans =special =other =nmiss",
    "independent_mainstream": "-independent_mainstream +mainstream -independent",
    "not_in_school": "-eotas -other +mainstream",
    "joint_funding": "-independent -post16 -other =plans =special =mainstream_srp",
    "small_capital": "-state_special +mainstream -spi =new_plans",
    "attributed_savings": "-other =plans =special =independent =mainstream_srp =post16",
    "no_improvement": "+requests +nmiss +independent +total -on_time",
    "historic_trend": "+requests +plans +total +independent",
    "move_to_mainstream": "-state_special -nmiss +mainstream +contest -total",
    "cease_sen_services": "+requests +breakdown +plans +special -other",
}
"""Rule -> the series that fall (-), rise (+) or stay exactly (=), at its most likely sizes."""


@cache
def series(name=""):
    """Every series of a world in expectation: stocks at the end, events of 2025-04 on, pounds of 2027-28."""
    e = Expectation(under(full_setting(), rulebook.load(name) if name else NOTHING), LUMPED)
    states, flows = e.run()
    plans = e.stock(states[-1])[:, :, Support.PLAN].sum((0, 1))
    out = dict(zip(Vocabulary().labels, plans.tolist(), strict=True)) | {"plans": float(plans.sum())}
    first = e.setting.scenario.first
    later = [f for k, f in enumerate(flows) if first + k >= calendar.month("2025-04")]
    for k, event in enumerate(EVENTS):
        out[event] = float(sum(f.events[k].sum() for f in later))
    out["requests"] = sum(out[r] for r in REQUESTS)
    out["ceased"] = out["cease"] + out["review_cease"]
    out["new_plans"] = float(sum(f.events[EVENTS.index("conclude"), 0].sum() for f in later))
    out["on_time"] = float(sum(f.on_time for f in later))
    spent = [e.spend(states[m - first + 1], m) for m in YEAR]
    for line in LINES:
        out[line] = sum(pence for month in spent for sub, pence in month.items() if sub.split(".")[0] == line)
    return out | {"total": sum(out[line] for line in LINES)}


@pytest.mark.parametrize("name", MUST)
def test_a_rule_moves_what_it_names_the_way_it_should_and_leaves_the_rest(name):
    base, ruled = series(), series(name)
    for word in MUST[name].split():
        sign, what = word[0], word[1:]
        change = ruled[what] - base[what]
        if sign == "=":
            assert change == pytest.approx(0, abs=1e-6 * abs(base[what])), what
        else:
            assert (change > 0) == (sign == "+"), f"{what} {change:+.1f}"
            assert abs(change) > 1e-6 * abs(base[what]), what


def test_every_rule_that_acts_has_its_directions_told():
    told = {*MUST, "cut_mainstream_top_up"}  # severity on a rate: not in the expectation, so in children, below
    assert set(rulebook.shipped()) - told == {"new_special_schools", "refused_transfer", "withheld_dfe"}


def test_a_cut_of_top_up_brings_requests_for_the_severest_and_costs_less_at_once():
    base, cut = (
        World.start(small_setting(4, "2027-04", p)).run() for p in (NOTHING, rulebook.load("cut_mainstream_top_up"))
    )
    lines = [spending.bill(w).by_line(w.setting.prices)[:, LINES.index("mainstream_srp")] for w in (base, cut)]
    september = calendar.month("2025-09") - base.setting.scenario.first
    np.testing.assert_array_equal(lines[0][:september], lines[1][:september])
    assert (lines[1][september:] < lines[0][september:]).all()
    asked = [sum(np.isin(log.event, [EVENTS.index(r) for r in REQUESTS]).sum() for log in w.record.logs)
             for w in (base, cut)]  # fmt: skip
    assert asked[1] > asked[0]
    differ = base.columns.support != cut.columns.support
    assert set(base.columns.severity[differ & (base.columns.placement == cut.columns.placement)]) <= {4}


def test_the_target_line_takes_seven_million_in_2027_28_and_moves_nobody():
    assert series("attributed_savings")["other"] - series()["other"] == pytest.approx(-7e8, abs=100)


def test_stls_moves_at_no_net_cost_and_saves_two_million_over_the_academic_year():
    """7/12 of it by March 2026, 5/12 after."""
    funds = [s for s in under(full_setting(), rulebook.load("communities_of_schools")).prices.services
             if "stls" in s.name]  # fmt: skip
    assert len(funds) == 3
    by_month = [sum(s.pence_in(m) for s in funds) for m in range(calendar.month("2025-04"), calendar.month("2026-09"))]
    assert sum(by_month[:12]) / sum(by_month) == pytest.approx(7 / 12, abs=1e-6)
    assert sum(by_month) == pytest.approx(-2e8, abs=100)
    assert sum(by_month[:5]) == 0


def test_refusals_breed_appeals_and_new_requests():
    base, ruled = series(), series("ehcp_process")
    refused = [s["decide"] and (s["appeal"] + s["rerequest"]) / s["decide"] for s in (base, ruled)]
    assert refused[1] > refused[0]
