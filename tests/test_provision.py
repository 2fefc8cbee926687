"""What policies do to places and income: the right provider, from the right month, with no child lost on the way."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohort import account, income, parameters, places, task
from cohort.calendar import month
from cohort.fork import first_difference, run_together
from cohort.ledger import financial_years
from cohort.policy import NOTHING, Close, Delay, Expand, Open, Policy, When, Withhold
from cohort.scenario import Scenario
from cohort.states import Vocabulary
from cohort.world import World
from tests.small import KENT, small_setting
from tests.test_mini import live_together

FROM, PARAMS = month("2024-01"), parameters.draw(KENT)
NEW = Open(provider="New special, East", provider_kind="state_special", area="East", places=400, ncy=(0, 11),
           when=When("2024-09"))  # fmt: skip


def built(*changes):
    return places.build(KENT, PARAMS, Vocabulary(), Scenario(name="s"), Policy("p", changes))


BASE = built()


def of(p, name, at):
    return int(p.by_month[month(at) - FROM, p.names.index(name)])


def total(p, kind, at, areas=("North", "East", "South", "West")):
    among = [x.kind == kind and x.area in areas for x in p.providers]
    return int(p.by_month[month(at) - FROM][among].sum())


def test_a_new_provider_has_its_places_from_its_month_on_as_it_is_phased_in():
    p = built(replace(NEW, when=When("2024-09", full="2025-09", shape="stepped")))
    assert [of(p, NEW.provider, m) for m in ("2024-08", "2024-09", "2025-08", "2025-09", "2028-03")] == [
        0, 80, 320, 400, 400,
    ]  # fmt: skip
    others = [k for k, n in enumerate(p.names) if n != NEW.provider]
    np.testing.assert_array_equal(p.by_month[:, others], BASE.by_month)


def test_a_planned_school_opens_when_a_policy_says_and_fills_as_the_data_say():
    p = built(Open(provider="Swanley", provider_kind="state_special", area="North", places=250, when=When("2025-09")))
    assert len(p.names) == len(BASE.names)
    assert of(BASE, "Swanley", "2028-03") == of(p, "Swanley", "2025-08") == 0
    first = PARAMS["places.first_year"]
    assert of(p, "Swanley", "2025-09") == round(250 * first)
    assert of(p, "Swanley", "2025-09") < of(p, "Swanley", "2026-09") < of(p, "Swanley", "2027-09") < 250
    with pytest.raises(ValueError, match=r"full 2026-09 given; allowed: none, for 'Swanley' is planned in the data"):
        built(Open(provider="Swanley", provider_kind="state_special", area="North", places=250,
                   when=When("2025-09", full="2026-09")))  # fmt: skip


@pytest.mark.parametrize("extra", [100, -60, 1])
def test_places_are_added_to_a_kind_in_an_area_to_the_place_and_to_no_other(extra):
    p = built(Expand(provider_kind="srp", places=extra, areas=("East", "West"), when=When("2025-09", full="2026-09")))
    for at, share in (("2025-08", 0), ("2026-09", 1), ("2028-03", 1)):
        assert total(p, "srp", at, ("East", "West")) - total(BASE, "srp", at, ("East", "West")) == share * extra
        assert total(p, "srp", at, ("North", "South")) == total(BASE, "srp", at, ("North", "South"))
        assert total(p, "state_special", at) == total(BASE, "state_special", at)


def test_a_delay_moves_an_opening_by_its_months_and_one_of_no_months_moves_nothing():
    opens = Open(provider="Swanley", provider_kind="state_special", area="North", places=250, when=When("2025-09"))
    on_time, none, late = (
        built(opens, *([Delay(provider="Swanley", months=n, when=When("2025-01"))] if n is not None else []))
        for n in (None, 0, 12)
    )
    np.testing.assert_array_equal(on_time.by_month, none.by_month)
    at = on_time.names.index("Swanley")
    np.testing.assert_array_equal(late.by_month[12:, at], on_time.by_month[:-12, at])


@pytest.mark.parametrize("change", [Close, Delay])
def test_a_provider_that_there_is_not_is_refused_with_the_closest(change):
    more = {"months": 3} if change is Delay else {}
    with pytest.raises(ValueError, match="p: 'Swanly' is not a provider; did you mean 'Swanley'"):
        built(change(provider="Swanly", when=When("2025-01"), **more))


CHANGES = st.lists(
    st.one_of(
        st.builds(lambda m, n: replace(NEW, when=When(m), places=n), st.sampled_from(["2024-03", "2024-09"]),
                  st.integers(0, 2000)),
        st.builds(lambda p, m: Close(provider=p, when=When(m)),
                  st.sampled_from(["East special 1", "North SRP primary", "West special 3"]),
                  st.sampled_from(["2024-05", "2024-09", "2025-02"])),
        st.builds(lambda k, n, m: Expand(provider_kind=k, places=n, when=When(m)),
                  st.sampled_from(["state_special", "srp"]), st.integers(-500, 2000), st.just("2024-09")),
    ), min_size=1, max_size=3, unique_by=repr)  # fmt: skip


@settings(max_examples=8)
@given(CHANGES)
def test_no_child_is_lost_whatever_opens_closes_or_grows(changes):
    """The world's own checks hold each month to the tape and every place to its provider; here, the ends."""
    if sum(isinstance(c, Open) for c in changes) > 1:
        changes = [c for c in changes if not isinstance(c, Open)] or changes[:1]
    base, other = (World.start(small_setting(20, "2025-03", p)).run() for p in (NOTHING, Policy("p", tuple(changes))))
    np.testing.assert_array_equal(base.columns.presence, other.columns.presence)
    closed = [other.setting.places.names.index(c.provider) for c in changes if isinstance(c, Close)]
    assert not np.isin(other.columns.provider, closed).any()
    assert (other.rolls.filled == np.bincount(other.columns.provider, minlength=256)[: len(other.rolls.filled)]).all()


