"""Each rule that is shipped: whole, within bounds, nothing before its date, nothing at no size, and never inert."""

import ast
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from cohort import calendar, draws, inert, lawful, parameters, prices, rulebook, spending
from cohort.policy import (
    NOTHING,
    Changes,
    Expand,
    Fund,
    Open,
    Policy,
    Price,
    Redirect,
    Scale,
    Set,
    When,
    Withhold,
    combine,
)
from cohort.rates import Rates
from cohort.scenario import Scenario
from cohort.states import AREAS, Vocabulary
from cohort.world import World
from tests.small import KENT, elastic, small_setting

RULES = rulebook.shipped()
LATER = [name for name in RULES if rulebook.load(name).first_month() > calendar.month("2024-01")]
MONTHS = range(calendar.month("2024-01"), calendar.month("2028-04"))
PROGRAMME = Scenario.load("programme").rules
RULED_OUT = {"move_to_mainstream", "cut_mainstream_top_up", "cease_sen_services"}
COMPARED_WITH = {"no_improvement", "historic_trend", "attributed_savings", "refused_transfer", "withheld_dfe"}


@cache
def world(policy=NOTHING, every=40, until="2027-02", draw=0, seed=1):
    """A small world's end under a policy, with a place for everybody, so that nobody's place depends on another's."""
    return World.start(elastic(small_setting(every, until, policy, draw=draw)), seed=seed).run()


def alike(one, other, rows=slice(None)):
    """Whether two worlds' children are the same, column by column."""
    for name, column in one.columns._asdict().items():
        np.testing.assert_array_equal(column[rows], getattr(other.columns, name)[rows], name)


def lines(of):
    """[month, line] pence of a world."""
    return spending.bill(of).by_line(of.setting.prices)


# Whole


@pytest.mark.parametrize("name", RULES)
def test_a_rule_says_what_it_rests_on_and_what_it_omits(name):
    policy = rulebook.load(name)
    assert policy.name == name
    assert rulebook.incomplete(policy) == []
    said = (Path(__file__).parents[1] / "rules" / f"{name}.py").read_text(encoding="utf-8").split('"""')[1]
    for heading in ("Provisions: ", "Evidence: ", "Baseline: ", "Omits: "):
        assert f"\n{heading}" in said, heading


@pytest.mark.parametrize("name", RULES)
def test_every_reason_is_a_source_or_an_assumption(name):
    sources = ("paper", "Appendix", "condition", "assumption", "assumed", "press", "SEN2", "rate_dates.csv",
               "DECISIONS_2024", "INTO_NMISS", "calibration", "as in no_improvement")  # fmt: skip
    for change in rulebook.load(name).changes:
        assert any(word in change.because for word in sources), (change.label, change.because)


def test_every_rule_is_in_the_programme_or_ruled_out_or_there_to_compare_with():
    assert set(RULES) == set(PROGRAMME) | RULED_OUT | COMPARED_WITH
    assert not set(PROGRAMME) & (RULED_OUT | COMPARED_WITH)


def test_the_programme_is_lawful_and_what_is_flagged_is_ruled_out():
    flagged = {name for name in RULES if lawful.problems(rulebook.load(name))}
    assert flagged == {"move_to_mainstream", "cease_sen_services"}
    for name in PROGRAMME:
        for change in rulebook.load(name).changes:
            assert not change.grounds or any(w in change.grounds for w in ("s.", "preference")), change.label


def test_rules_import_the_policy_vocabulary_only():
    for name in RULES:
        text = (Path(__file__).parents[1] / "rules" / f"{name}.py").read_text(encoding="utf-8")
        imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]
        assert [getattr(node, "module", "") for node in imports] == ["cohort.policy"], name


# Within bounds


@pytest.mark.parametrize("name", [*RULES, "programme"])
def test_a_rule_stays_within_its_bounds_in_every_draw_and_month(name):
    policy = combine([rulebook.load(n) for n in PROGRAMME]) if name == "programme" else rulebook.load(name)
    for draw in range(21):
        params = parameters.draw(KENT, draw)
        Rates(KENT, params, policy).check(MONTHS)
        assert prices.prices(KENT, params, Vocabulary(), policy).services


