"""Other vector classes and salts next to published doses and half-lives.

Published values: data/2026.11/validation_vectors.csv and validation_half_lives.csv, each with its
source; which of them count was decided before the model (docs/validation-vectors-rule.md). 100
patients: the standard error of a mean is below 10 % at the largest spread.
"""

import math
from fnmatch import fnmatchcase

import numpy as np
import pytest

from ligandose.agents import agents
from ligandose.course.half_lives import (
    biexponential_half_lives_h,
    half_life_rows,
    terminal_half_life_h,
)
from ligandose.course.validation import summarise
from ligandose.course.validation_vectors import (
    DOSES,
    RECALLED,
    USE,
    compare_vectors,
    host_of,
    labelled_agent,
    not_compared,
    published_rows,
    regions_of,
    simulate_vector_setting,
    thyroid_uptake,
    vector_settings,
)
from ligandose.evidence import read_table

PATIENTS, SEED = 100, 1
GMFE = 2.0  # what the issue asks for
HALF_LIFE_FOLD = 1.5  # likewise
KNOWN_MISSES = {
    # no organ has open sinusoids here: what liver, spleen and marrow take out of blood in the
    # first hours is missing; the slow half-life and the whole body agree (docs/vectors.md)
    ("89Zr-IAB2M", "blood_half_life_fast"),
    ("131I-F(ab')2", "blood_half_life_fast"),
}
SETTINGS = vector_settings()
PUBLISHED = read_table("validation_vectors.csv")


@pytest.fixture(scope="module")
def courses():
    return [simulate_vector_setting(s, patients=PATIENTS, seed=SEED) for s in SETTINGS]


@pytest.fixture(scope="module")
def rows(courses):
    return [r for s, c in zip(SETTINGS, courses, strict=True) for r in compare_vectors(s, c)]


@pytest.fixture(scope="module")
def half_lives():
    return half_life_rows()


def test_over_all_organs_together_the_geometric_mean_fold_error_is_at_most_2(rows):
    counted = [r for r in rows if r["use"] == USE]
    found = summarise(counted)
    assert found[USE]["gmfe"] <= GMFE
    assert found[USE]["pairs"] == len(counted) >= 60
    # without what was calculated with the same biokinetics, and without the calibrated vector
    assert found["vectors_of_patients"]["gmfe"] <= GMFE
    assert found["vectors_of_patients"]["pairs"] >= 35


def test_with_the_recalled_values_of_j591_and_a_nanobody_it_still_is(rows):
    shown = [
        r for r in rows
        if r["use"] == USE or r["agent"] in ("177Lu-J591", "68Ga-NOTA-anti-HER2-VHH1")
    ]  # fmt: skip
    mean = math.exp(np.mean([math.log(r["fold_error"]) for r in shown]))
    assert mean <= GMFE
    assert len(shown) > sum(r["use"] == USE for r in rows)


def test_the_agents_that_the_issue_names_are_compared_or_say_why_not(rows):
    shown = {r["agent"] for r in rows}
    wanted = {
        "90Y-ibritumomab-tiuxetan", "177Lu-J591", "131I-iodide", "223Ra-dichloride",
        "225Ac-PSMA-617", "89Zr-IAB2M",
    }  # fmt: skip
    assert wanted <= shown
    if "131I-MIBG" in agents():
        assert "131I-MIBG" in shown


def test_rows_that_count_are_those_of_the_rule_and_no_others(rows):
    chosen = {
        (r["agent"], r["cohort"], r["region"])
        for r in PUBLISHED
        if r["use"] == "prediction" and r["quantity"] in DOSES
    }
    counted = {(r["agent"], r["cohorts"][0], r["region"]) for r in rows if r["use"] == USE}
    assert counted <= chosen
    # whatever the rule counts and the tally lacks is listed with its reason
    left = {(r["agent"], r["region"]) for r in not_compared(_regions(rows))}
    assert {(a, r) for a, _, r in chosen - counted} <= left


def _regions(rows):
    found = {}
    for row in rows:
        found.setdefault(row["agent"], set()).add(row["region"])
    return found


def test_what_was_only_recalled_is_shown_and_not_counted(rows):
    recalled = [r for r in rows if r["use"] == RECALLED]
    assert {"177Lu-J591", "225Ac-PSMA-617"} <= {r["agent"] for r in recalled}
    status = {(r["agent"], r["cohort"], r["region"]): r["status"] for r in PUBLISHED}
    for row in recalled:
        assert status[row["agent"], row["cohorts"][0], row["region"]] == "unverified"
    assert summarise(recalled)[USE]["pairs"] == 0


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda s: f"{s.agent} {s.cohort}")
def test_every_setting_stands_for_published_values_of_one_way_of_treatment(setting):
    held = published_rows(setting)
    assert held
    others = [s for s in SETTINGS if s is not setting and s.agent == setting.agent]
    for row in held:
        assert not any(fnmatchcase(row["cohort"], s.cohort) for s in others)
        # "dose" is a dose over a printed activity, the others are per activity
        assert (row["unit"] == "Gy/GBq") == (setting.factor == 1.0)


