"""Virtual patients: reproducible, correlated as stated, truncated, centred on the table."""

import zlib
from dataclasses import replace

import numpy as np
import pytest

from ligandose.agents import agent, agents
from ligandose.errors import InputError
from ligandose.evidence import Finding, Status, read_table
from ligandose.hosts import diseases, draw_values, host, hosts
from ligandose.hosts.population import TRUNCATION

MANY = 20_000
# Standard deviation of a standard normal number truncated at ± 2.5:
# sqrt(1 - 2 · 2.5 φ(2.5) / (2 Φ(2.5) - 1)).
TRUNCATED_SD = 0.9546


def finding(value=3.0, cv=0.4, *, gsd=1.0):
    return Finding("test", "", "quantity", value, "1", cv, gsd, Status.ASSUMED, "assumption")


@pytest.fixture(scope="module")
def patient_findings():
    return host("adult-male", disease="mCRPC").findings


@pytest.fixture(scope="module")
def scores(patient_findings):
    """Return (patients,) standard scores of every finding that varies."""
    drawn = draw_values(patient_findings, patients=MANY, seed=7)
    return {
        key: np.log(drawn[key] / f.internal) / np.sqrt(np.log1p(f.cv**2))
        for key, f in patient_findings.items()
        if f.value and f.cv
    }


def test_patient_i_is_the_same_in_a_small_and_a_large_population(patient_findings):
    few = draw_values(patient_findings, patients=10, seed=1)
    many = draw_values(patient_findings, patients=100, seed=1)
    assert few.keys() == many.keys()
    assert all(np.array_equal(few[key], many[key][:10]) for key in few)


def test_the_same_seed_gives_the_same_patients_and_another_seed_others(patient_findings):
    first = draw_values(patient_findings, patients=5, seed=1)
    again = draw_values(patient_findings, patients=5, seed=1)
    other = draw_values(patient_findings, patients=5, seed=2)
    assert all(np.array_equal(first[key], again[key]) for key in first)
    varying = [key for key, f in patient_findings.items() if f.value and f.cv]
    assert varying
    assert all(np.all(first[key] != other[key]) for key in varying)


def test_a_new_finding_does_not_move_the_others(patient_findings):
    more = {"new.quantity": finding(), **patient_findings}
    before = draw_values(patient_findings, patients=6, seed=3)
    after = draw_values(more, patients=6, seed=3)
    assert set(after) - set(before) == {"new.quantity"}
    assert all(np.array_equal(before[key], after[key]) for key in before)


def test_every_key_has_a_random_stream_of_its_own():
    keys = {key for name in hosts() for d in diseases() for key in host(name, disease=d).findings}
    keys |= {key for name in agents() for key in agent(name).findings}
    keys |= {f"group {row['group']}" for row in read_table("correlations.csv")}
    assert len({zlib.crc32(key.encode()) for key in keys}) == len(keys)


@pytest.mark.parametrize(
    ("one", "other", "pattern"),
    [
        ("kidneys.mass", "liver.mass", "*.mass"),
        ("lesion:bone.number", "lesion:node.number", "lesion:*.number"),
        ("lesion:bone.mass", "lesion:node.mass", "lesion:*.mass"),
        ("lesion:bone.PSMA.density", "lesion:node.PSMA.density", "lesion:*.PSMA.density"),
        (
            "salivary_glands.glandular.density",
            "lacrimal_glands.glandular.density",
            "*_glands.glandular.density",
        ),
    ],
)
def test_members_of_a_group_correlate_with_the_square_of_its_loading(scores, one, other, pattern):
    loading = next(float(r["loading"]) for r in read_table("correlations.csv")
                   if r["pattern"] == pattern)  # fmt: skip
    # Standard error of a correlation coefficient of 20 000 pairs: below 0.0071; four of them.
    assert np.corrcoef(scores[one], scores[other])[0, 1] == pytest.approx(loading**2, abs=0.03)


def test_members_of_one_group_with_two_loadings_correlate_with_their_product(scores):
    mass, gfr = scores["whole_body.body_mass"], scores["kidneys.gfr"]
    assert np.corrcoef(mass, gfr)[0, 1] == pytest.approx(0.95 * 0.4, abs=0.03)


def test_findings_of_different_groups_do_not_correlate(scores):
    one, other = scores["lesion:bone.number"], scores["kidneys.PSMA.density"]
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.03


