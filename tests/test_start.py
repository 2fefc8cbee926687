"""January 2024 is the one that was published, and the tape of births and moves is the ONS projection's."""

from collections import Counter
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohort import calendar, demography, parameters, rounding, setting, start
from cohort.calendar import NCY_LOWEST, NCYS
from cohort.scenario import Scenario
from cohort.states import NEEDS, NONE_YET, PLACEMENTS, Presence, Stage, Support
from cohort.world import World
from tests.small import KENT, full_setting

LEAF = {str(r["sen2_column"]): str(r["placement"]) for r in KENT.table("placement_map").rows()}
CODE = {p.label: code for code, p in enumerate(PLACEMENTS)}


class Children:
    """The children with needs of a setting at its start, as plain columns."""

    def __init__(self, of):
        tape, began = of.tape, of.start
        n = tape.with_needs
        self.here = (tape.arrival[:n] < tape.start) & (tape.leaving[:n] >= tape.start)
        self.ncy = calendar.academic_year(tape.start - 1) - 5 - tape.cohort[:n].astype(int)
        self.sex, self.district, self.area, self.identity = (
            getattr(tape, name)[:n] for name in ("sex", "district", "area", "identity")
        )
        self.support, self.stage, self.placement, self.need, self.anniversary, self.clock = (
            getattr(began, name) for name in ("support", "stage", "placement", "need", "anniversary", "clock")
        )
        self.plan = self.support == Support.PLAN


@cache
def kent():
    return Children(full_setting())


# The published margins


def test_there_are_19407_plans_all_of_children_who_live_in_kent():
    c = kent()
    assert c.plan.sum() == 19407
    assert c.here[c.plan].all()
    assert c.here[(c.support > 0) | (c.stage > 0) | (c.placement > 0)].all()


def test_every_cell_of_age_and_placement_is_the_published_one():
    c, published = kent(), Counter()
    for r in KENT.table("plans_by_age").where(january=2024).rows():
        published[r["age"] - 4, CODE[LEAF[r["sen2_column"]]]] += r["plans"]
    ours = Counter(zip(c.ncy[c.plan].tolist(), c.placement[c.plan].tolist(), strict=True))
    assert ours == +published
    assert ours.total() == 19407


def test_every_placement_has_its_published_girls():
    c, girls = kent(), Counter()
    for r in KENT.table("plans_by_sex").where(january=2024, sex="female").rows():
        girls[CODE[LEAF[r["sen2_column"]]]] += r["plans"]
    assert Counter(c.placement[c.plan & (c.sex == 0)].tolist()) == +girls
    boys = (c.plan & (c.sex == 1)).sum()
    assert boys == KENT.table("plans_by_sex").where(january=2024, sex="male")["plans"].sum()


def test_27968_of_school_age_are_on_sen_support_as_is_estimated_by_year():
    c = kent()
    supported = c.ncy[c.support == Support.SEN_SUPPORT]
    assert len(supported) == 27968
    by_ncy = {int(r["ncy"]): r["mode"] for r in KENT.table("estimate_sen_support").rows()}
    assert Counter(supported.tolist()) == {ncy: round(children) for ncy, children in by_ncy.items()}
    assert by_ncy.keys() == set(range(12)), "Year R to Year 11"


def england(table, key):
    """[key, need] plans of England."""
    grid = np.zeros((len(PLACEMENTS) if key == "placement" else len(NCYS), len(NEEDS) - 1))
    for r in KENT.table(table).rows():
        at = CODE[str(r["placement"])] if key == "placement" else min(int(r["age"]), 25) - 4 - NCY_LOWEST
        grid[at, NEEDS.index(str(r["need"]))] += r["plans"]
    grid[grid.sum(1) == 0] = grid.sum(0)
    return grid / grid.sum(1, keepdims=True)


