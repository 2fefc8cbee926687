"""The data pack holds what was published, says where it comes from, and refuses a file that is not what was sealed."""

import json
import pickle
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from cohort import pack as pack_module
from cohort.pack import DataError, Pack, main, seal
from cohort.states import AREAS, NEEDS, PLACEMENTS, SEXES

KENT = Pack.load("kent")
ESTIMATE = "name,low,mode,high,unit,reason\n"


@pytest.fixture
def folder(tmp_path):
    """A copy of Kent's pack that a test may spoil."""
    return Path(shutil.copytree(KENT.folder, tmp_path / "copy"))


def spoil(folder, file, old, new):
    """Replaces text in a file, which must hold it, once."""
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), "utf-8", newline="\n")


def refusal(folder, table):
    """The one line with which a table is refused."""
    with pytest.raises(DataError) as refused:
        Pack.load(folder).table(table)
    assert "\n" not in str(refused.value)
    return str(refused.value)


# What was published


def test_every_table_in_the_package_loads_and_has_rows():
    assert Pack.load("kent").problems() == []
    assert all(len(KENT.table(name)) for name in KENT.names())
    assert Pack.load("kent", check=True).names() == KENT.names()


def test_every_csv_in_the_folder_is_in_the_package_and_the_other_way_round():
    assert sorted(path.stem for path in KENT.folder.glob("*.csv")) == sorted(KENT.names())


def test_every_table_says_what_it_is_where_it_comes_from_and_how_far_to_trust_it():
    for name in KENT.names():
        assert all(KENT.describe(name).values()), name
    assert KENT.describe("plans_by_age")["reliability"] == "official statistic"
    assert "Department for Education" in KENT.describe("plans_by_age")["source"]
    assert KENT.describe("unit_costs_press")["reliability"] == "press: medium to low"


def test_19407_plans_by_age_by_sex_and_by_placement():
    by_january = KENT.table("plans_by_january").where(january=2024)
    by_age, by_sex = KENT.table("plans_by_age"), KENT.table("plans_by_sex")
    assert by_age["plans"].sum() == by_sex["plans"].sum() == by_january["plans"].sum() == 19407
    wanted = {row["sen2_column"]: row["plans"] for row in by_january.rows() if row["plans"]}
    for table in (by_age, by_sex):
        found = Counter()
        for row in table.rows():
            found[row["sen2_column"]] += row["plans"]
        assert found == wanted


def test_the_plans_of_each_january_are_those_published():
    published = {2019: 11763, 2020: 13499, 2021: 15281, 2022: 17733, 2023: 18931, 2024: 19407}
    ours = KENT.table("plans_by_january")
    for january, plans in published.items():
        assert ours.where(january=january)["plans"].sum() == plans
        neighbours = KENT.table("plans_neighbours").where(area="Kent", january=january, measure="ehcplans")
        assert neighbours["plans"].tolist() == [plans]


def test_requests_of_march_to_december_2024_leave_834_for_january_and_february():
    table = KENT.table("requests_by_area_month")
    in_2024 = np.char.startswith(table["month"], "2024")
    assert table["requests"][in_2024].sum() == 3157
    headline = KENT.table("headline_counts").where(measure="requests_for_statutory_assessment", january_or_year=2024)
    assert headline["value"][0] - 3157 == 834


def test_the_papers_years_are_dated_as_what_they_are():
    table = KENT.table("headline_counts")
    assert table.where(measure="ehcp_0_25", january_or_year=2024, as_of="january")["value"].tolist() == [19407]
    assert table.where(measure="children_living_in_kent", january_or_year=2022)["as_of"].tolist() == ["mid_year"]
    people = KENT.table("population").where(year=2022)
    assert people["people"][people["age"] < 18].sum() == 342858


def test_the_papers_2023_requests_do_not_agree_with_dfes():
    table = KENT.table("headline_counts").where(measure="requests_for_statutory_assessment", january_or_year=2023)
    dfe = KENT.table("requests_by_year").where(year=2023, measure="requests_received_in_year")
    assert (table["value"].tolist(), dfe["requests"].tolist()) == ([4302], [3988])