def test_children_whose_places_are_taken_away_stay_above_the_roll_in_the_kernel_and_its_twin():
    fewer = Policy("p", (Expand(provider_kind="state_special", places=-3000, when=When("2024-05")),))
    world = live_together(small_setting(20, "2024-12", fewer))
    cut = [k for k, p in enumerate(world.setting.places.providers) if p.kind == "state_special" and p.area != "outside"]
    held = {m: world.record.places[month(m)][cut] for m in ("2024-05", "2024-06")}
    assert held["2024-06"][:, 0].sum() < 0.6 * held["2024-05"][:, 0].sum()
    assert held["2024-06"][:, 1].sum() > 0.95 * held["2024-05"][:, 1].sum(), "nobody loses a place"
    assert (held["2024-06"][:, 2] == np.maximum(held["2024-06"][:, 1] - held["2024-06"][:, 0], 0)).all()


def test_a_world_forked_into_more_providers_is_to_the_byte_the_world_run_alone():
    base = small_setting(20, "2025-11")
    more = replace(small_setting(20, "2025-11", Policy("p", (NEW,))), tape=base.tape)
    assert first_difference(base, more) == month("2024-09")
    (_, _), (world, pairs) = run_together([base, more], 1, 0)
    alone = World.start(more, seed=1).run()
    for name, column in alone.columns._asdict().items():
        np.testing.assert_array_equal(column, getattr(world.columns, name), err_msg=name)
    for at, held in alone.record.places.items():
        np.testing.assert_array_equal(held, world.record.places[at])
    last = pairs.children[-1]
    assert last.sum() != np.trace(last), "somebody is elsewhere"


def test_what_is_withheld_is_by_year_by_month_and_of_what_others_leave():
    half = Withhold(income="dfe_contribution", when=When("2025-10"), share=0.5)
    gates = income.withheld(Policy("p", (half, replace(half, when=When("2026-04")))), ("2024-25", "2025-26", "2026-27"))
    assert [gates[y].dfe_paid for y in gates] == [1.0, 0.75, 0.25]
    assert {gates[y].transfer_agreed for y in gates} == {1.0}


def test_a_run_whose_policy_withholds_an_income_is_that_much_deeper_and_no_child_is_touched():
    nothing, none = small_setting(40, "2026-04"), Withhold(income="schools_block_transfer", when=When("2025-04"))
    base, other = (World.start(s).run() for s in (nothing, small_setting(40, "2026-04", Policy("p", (none,)))))
    for name, column in base.columns._asdict().items():
        np.testing.assert_array_equal(column, getattr(other.columns, name))
    before, after = account.of_world(base)[-1], account.of_world(other)[-1]
    assert before.financial_year == after.financial_year == "2025-26"
    assert after.income.transfer == 0 > before.income.transfer
    assert after.closing - before.closing == -before.income.transfer
    assert "2025-26" in financial_years(KENT)


def test_a_rule_file_written_anew_is_read_anew(tmp_path):
    """A policy designer changes a size and runs again in the same session."""
    rule = tmp_path / "mine.py"
    text = (
        "from cohort.policy import Policy, Scale, When\n"
        "mine = Policy('mine', (Scale('request', {}, When('2025-04'), name='requests', because='a test'),),\n"
        "              title='Mine', because='a test', does_not_model='all else')\n"
    )
    sizes = []
    for size in (0.5, 0.75):
        rule.write_text(text.format(size))
        sizes.append(task.setting_of(Scenario(name="s", rules=(f"{rule}:mine",)), 0).policy.changes[0].by)
    assert sizes == [0.5, 0.75]
