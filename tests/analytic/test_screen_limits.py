"""The activity at an organ's limit, the kill it gives, and how candidates are compared."""

from __future__ import annotations

import numpy as np
import pytest

from ligandose.agents import agent
from ligandose.course import Regimen, simulate
from ligandose.course.outcome import tumour_control
from ligandose.design.screen_dose import CourseDose, course_dose, factors_at_limits
from ligandose.design.screen_effect import LesionParameters, tumour_effect
from ligandose.design.screen_rank import Scores, better_than, pareto, ranks, shares, stability
from ligandose.design.screen_settings import Limit
from ligandose.hosts import host


def made_dose(low: float, alpha: float, g: float, cycles: int = 2) -> CourseDose:
    def full(value: float) -> np.ndarray:
        return np.full((3, cycles, 1), value)

    return CourseDose(
        regions=("kidneys",), start_s=np.arange(cycles) * 3e6, low_Gy=full(low),
        alpha_Gy=full(alpha), protraction=full(g), half_time_s=full(2e5),
        alpha_beta_Gy=np.array([2.5]), rbe=5.0, mass_kg=np.ones((3, 1)),
        failed=np.zeros(3, dtype=bool),
    )  # fmt: skip


@pytest.mark.parametrize("quantity", ["absorbed_dose", "bed", "eqd2"])
def test_at_its_factor_an_organ_has_exactly_the_stated_part_of_its_own_limit(quantity: str):
    dose = made_dose(3.0, 0.4, 0.3)
    limits, factors = factors_at_limits(
        dose, [Limit("kidneys", quantity, 28.0, "", "")], fraction=0.8
    )
    x = factors[:, 0]
    bed = dose.bed_Gy(x, "kidneys").sum(axis=-1)
    reached = {
        "absorbed_dose": x * 2 * (3.0 + 5.0 * 0.4),
        "bed": bed,
        "eqd2": bed / (1.0 + 2.0 / 2.5),
    }[quantity]
    assert [limit.region for limit in limits] == ["kidneys"]
    # a root of a quadratic in double precision
    np.testing.assert_allclose(reached, 0.8 * 28.0, rtol=1e-12)


def test_bed_at_a_factor_is_worked_out_by_hand():
    # 2 cycles, x = 2: linear 2·(3 + 5·0.4) = 10, quadratic 4·0.3·9/2.5 = 4.32 per cycle
    bed = made_dose(3.0, 0.4, 0.3).bed_Gy(np.full(3, 2.0), "kidneys")
    np.testing.assert_allclose(bed, 14.32, rtol=1e-13)


def test_an_organ_without_dose_never_limits():
    _, factors = factors_at_limits(
        made_dose(0.0, 0.0, 1.0), [Limit("kidneys", "bed", 28.0, "", "")], fraction=1.0
    )
    assert np.all(np.isinf(factors))


def test_bed_and_control_are_those_of_the_course_at_the_simulated_activity():
    chosen = agent("177Lu-PSMA-617")
    course = simulate(
        chosen, host(chosen.host, disease="mCRPC"),
        Regimen.cycles(2, activity_GBq=7.4, amount_nmol=110), patients=4, seed=3, threads=1,
    )  # fmt: skip
    tumour = course.biology.tumour
    assert tumour is not None
    lesions = course.host.lesions
    dose = course_dose(course, ["kidneys", *lesions], lesion_alpha_beta_Gy=tumour.alpha_beta_Gy)
    one = np.ones(4)
    for region in ("kidneys", *lesions):
        np.testing.assert_allclose(
            dose.bed_Gy(one, region), course.of(course.bed_per_cycle_Gy, region), rtol=1e-10
        )
    of = course.biology.lesion_parameter
    effect = tumour_effect(
        dose, one,
        LesionParameters(of("alpha"), of("doubling_time"), of("kick_off_time"),
                         of("clonogen_density"), float(np.median(of("dose_log_sd")))),
        lesions=lesions, number={x: course.host_values[f"{x}.number"] for x in lesions},
    )  # fmt: skip
    control = tumour_control(course)
    assert control is not None
    # the same equations in another order: log TCP differs by rounding only
    np.testing.assert_allclose(
        np.log(np.maximum(effect.tcp, 1e-300)),
        np.log(np.maximum(control.all_lesions, 1e-300)),
        rtol=1e-9,
    )
    assert np.all(effect.log10_kill > 0.0)


def test_twice_the_activity_kills_more_and_postpones_regrowth():
    dose = made_dose(20.0, 0.0, 0.2)
    biology = LesionParameters(
        np.full(3, 0.15), np.full(3, 6e6), np.zeros(3), np.full(3, 1e10), 0.0
    )
    effect = tumour_effect(
        dose, np.array([[1.0] * 3, [2.0] * 3]), biology, lesions=("kidneys",),
        number={"kidneys": np.ones(3)},
    )  # fmt: skip
    assert np.all(effect.log10_kill[1] > effect.log10_kill[0])
    assert np.all(effect.regrowth_d[1] > effect.regrowth_d[0])
    # without spread of dose regrowth is T_d α BED / ln 2, BED = 2 (20 + 0.2·400/2.5) = 104 Gy
    np.testing.assert_allclose(
        effect.regrowth_d[0], 6e6 / 86400.0 * 0.15 * 104.0 / np.log(2.0), rtol=1e-12
    )


def test_candidates_are_ranked_by_the_lower_end_not_by_the_middle():
    steady, wide = np.full(100, 2.0), np.linspace(0.0, 6.0, 100)
    values = np.stack([wide, steady])[..., None]
    assert ranks(Scores(values).lower_end()).tolist() == [2, 1]


def test_the_chance_to_beat_the_reference_is_paired():
    rng = np.random.default_rng(1)
    reference = rng.normal(0.0, 10.0, 200)
    values = np.stack([reference, reference + 0.1])[..., None]
    # unpaired it would be about one half; the same patient is always a little better off
    assert better_than(Scores(values), 0).tolist() == [0.5, 1.0]


def test_ranks_of_equal_candidates_are_unstable_and_of_distant_ones_are_not():
    rng = np.random.default_rng(2)
    near = rng.normal(0.0, 1.0, (2, 60))
    values = np.concatenate([near, np.full((1, 60), 50.0)])[..., None]
    found = stability(Scores(values), seed=1)
    assert found.same[2] == 1.0
    assert np.all(found.same[:2] < 1.0)
    assert (found.low[2], found.high[2]) == (1.0, 1.0)


def test_patients_without_a_result_are_left_out():
    values = np.array([[1.0, np.nan, 3.0], [0.0, 5.0, 9.0]])[..., None]
    scores = Scores(values)
    assert np.isfinite(scores.lower_end()).all()
    assert better_than(scores, 1)[0] == pytest.approx(0.5)


def test_the_front_holds_what_nothing_beats():
    first, second = np.array([3.0, 2.0, 1.0, 3.0, np.nan]), np.array([1.0, 2.0, 1.5, 0.5, 9.0])
    assert pareto(first, second).tolist() == [True, True, False, False, False]


def test_shares_sum_to_one_and_the_most_frequent_comes_first():
    found = shares(["kidneys", "liver", "kidneys", "heart"])
    assert next(iter(found)) == "kidneys"
    assert sum(found.values()) == pytest.approx(1.0)