def test_new_plans_before_2022_fall_short_of_the_published_totals_by_the_columns_left_out():
    table, issued = KENT.table("new_plans_by_year"), KENT.table("assessments_by_year").where(measure="assess_issued")
    gap = {
        year: issued.where(year=year)["assessments"][0] - table.where(year=year)["plans"].sum()
        for year in range(2019, 2024)
    }
    assert gap == {2019: 15, 2020: 2, 2021: 11, 2022: 0, 2023: 2}


def test_printed_spend_differs_from_its_parts_in_two_years_only():
    table = KENT.table("spend_by_line")
    gaps = {}
    for year in sorted(set(table["financial_year"].tolist())):
        lines = {row["line"]: row["gbp_million"] for row in table.where(financial_year=year).rows()}
        gaps[year] = (
            sum(value for line, value in lines.items() if line != "total_as_printed") - lines["total_as_printed"]
        )
    assert {year: gap for year, gap in gaps.items() if gap} == {"2020-21": 3, "2022-23": 1}


def test_only_minus_10_for_the_councils_last_contribution_reconciles_the_projection():
    rows = KENT.table("safety_valve_projection").where(financial_year="2027-28").rows()
    line = {row["line"]: row["gbp_million"] for row in rows}
    assert line["council_contributions"] == 10
    known = 79 + line["net_dsg_total_as_printed"] + line["dfe_contributions"]
    assert known - 10 == line["accumulated_position_at_31_march_as_printed"]


def test_englands_placements_sum_to_its_reviews():
    table = KENT.table("reviews_england")
    for row in table.where(placement="all").rows():
        assert table.where(measure=row["measure"])["plans"].sum() == 2 * row["plans"]


def test_a_mixed_table_gives_a_value_or_a_month_never_both():
    for name in ("other_figures", "finance_context"):
        for row in KENT.table(name).rows():
            assert np.isnan(row["value"]) == bool(row["month"]), row


# The vocabulary


def test_the_placement_map_covers_each_column_used_and_nothing_that_is_a_subtotal():
    known = set(KENT.table("placement_map")["sen2_column"].tolist())
    assert len(known) == 32
    assert not known & {"ehcplans", "mainstream_total", "special_total", "ap_pru_total", "fe_total", "ed_elsewhere"}
    used = [KENT.table(name) for name in KENT.names()]
    for table in used:
        if "sen2_column" in table.columns:
            assert set(table["sen2_column"].tolist()) <= known, table.name


def test_labels_are_the_models():
    placements = {placement.label for placement in PLACEMENTS}
    assert set(KENT.table("placement_map")["placement"].tolist()) <= placements
    assert set(KENT.table("needs_by_placement_england")["placement"].tolist()) <= placements
    assert set(KENT.table("needs_by_age_england")["need"].tolist()) <= set(NEEDS)
    assert set(KENT.table("districts")["area"].tolist()) == set(AREAS)
    assert set(KENT.table("plans_by_sex")["sex"].tolist()) == set(SEXES)


# What is refused, and how


def test_a_wrong_column_is_refused_by_name_with_the_closest_match(folder):
    spoil(folder, "plans_by_age.csv", "january,age,sen2_column,plans", "january,age,sen2_colum,plans")
    assert refusal(folder, "plans_by_age").startswith("plans_by_age.csv: column 'sen2_colum' is not in the package")
    assert "did you mean 'sen2_column'?" in refusal(folder, "plans_by_age")
    assert any("column 'sen2_column' is missing" in line for line in Pack.load(folder).problems())


def test_an_extra_column_is_refused_by_name(folder):
    lines = (folder / "districts.csv").read_text("utf-8").splitlines()
    extra = ["district,area,population", *(f"{line},1" for line in lines[1:])]
    (folder / "districts.csv").write_text("\n".join(extra) + "\n", "utf-8")
    assert "column 'population' is not in the package" in refusal(folder, "districts")


def test_a_reordered_column_is_refused(folder):
    spoil(folder, "districts.csv", "district,area", "area,district")
    assert "columns are in the order area, district; they must be district, area" in refusal(folder, "districts")


def test_a_short_row_is_refused(folder):
    spoil(folder, "districts.csv", "Ashford,South", "Ashford")
    assert "districts.csv: row 2: has 1 cells; the header has 2" in refusal(folder, "districts")