def test_needs_are_englands_by_placement_and_by_age_but_for_what_the_start_lists():
    c = kent()
    assert (c.need[c.plan] < NONE_YET).all()
    targets, ours = {}, {}
    for margin, rows, table in (("placement", c.placement, "needs_by_placement_england"),
                                ("ncy", c.ncy - NCY_LOWEST, "needs_by_age_england")):  # fmt: skip
        shares = england(table, margin)
        ours[margin] = np.zeros(shares.shape)
        np.add.at(ours[margin], (rows[c.plan], c.need[c.plan]), 1)
        targets[margin] = shares * ours[margin].sum(1, keepdims=True)
    both = sum(target.sum(0) for target in targets.values()) / 2
    listed = {(margin, label): gap for margin, label, gap in full_setting().start.unmet}
    for margin, target in targets.items():
        gaps = np.rint(ours[margin] - target * both / np.maximum(target.sum(0), 1e-9)).astype(int)
        names = [p.label for p in PLACEMENTS] if margin == "placement" else [str(n) for n in NCYS]
        found = {(margin, f"{names[i]}/{NEEDS[k]}"): gaps[i, k] for i, k in zip(*np.nonzero(gaps), strict=True)}
        assert found == {key: gap for key, gap in listed.items() if key[0] == margin}
    total = np.bincount(c.need[c.plan], minlength=len(NEEDS) - 1)
    assert np.abs(total / both - 1).max() < 0.01
    assert np.abs(total - both).max() < 10


def test_what_is_listed_as_unmet_is_small():
    gaps = np.array([abs(gap) for _, _, gap in full_setting().start.unmet])
    assert gaps.sum() < 0.05 * 19407
    assert np.quantile(gaps, 0.9) <= 30


def test_anniversaries_are_spread_over_the_year_and_only_of_plans():
    c = kent()
    assert (c.anniversary[~c.plan] == 255).all()
    assert np.bincount(c.anniversary[c.plan], minlength=12).min() > 19407 / 12 * 0.9


def test_ncy_21_holds_only_the_one_plan_listed_at_25():
    full, c = full_setting(), kent()
    listed = KENT.table("plans_by_age").where(january=2024)
    assert (c.here & (c.ncy == 21)).sum() == listed["plans"][listed["age"] >= 25].sum() == 1
    assert c.plan[c.here & (c.ncy == 21)].all()
    population = full.tape.population(full.tape.start)
    assert population[26].sum() == 1


def test_each_districts_share_of_plans_is_near_its_weight():
    full, c = full_setting(), kent()
    weight = start.district_weights(KENT, full.tape)
    assert len(set(np.round(weight, 9))) == 4, "a district has its area's weight"
    could = np.zeros(12)
    for ncy in np.unique(c.ncy[c.plan]):
        for sex in (0, 1):
            among = c.here & (c.ncy == ncy) & (c.sex == sex)
            room = np.bincount(c.district[among], minlength=12) * weight
            could += room / max(room.sum(), 1e-9) * (c.plan & among).sum()
    plans = np.bincount(c.district[c.plan], minlength=12)
    assert np.abs(plans / could - 1).max() < 0.03


# Requests not yet decided, assessments, refusals, appeals


@cache
def began(**fixed):
    """The start with some parameters fixed."""
    full = full_setting()
    return start.start(KENT, full.tape, full.book, parameters.draw(KENT, 0, fixed))


def in_stage(s, stage, plan=False):
    """Row -> clock of those in a stage."""
    rows = np.flatnonzero((s.stage == stage) & ((s.support == Support.PLAN) == plan))
    return dict(zip(rows.tolist(), s.clock[rows].tolist(), strict=True))


def test_the_pipeline_is_as_large_as_its_parameters():
    s, p = full_setting().start, full_setting().params
    assert len(in_stage(s, Stage.ASSESSING)) == round(p["backlog_months"] * p["decided_to_assess_a_month"])
    assert len(in_stage(s, Stage.REQUESTED)) == round(p["undecided_requests"])
    assert len(in_stage(s, Stage.REFUSED)) == round(p["recently_refused"])
    assert len(in_stage(s, Stage.APPEALING)) == round(p["appealing_refusal"])
    assert len(in_stage(s, Stage.APPEALING, plan=True)) == round(p["contesting_plan"])
    assert (s.need[s.stage > 0] < NONE_YET).all()


NESTED = (
    ("backlog_months", 4.0, 7.0, Stage.ASSESSING, False),
    ("undecided_requests", 220, 420, Stage.REQUESTED, False),
    ("recently_refused", 500, 1100, Stage.REFUSED, False),
    ("appealing_refusal", 150, 320, Stage.APPEALING, False),
    ("contesting_plan", 200, 420, Stage.APPEALING, True),
)


@pytest.mark.parametrize(("name", "low", "high", "stage", "plan"), NESTED)
def test_a_larger_backlog_holds_the_smaller_ones_children_with_the_same_clocks(name, low, high, stage, plan):
    small, large = (in_stage(began(**{name: value}), stage, plan) for value in (low, high))
    assert len(small) < len(large)
    assert small.items() <= large.items()