def test_units_become_gray_per_gigabecquerel():
    factor = {(s.agent, s.cohort): s.factor for s in SETTINGS}
    # 1 Sv(RBE 5)/MBq = 1000/5 Gy/GBq; 1 Sv(RBE 5)/GBq = 1/5; 21 MBq: 1/0.021 GBq
    assert factor["225Ac-PSMA-I&T", "*"] == pytest.approx(200.0)
    assert factor["213Bi-PSMA-617", "*"] == pytest.approx(0.2)
    radium = "ICRP model of radium, six injections, 21 MBq in all"
    assert factor["223Ra-dichloride", radium] == pytest.approx(1.0 / 0.021, rel=1e-6)


@pytest.mark.parametrize(
    "setting", [s for s in SETTINGS if s.thyroid_uptake is not None and s.agent == "131I-iodide"],
    ids=lambda s: s.cohort,
)  # fmt: skip
def test_the_thyroid_holds_after_a_day_what_the_cohort_had(setting):
    held = thyroid_uptake(labelled_agent(setting), host_of(setting))
    if setting.thyroid_uptake == 0.0:
        assert held < 0.005  # blood and interstitium in the gland
    else:
        assert held == pytest.approx(setting.thyroid_uptake, rel=1e-4)


def test_thyroid_dose_follows_the_uptake(rows):
    of = {
        r["cohorts"][0].partition("uptake ")[2][:2].strip(): r["predicted_mean"]
        for r in rows
        if r["agent"] == "131I-iodide" and r["region"] == "thyroid"
    }
    assert of["5"] < of["15"] < of["25"]


def test_fold_errors_compare_the_statistic_that_was_published(rows, courses):
    by_agent = {s.agent: c for s, c in zip(SETTINGS, courses, strict=True)}
    course = by_agent["90Y-ibritumomab-tiuxetan"]
    per_GBq = course.dose_of("liver") / (course.regimen.total_activity_Bq / 1e9)
    for row in rows:
        if (row["agent"], row["region"]) == ("90Y-ibritumomab-tiuxetan", "liver"):
            middle = np.median if row["statistic"] == "median" else np.mean
            assert row["predicted_mean"] == pytest.approx(float(middle(per_GBq)), rel=1e-12)
        ratio = row["predicted_mean"] / row["published_mean"]
        assert row["fold_error"] == pytest.approx(max(ratio, 1.0 / ratio), rel=1e-12)


def test_half_lives_in_plasma_and_body_are_within_1_5_of_the_published_ones(half_lives):
    misses = {(r["agent"], r["quantity"]) for r in half_lives if r["fold_error"] > HALF_LIFE_FOLD}
    assert misses == KNOWN_MISSES
    for row in half_lives:
        assert row["within"] == (row["fold_error"] <= HALF_LIFE_FOLD)
    classes = {r["agent"] for r in half_lives} - {a for a, _ in misses}
    assert {"human-IgG", "nanobody", "affibody"} <= classes


def test_published_half_lives_are_those_of_the_tables(half_lives):
    """The table of half-lives repeats numbers of two others, so that each has one source."""
    measured = {(r["agent"], r["quantity"]): (r["mean"], r["unit"]) for r in PUBLISHED}
    typical = {
        (r["subject"], r["quantity"]): (r["value"], r["unit"])
        for r in read_table("vector_classes.csv")
    }
    for row in read_table("validation_half_lives.csv"):
        key = (row["published_agent"], row["quantity"])
        value, unit = measured.get(key) or typical[key]
        assert (float(value), unit) == (float(row["published"]), row["unit"])


def test_exponentials_give_back_their_half_lives():
    time = np.geomspace(0.1, 120.0, 24)
    one = 3.0 * 2.0 ** (-time / 17.0)
    assert terminal_half_life_h(time, one) == pytest.approx(17.0, rel=1e-10)
    two = 12.3 * 2.0 ** (-time / 3.7) + 17.9 * 2.0 ** (-time / 33.8)
    # least squares stops at 1e-12 of the residual; the valley is flat to its square root
    assert biexponential_half_lives_h(time, two) == pytest.approx((3.7, 33.8), rel=1e-5)


def test_regions_of_a_course_include_all_lesions_together(courses):
    assert "lesion" in regions_of(courses[0])
    assert "liver" in regions_of(courses[0])