def test_a_negative_count_is_refused(folder):
    spoil(folder, "population.csv", "Ashford,2022,0,1470", "Ashford,2022,0,-1470")
    assert refusal(folder, "population") == "population.csv: column people, row 2: given '-1470'; allowed: 0 or more"


@pytest.mark.parametrize("given", ["1470.0", '"1,470"', "many", " 1470", ""])
def test_a_cell_of_the_wrong_type_is_refused(folder, given):
    spoil(folder, "population.csv", "Ashford,2022,0,1470", f"Ashford,2022,0,{given}")
    assert "population.csv: column people, row 2: given" in refusal(folder, "population")


@pytest.mark.parametrize("given", ["2024-13", "2024-3", "March 2024", "2024-03-01"])
def test_a_bad_month_is_refused(folder, given):
    spoil(folder, "requests_by_area_month.csv", "East,2024-03", f"East,{given}")
    line = refusal(folder, "requests_by_area_month")
    assert line.endswith(f"column month, row 2: given {given!r}; allowed: a month such as 2024-03")


def test_an_unknown_label_is_refused_with_the_closest_match(folder):
    spoil(folder, "requests_by_area_month.csv", "East,2024-03", "Est,2024-03")
    assert "column area, row 2: given 'Est'; did you mean 'East'?" in refusal(folder, "requests_by_area_month")


def test_a_column_that_the_placement_map_lacks_is_refused_with_the_closest_match(folder):
    spoil(folder, "plans_by_age.csv", "2024,4,special_la_maintained", "2024,4,specal_la_maintained")
    assert "given 'specal_la_maintained'; did you mean 'special_la_maintained'?" in refusal(folder, "plans_by_age")


def test_a_wrong_total_is_refused(folder):
    spoil(folder, "plans_by_age.csv", "2024,2,nm_early_years,3", "2024,2,nm_early_years,4")
    assert refusal(folder, "plans_by_age") == "plans_by_age.csv: column plans adds up to 19408; it must be 19407"


def test_a_wrong_total_of_one_group_is_refused(folder):
    spoil(folder, "requests_by_area_month.csv", "East,2024-03,128", "East,2024-03,129")
    assert refusal(folder, "requests_by_area_month").endswith("adds up to 420 for month 2024-03; it must be 419")


def test_a_group_without_a_published_total_is_refused(folder):
    text = (folder / "requests_by_area_month.csv").read_text("utf-8")
    (folder / "requests_by_area_month.csv").write_text(text + "West,2025-03,1\n", "utf-8")
    assert "adds up to 1 for month 2025-03; it must be absent" in refusal(folder, "requests_by_area_month")


def test_a_duplicate_key_is_refused(folder):
    spoil(folder, "districts.csv", "Canterbury,East", "Ashford,South")
    assert "row 3: district=Ashford is already in row 2; each may be there once" in refusal(folder, "districts")


def test_changed_bytes_are_refused_even_where_every_rule_is_kept(folder):
    spoil(folder, "timeliness_path.csv", "2024-10,76", "2024-10,77")
    line = refusal(folder, "timeliness_path")
    assert line.startswith("timeliness_path.csv: its hash is sha256:")
    assert "python -m cohort.pack seal" in line


def test_a_missing_file_is_refused(folder):
    (folder / "districts.csv").unlink()
    assert refusal(folder, "districts").startswith("districts.csv: the file is missing from ")


@pytest.mark.parametrize(
    ("old", "new", "said"), [(b"\n", b"\r\n", "Windows line ends"), (b"d", b"\xef\xbb\xbfd", "byte-order")]
)
def test_what_a_spreadsheet_does_to_a_file_is_named(folder, old, new, said):
    path = folder / "districts.csv"
    path.write_bytes(path.read_bytes().replace(old, new, -1 if old == b"\n" else 1))
    assert said in refusal(folder, "districts")


def test_a_file_that_is_not_utf8_is_refused(folder):
    (folder / "districts.csv").write_bytes(b"district,area\n\xff,East\n")
    assert "districts.csv: cannot be read as UTF-8 CSV" in refusal(folder, "districts")


def test_a_csv_that_the_package_does_not_list_is_a_problem(folder):
    (folder / "stray.csv").write_text("a\n1\n", "utf-8")
    lines = Pack.load(folder).problems()
    assert lines == ["stray.csv: is not in datapackage.json; add it with python -m cohort.pack seal --new"]