@pytest.mark.parametrize(("name", "low", "high", "stage", "plan"), NESTED)
def test_a_larger_backlog_disturbs_no_other_stage(name, low, high, stage, plan):
    small, large = (began(**{name: value}) for value in (low, high))
    for other in Stage:
        for held in (False, True):
            if other != Stage.NONE and (other, held) != (stage, plan):
                assert in_stage(small, other, held) == in_stage(large, other, held)
    np.testing.assert_array_equal(small.support, large.support)


def test_clocks_run_from_before_the_start_by_the_packs_profile():
    s, months = full_setting().start, KENT.table("estimate_pipeline_ages")
    for stage in (Stage.REQUESTED, Stage.ASSESSING, Stage.REFUSED, Stage.APPEALING):
        back = full_setting().tape.start - np.array(list(in_stage(s, stage).values()))
        profile = months.where(stage=stage.name.lower())
        assert back.min() >= 1
        assert set(back.tolist()) <= set(profile["months_back"].tolist())
        mean = (profile["months_back"] * profile["share"]).sum() / profile["share"].sum()
        assert abs(back.mean() - mean) < 4 * back.std() / np.sqrt(len(back))


# Other Januaries


@cache
def another(year):
    return setting.build(Scenario(name="earlier", start=f"{year}-01", until=f"{year}-03"))


@pytest.mark.parametrize("year", [2022, 2023])
def test_another_january_is_raked_to_its_own_totals_and_marked_an_estimate(year):
    c, totals = Children(another(year)), Counter()
    for r in KENT.table("plans_by_january").where(january=year).rows():
        totals[CODE[LEAF[r["sen2_column"]]]] += r["plans"]
    assert Counter(c.placement[c.plan].tolist()) == +totals
    assert c.plan.sum() == {2022: 17733, 2023: 18931}[year]
    assert another(year).start.estimate
    assert not full_setting().start.estimate
    assert c.ncy[c.plan].max() <= 20


@pytest.mark.parametrize("year", [2022, 2023])
def test_a_world_starts_and_runs_from_another_january(year):
    world = World.start(another(year)).run()
    plans = {m: int(stock[:, :, Support.PLAN].sum()) for m, stock in world.record.stocks.items()}
    assert abs(plans[world.month] / plans[calendar.january(year)] - 1) < 0.05


def test_a_january_nobody_published_is_refused_with_those_allowed():
    full = full_setting()
    with pytest.raises(ValueError, match="January 2018; allowed: 2019 to 2024"):
        start.plans_by_ncy(KENT, full.book.vocabulary, 2018)


def test_a_tape_that_starts_in_no_january_is_no_start():
    full = full_setting()
    tape = demography.build(KENT, calendar.month("2024-03"), calendar.month("2024-06"))
    with pytest.raises(ValueError, match="not 2024-03"):
        start.start(KENT, tape, full.book, full.params)


@pytest.mark.parametrize(("first", "last"), [("2018-12", "2024-01"), ("2024-01", "2024-01"), ("2049-01", "2050-02")])
def test_a_tape_outside_2019_to_2050_is_refused(first, last):
    with pytest.raises(ValueError, match="between 2019-01 and 2050-01"):
        demography.build(KENT, calendar.month(first), calendar.month(last))


# Rounding


WEIGHTS = st.lists(st.floats(0, 1000), min_size=1, max_size=20).filter(lambda w: sum(w) > 0.001)


@given(WEIGHTS, st.integers(0, 10**6))
def test_the_largest_remainder_shares_out_exactly_and_within_one(weights, total):
    weights = np.array(weights)
    out = rounding.largest_remainder(weights, total)
    assert out.sum() == total
    assert np.abs(out - weights / weights.sum() * total).max() < 1 + 1e-6
    assert (out >= 0).all()


@given(st.lists(st.integers(0, 500), min_size=1, max_size=20), st.floats(0, 1))
def test_the_bounded_remainder_never_gives_more_than_there_are(most, share):
    most = np.array(most)
    total = round(share * most.sum())
    out = rounding.bounded_remainder(most, total)
    assert out.sum() == total
    assert (out <= most).all()


def test_nothing_to_share_among_nobody_is_refused():
    with pytest.raises(ValueError, match="cannot be shared out"):
        rounding.largest_remainder(np.zeros(3), 2)


# The tape