def test_the_first_pattern_that_fits_decides_the_group(scores):
    # "lesion:*.mass" stands before "*.mass": lesions do not grow with the body.
    assert abs(np.corrcoef(scores["lesion:bone.mass"], scores["kidneys.mass"])[0, 1]) < 0.03


def test_no_patient_lies_beyond_the_truncation(scores):
    groups = [(r["pattern"], float(r["loading"])) for r in read_table("correlations.csv")]
    largest_sum = max(loading + np.sqrt(1.0 - loading**2) for _, loading in groups)
    for key, score in scores.items():
        grouped = any(key.startswith(p.partition("*")[0]) for p, _ in groups)
        bound = TRUNCATION * (largest_sum if grouped else 1.0)
        assert np.max(np.abs(score)) <= bound * (1.0 + 1e-12), key


def test_an_ungrouped_finding_reaches_almost_to_the_truncation(scores):
    # 20 000 draws leave less than 1e-4 of probability beyond the outermost: within 0.05 of 2.5.
    assert np.max(scores["kidneys.PSMA.density"]) > TRUNCATION - 0.05


def test_the_median_patient_has_the_value_of_the_table(patient_findings):
    drawn = draw_values(patient_findings, patients=MANY, seed=11)
    for key, f in patient_findings.items():
        if f.value and f.cv:
            # Standard error of a median of n log-normal draws: 1.25 σ / sqrt(n); five of them.
            tolerance = 5.0 * 1.25 * np.sqrt(np.log1p(f.cv**2)) / np.sqrt(MANY)
            assert np.median(drawn[key]) / f.internal == pytest.approx(1.0, abs=tolerance), key


@pytest.mark.parametrize("cv", [0.05, 0.3, 0.6, 1.0])
def test_the_spread_is_that_of_the_table_short_of_its_truncated_tail(cv):
    drawn = draw_values({"a": finding(cv=cv)}, patients=MANY, seed=5)["a"]
    sigma = np.sqrt(np.log1p(cv**2))
    # Sampling error of a standard deviation of 20 000 draws: 0.5 %; four of them.
    assert np.std(np.log(drawn)) == pytest.approx(TRUNCATED_SD * sigma, rel=0.02)
    assert 0.75 * cv < np.std(drawn) / np.mean(drawn) <= cv


def test_without_variability_every_patient_is_the_median(patient_findings):
    drawn = draw_values(patient_findings, patients=3, seed=1, variability=False)
    for key, values in drawn.items():
        assert np.all(values == patient_findings[key].internal)


def test_a_finding_without_a_value_is_left_out_and_never_zero():
    assert "a" not in draw_values({"a": finding(value=None)}, patients=2, seed=1)


def test_uncertainty_of_knowledge_shifts_all_patients_together(patient_findings):
    best = draw_values(patient_findings, patients=8, seed=1)
    shifted = draw_values(patient_findings, patients=8, seed=1, knowledge=4)
    moved = 0
    for key, f in patient_findings.items():
        if not f.value:
            continue
        ratio = shifted[key] / best[key]
        assert np.ptp(ratio) < 1e-12 * ratio[0]
        assert abs(np.log(ratio[0])) <= TRUNCATION * np.log(f.gsd) + 1e-12
        moved += f.gsd > 1.0 and ratio[0] != 1.0
    assert moved == sum(1 for f in patient_findings.values() if f.value and f.gsd > 1.0)


def test_draws_of_knowledge_spread_with_the_stated_geometric_deviation():
    known = {"a": finding(cv=None, gsd=1.5)}
    draws = [draw_values(known, patients=1, seed=1, knowledge=k)["a"][0] for k in range(600)]
    # Sampling error of a standard deviation of 600 draws: 2.9 %; four of them.
    assert np.std(np.log(draws)) == pytest.approx(TRUNCATED_SD * np.log(1.5), rel=0.12)


def test_what_is_known_exactly_does_not_move():
    exact = {"a": replace(finding(cv=None), gsd=1.0)}
    assert draw_values(exact, patients=1, seed=1, knowledge=2)["a"][0] == 3.0


@pytest.mark.parametrize(("patients", "seed"), [(0, 1), (-1, 1), (1_000_001, 1), (1, -1)])
def test_numbers_out_of_range_are_refused_with_what_is_allowed(patients, seed):
    with pytest.raises(InputError, match=r"patients: .* outside 1 … 1000000|seed: -1 must not"):
        draw_values({}, patients=patients, seed=seed)