def test_problems_lists_every_fault_and_check_stops_at_the_first(folder):
    spoil(folder, "districts.csv", "Canterbury,East", "Canterbury,Easst")
    spoil(folder, "timeliness_path.csv", "76", "176")
    (folder / "capacity.csv").unlink()
    lines = Pack.load(folder).problems()
    assert {line.partition(":")[0] for line in lines} == {"districts.csv", "timeliness_path.csv", "capacity.csv"}
    with pytest.raises(DataError, match="did you mean 'East'"):
        Pack.load(folder, check=True)


def test_a_table_is_checked_when_first_used_and_not_before(folder):
    (folder / "districts.csv").unlink()
    pack = Pack.load(folder)
    assert len(pack.table("plans_by_age"))
    with pytest.raises(DataError):
        pack.table("population")  # its districts are looked up in the missing table


def package_of(folder, change):
    """Changes the package file by a function of its resources, by name."""
    package = json.loads((folder / "datapackage.json").read_text("utf-8"))
    change({resource["name"]: resource for resource in package["resources"]})
    (folder / "datapackage.json").write_text(json.dumps(package), "utf-8")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r: r["capacity"].pop("path"), "'path' is missing"),
        (lambda r: r["capacity"].update(path="../capacity.csv"), "is not the name of a file beside"),
        (lambda r: r["capacity"].update(name="districts"), "'districts' is listed twice"),
        (lambda r: r["capacity"]["schema"].update(primaryKey=["mesure"]), "no field 'mesure'; did you mean 'measure'"),
        (
            lambda r: r["capacity"]["schema"]["fields"][0].update(type="strng"),
            "'strng' is unknown; did you mean 'string'",
        ),
        (lambda r: r["capacity"]["schema"]["fields"][0]["constraints"].update(minimun=1), "did you mean 'minimum'"),
    ],
)
def test_a_malformed_package_is_refused_at_once(folder, change, said):
    package_of(folder, change)
    with pytest.raises(DataError) as refused:
        Pack.load(folder)
    assert said in str(refused.value)


def test_a_table_that_does_not_say_what_it_is_is_a_problem(folder):
    package_of(folder, lambda r: r["capacity"].update(title="", reliability="pres"))
    lines = Pack.load(folder).problems()
    assert "capacity.csv: its title in datapackage.json is empty; fill it in" in lines
    assert any("reliability 'pres' is not known" in line for line in lines)


# Using a pack


def test_a_table_gives_columns_rows_and_selections():
    table = KENT.table("plans_by_age")
    four = table.where(age=4, sen2_column="special_la_maintained")
    assert table["age"].dtype == np.int64
    assert next(iter(four.rows())) == {"january": 2024, "age": 4, "sen2_column": "special_la_maintained", "plans": 200}
    assert len(table.where(age=4)) < len(table)
    assert len(table.where(age=25, sen2_column="special_la_maintained")) == 0


def test_a_selection_is_of_one_value_of_the_columns_kind():
    table = KENT.table("plans_by_age")
    with pytest.raises(DataError, match="column age: given '4'; allowed: one number"):
        table.where(age="4")
    with pytest.raises(DataError, match="allowed: one text"):
        table.where(sen2_column=["neet"])
    with pytest.raises(DataError, match="no column 'ages'; did you mean 'age'"):
        table.where(ages=4)


def test_nobody_can_change_a_table():
    for table in (KENT.table("plans_by_age"), KENT.table("plans_by_age").where(age=4)):
        with pytest.raises(ValueError, match="read-only"):
            table["plans"][0] = 1


def test_an_unknown_table_or_pack_is_refused_with_what_there_is():
    with pytest.raises(DataError, match="did you mean 'plans_by_age'"):
        KENT.table("plan_by_age")
    with pytest.raises(DataError, match=r"'surrey' is neither a pack \(.*kent.*\) nor a folder"):
        Pack.load("surrey")


def test_a_pack_is_found_in_the_repository_in_a_wheel_or_by_its_path(folder, monkeypatch):
    monkeypatch.setattr(pack_module, "HOMES", (folder.parent / "nowhere", folder.parent))
    assert Pack.load("copy").folder == Pack.load(folder).folder == Pack.load(str(folder)).folder == folder