@pytest.mark.parametrize("name", RULES)
def test_sizes_differ_from_draw_to_draw_and_are_shared_by_whatever_holds_the_rule(name):
    policy = rulebook.load(name)
    whole = policy | Policy("other", (Scale("identify", 0.5, policy.changes[0].timing, name="x"),))
    at = parameters.draw(KENT, 7)
    settled = policy.settled(at.size).changes
    assert set(settled) <= set(whole.settled(at.size).changes)
    if settled != policy.changes:
        assert policy.settled(at.size).changes != policy.settled(parameters.draw(KENT, 8).size).changes


# Nothing at no size, and nothing before its date


def nought(change):
    """The change with no effect."""
    if isinstance(change, Set):
        return Scale(change.rate, 1.0, change.when, change.where, owner=change.owner, name=change.name)
    none = {Scale: {"by": 1.0}, Redirect: {"share": 0.0, "appeal_share": 1.0}, Price: {"by": 1.0, "growth": 0.0},
            Fund: {"pounds": 0.0}, Withhold: {"share": 0.0}, Open: {"places": 0}, Expand: {"places": 0}}  # fmt: skip
    return replace(change, **none[type(change)])


@pytest.mark.parametrize("name", RULES)
def test_at_no_size_a_rule_changes_nothing(name):
    policy = rulebook.load(name)
    null = Policy(name, tuple(nought(c) for c in policy.changes))
    alike(world(), world(null))
    np.testing.assert_array_equal(lines(world()), lines(world(null)))


@pytest.mark.parametrize("name", LATER)
def test_before_its_first_month_a_rule_changes_nothing(name):
    policy = rulebook.load(name)
    first = calendar.label(policy.first_month())
    base, other = (world(p, until=first) for p in (NOTHING, policy))
    alike(base, other)
    np.testing.assert_array_equal(lines(base), lines(other))


# Not inert


@pytest.mark.slow
@pytest.mark.parametrize("name", RULES)
def test_a_rule_moves_a_child_or_a_penny_in_at_least_19_of_20_draws(name):
    """Of its named mechanism: a rule that changes children's paths must move children, one of prices only pence."""
    policy = rulebook.load(name)
    moves_children = any(isinstance(c, Scale | Set | Redirect | Open) for c in policy.changes)
    every = {"small_capital": 1, "new_special_schools": 4}.get(name, 12)  # few are meant: one in twelve may miss them
    until = "2029-04" if name == "new_special_schools" else "2027-10"  # delayed, schools open after March 2028
    moved = 0
    for draw in range(20):
        found = inert.difference(
            still(every, draw, until), World.start(small_setting(every, until, policy, draw=draw)).run()
        )
        moved += bool(found.children if moves_children else found.pence)
    assert moved >= 19


@cache
def still(every, draw, until):
    """The world without a policy that others are compared with."""
    return World.start(small_setting(every, until, draw=draw)).run()


def test_an_exact_nought_is_an_error_that_names_the_policy():
    late = Policy("too_late", (Scale("request", 0.5, When("2027-09"), name="x"),))
    with pytest.raises(inert.InertError, match=r"^too_late: moved neither a child nor a penny in draw 0; look at "):
        inert.demand(world(), {"too_late": world(late), "early_years": world(rulebook.load("early_years"))})
    found = inert.demand(world(), {"early_years": world(rulebook.load("early_years"))})
    assert found["early_years"].children > 0


def test_worlds_of_other_luck_are_not_compared():
    with pytest.raises(ValueError, match="cannot be compared"):
        inert.difference(world(), world(seed=2))


# Composed


def in_area(policy, area):
    """What a rule would do in one area only: prices and pots have none, and are left out."""
    kept = [c for c in policy.changes if isinstance(c, Scale | Set | Redirect)]
    return Policy(policy.name, tuple(replace(c, where=replace(c.where, areas=(area,))) for c in kept))