def at_mid_year(tape, year):
    """[district, age] children living in Kent at 30 June, by age at it."""
    july = calendar.month(f"{year}-07")
    here = (tape.arrival < july) & (tape.leaving >= july)
    grid = np.zeros((len(tape.districts), 26), int)
    np.add.at(grid, (tape.district[here], np.minimum((july - 1 - tape.birth[here].astype(int)) // 12, 25)), 1)
    return grid


@pytest.mark.parametrize("year", [2024, 2025, 2026, 2027])
def test_every_district_and_year_of_age_is_the_projections_at_each_mid_year(year):
    tape, table = full_setting().tape, KENT.table("population").where(year=year)
    projected = np.zeros((12, 26), int)
    for r in table.rows():
        projected[tape.districts.index(r["district"]), r["age"]] += r["people"]
    ours = at_mid_year(tape, year)
    np.testing.assert_array_equal(ours[:, :25], projected[:, :25])
    assert (ours[:, 25] <= projected[:, 25]).all(), "of the 25-year-olds those born in July and August have left"
    assert (ours[:, 25] >= projected[:, 25] * 10 // 12 - 20).all()


def test_births_are_the_projections_newborns():
    tape, born = full_setting().tape, Counter()
    for r in KENT.table("population").where(age=0).rows():
        born[r["year"]] += r["people"]
    birth = tape.birth.astype(int)
    for year in (2025, 2026, 2027):
        months = range(calendar.month(f"{year - 1}-07"), calendar.month(f"{year}-07"))
        newborn = tape.born & (birth >= months[0]) & (birth <= months[-1])
        left = newborn & (tape.leaving <= months[-1])
        moved = (~tape.born) & (birth >= months[0]) & (birth <= months[-1]) & (tape.arrival <= months[-1])
        assert abs(newborn.sum() - left.sum() + moved.sum() - born[year]) == 0


def test_nobody_is_born_after_arriving_nor_leaves_before():
    tape = full_setting().tape
    assert (tape.birth <= tape.arrival).all()
    assert (tape.leaving > tape.arrival).all()
    moved = tape.leaving_as != Presence.AGED_OUT
    assert (tape.leaving[moved] < tape.until).all()
    limits = np.array([calendar.leaving_month(int(c)) for c in tape.cohort[~moved]])
    oldest = limits <= tape.start
    np.testing.assert_array_equal(tape.leaving[~moved], np.where(oldest, limits + 12, limits))
    assert oldest.sum() == 1


def test_the_tapes_own_count_of_people_is_that_of_its_rows():
    tape = full_setting().tape
    for label in ("2024-01", "2024-09", "2024-10", "2027-01"):
        m = calendar.month(label)
        assert tape.population(m).sum() == ((tape.arrival < m) & (tape.leaving >= m)).sum()
        assert tape.population_with_needs(m).sum() < 0.5 * tape.population(m).sum()


def test_holders_of_plans_hardly_leave_at_18_and_19():
    world = World.start(full_setting()).run()
    tape, c = world.setting.tape, world.columns
    first, last = calendar.month("2024-07"), calendar.month("2027-07")
    age = (tape.leaving.astype(int) - tape.birth) // 12
    leave = (
        (tape.leaving >= first)
        & (tape.leaving < last)
        & np.isin(age, (18, 19))
        & (tape.leaving_as != Presence.AGED_OUT)
    )
    holders = leave[: tape.with_needs] & (c.support == Support.PLAN)
    assert leave.sum() > 3 * 2000, "about 2,700 a year leave, most to study"
    assert holders.sum() < 0.01 * leave.sum()


def test_a_departure_does_not_depend_on_what_became_of_the_child():
    c, tape = kent(), full_setting().tape
    n = tape.with_needs
    for ncy in (3, 9):
        of_age = c.here & (c.ncy == ncy)
        gone = (tape.leaving[:n] < tape.until) & of_age
        with_plan, without = gone[c.plan & of_age].mean(), gone[~c.plan & of_age].mean()
        assert abs(with_plan - without) < 4 * np.sqrt(without / (c.plan & of_age).sum())


@pytest.mark.slow
def test_a_run_to_2040_builds_and_its_people_are_conserved():
    long = setting.build(Scenario(name="long", until="2040-04"))
    people = [int(long.tape.population(calendar.january(y)).sum()) for y in range(2024, 2041)]
    assert min(people) > 0.85 * people[0]
    assert max(people) < 1.15 * people[0]
    world = World.start(long).run()
    assert calendar.label(world.month) == "2040-04"
    short = full_setting().tape
    np.testing.assert_array_equal(at_mid_year(long.tape, 2027), at_mid_year(short, 2027))