def test_a_pack_travels_to_another_process():
    copy = pickle.loads(pickle.dumps(KENT))
    assert copy.digest() == KENT.digest()
    assert copy.table("plans_by_age")["plans"].sum() == 19407


def test_the_digest_changes_with_the_content_of_any_table_and_with_nothing_else(folder):
    assert Pack.load(folder).digest() == KENT.digest()
    package_of(folder, lambda r: r["capacity"].update(title="Other words"))
    assert Pack.load(folder).digest() == KENT.digest()
    spoil(folder, "timeliness_path.csv", "2024-10,76", "2024-10,77")
    assert seal(folder) == []
    assert Pack.load(folder).digest() != KENT.digest()


def test_importing_the_pack_brings_no_pandas():
    code = "import sys, cohort.pack; sys.exit('pandas' in sys.modules or 'numba' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


# Sealing


def test_sealing_an_untouched_pack_changes_nothing(folder):
    before = (folder / "datapackage.json").read_bytes()
    assert main(["seal", str(folder)]) == 0
    assert (folder / "datapackage.json").read_bytes() == before


def test_a_change_on_purpose_is_sealed_and_a_faulty_one_is_not(folder, capsys):
    spoil(folder, "timeliness_path.csv", "2024-10,76", "2024-10,77")
    spoil(folder, "districts.csv", "Canterbury,East", "Canterbury,Easst")
    assert main(["seal", str(folder)]) == 1
    assert "districts.csv: column area, row 3: given 'Easst'; did you mean 'East'?" in capsys.readouterr().err
    pack = Pack.load(folder)
    assert pack.table("timeliness_path").where(period="2024-10")["percent"].tolist() == [77]
    assert any("districts.csv: its hash is" in line for line in pack.problems())


def test_a_new_file_is_added_with_the_types_its_cells_suggest(folder, capsys):
    text = "name,from,share,note\nsrp,2024-04,0.5,seen\nfe,2025-04,1,\n"
    (folder / "fees.csv").write_text(text, "utf-8")
    assert main(["seal", str(folder), "--new", "fees.csv"]) == 0
    assert "fill in its title" in capsys.readouterr().out
    entry = json.loads((folder / "datapackage.json").read_text("utf-8"))["resources"][-1]
    types = [(field["type"], field["constraints"]["required"]) for field in entry["schema"]["fields"]]
    assert types == [("string", True), ("yearmonth", True), ("number", True), ("string", False)]
    assert entry["schema"]["primaryKey"] == ["name"]
    assert any("fees.csv: its title" in line for line in Pack.load(folder).problems())
    assert Pack.load(folder).table("fees")["share"].tolist() == [0.5, 1]


def test_a_file_cannot_be_added_twice_or_from_nowhere(folder, capsys):
    assert main(["seal", str(folder), "--new", "districts.csv"]) == 1
    assert "listed twice" in capsys.readouterr().err
    assert main(["seal", str(folder), "--new", "absent.csv"]) == 1
    assert "absent.csv: cannot be added" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("srp,2,1,3,GBP,press", "row 2: given low 2, mode 1, high 3; allowed: low <= mode <= high"),
        ("srp,1,2,1.5,GBP,press", "row 2: given low 1, mode 2, high 1.5; allowed: low <= mode <= high"),
        ("srp,1,2,3,GBP,", "column reason, row 2: given ''; an estimate says why"),
    ],
)
def test_an_estimate_is_in_order_and_says_why(folder, row, said):
    (folder / "estimate_price.csv").write_text(ESTIMATE + row + "\n", "utf-8")
    assert any(said in line for line in seal(folder, "estimate_price.csv"))
    assert said in refusal(folder, "estimate_price")


def test_an_estimate_without_a_reason_column_is_refused(folder):
    (folder / "estimate_price.csv").write_text("name,low,mode,high\nsrp,1,2,3\n", "utf-8")
    assert seal(folder, "estimate_price.csv") == [
        "estimate_price.csv: column 'reason' is missing; an estimate says why"
    ]


def test_a_good_estimate_is_taken(folder):
    (folder / "estimate_price.csv").write_text(ESTIMATE + "srp,1,2,3,GBP,the spend line\n", "utf-8")
    assert seal(folder, "estimate_price.csv") == []
    assert Pack.load(folder).table("estimate_price")["mode"].tolist() == [2]