@pytest.mark.parametrize("name", [n for n in RULES if in_area(rulebook.load(n), "East").changes])
def test_a_rule_for_one_area_leaves_children_elsewhere_as_they_were(name):
    base, other = world(), world(in_area(rulebook.load(name), "East"))
    alike(base, other, base.columns.area != AREAS.index("East"))


def test_rules_for_two_areas_do_not_meet():
    east, west = in_area(rulebook.load("srp_review"), "East"), in_area(rulebook.load("early_years"), "West")
    both, area = world(east | west), world().columns.area
    for policy, name in ((east, "East"), (west, "West")):
        alike(both, world(policy), area == AREAS.index(name))


def test_the_programme_is_the_same_in_any_order():
    policies = [rulebook.load(n) for n in PROGRAMME]
    one, other = combine(policies), combine(policies[::-1])
    assert one == other
    params = parameters.draw(KENT, 3)
    for month in MONTHS[12::7]:
        np.testing.assert_array_equal(
            Rates(KENT, params, one).compile(month), Rates(KENT, params, other).compile(month)
        )


def test_the_programme_s_thresholds_are_its_rates_in_every_month_however_it_was_come_by():
    """What is kept from month to month is never another month's; transfers are looked up in Septembers only."""
    rates = Rates(KENT, parameters.draw(KENT, 3), combine([rulebook.load(n) for n in PROGRAMME]))
    for month in (MONTHS[0], *MONTHS[14::3], *MONTHS[20:33:4], MONTHS[15]):
        compiled = rates.compile(month)
        for name in rates.acting:
            if ".transfer." not in name or calendar.is_september(month):
                want = draws.threshold(rates.rate(name, month)).ravel()
                at = rates.offset[name]
                np.testing.assert_array_equal(compiled[at : at + want.size], want, f"{name} {month}")


def test_no_two_rules_clash():
    for k, a in enumerate(RULES):
        for b in RULES[k + 1 :]:
            pair = rulebook.load(a), rulebook.load(b)
            assert pair[0] | pair[1] == pair[1] | pair[0]


@pytest.mark.parametrize("name", [n for n in RULES if any(isinstance(c, Redirect) for c in rulebook.load(n).changes)])
def test_redirects_send_elsewhere_and_take_no_plan_away(name):
    kept = [c for c in rulebook.load(name).changes if isinstance(c, Redirect)]
    policy = Policy(name, tuple(replace(c, appeal_share=0.0) for c in kept))
    base, other = world(), world(policy)
    assert (base.columns.support == other.columns.support).mean() > 0.999
    held = [w.record.cells for w in (base, other)]
    for month in held[0]:
        assert held[0][month].sum() == held[1][month].sum()


@pytest.mark.parametrize("name", [n for n in RULES if in_area(rulebook.load(n), "East").changes])
def test_a_change_cut_in_two_at_a_month_is_the_whole(name):
    """Once in full, to end and to begin again is to go on."""
    at, cut = parameters.draw(KENT, 2), calendar.month("2028-01")
    whole = rulebook.load(name).settled(at.size)
    parts = []
    for c in whole.changes:
        if (
            isinstance(c, Scale | Set | Redirect)
            and not c.when.end
            and calendar.month(c.when.full or c.when.start) < cut
        ):
            parts += [replace(c, when=replace(c.when, end="2028-01"), name=f"{c.name} first"),
                      replace(c, when=replace(c.when, start="2028-01", full=""), name=f"{c.name} then")]  # fmt: skip
        else:
            parts.append(c)
    one, other = (Rates(KENT, at, p) for p in (whole, Policy(name, tuple(parts))))
    for month in MONTHS[40:]:
        for rate in one.acting:
            np.testing.assert_allclose(one.rate(rate, month), other.rate(rate, month), rtol=1e-12)


def test_changes_are_told_as_a_table_for_every_rule():
    for name in RULES:
        policy = rulebook.load(name)
        assert isinstance(policy.changes, Changes)
        assert str(policy.changes()).count("\n") == len(policy.changes) + 1
