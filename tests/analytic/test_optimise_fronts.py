"""Fronts in closed form, and known fronts found: ZDT1 to ZDT3, DTLZ2; the amount as a unit."""

from __future__ import annotations

import numpy as np
import pytest

from ligandose.agents import agent
from ligandose.course import Regimen, simulate
from ligandose.design.optimise_batch import Population, first_cycles
from ligandose.design.optimise_front import hypervolume, knee, on_front, spread_along
from ligandose.design.optimise_measure import evaluate
from ligandose.design.optimise_space import value_at
from ligandose.design.optimise_study import optimise_from_mapping, space_of
from ligandose.design.optimise_words import rank_correlation
from ligandose.design.screen_candidates import reference_candidate
from ligandose.design.screen_run import evaluate as screen_evaluate
from ligandose.design.screen_study import screen_from_mapping

STUDY = {
    "indication": "mCRPC",
    "target": "PSMA",
    "vectors": ["177Lu-PSMA-617"],
    "nuclides": ["Lu-177"],
    "reference": "177Lu-PSMA-617",
}


# ------------------------------------------------------------------ closed forms


def test_hypervolume_of_a_staircase():
    # Rectangles 1 × 3, 1 × 2 and 1 × 1 side by side.
    assert hypervolume([[1, 3], [2, 2], [3, 1]], reference=(0, 0)) == 6.0


def test_hypervolume_of_a_fine_quarter_circle_tends_to_its_area():
    # n steps inscribed in a monotone curve err by at most one step's width: 1/n of the unit square.
    angle = np.linspace(0.0, np.pi / 2.0, 4001)
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    assert hypervolume(points, reference=(0, 0)) == pytest.approx(np.pi / 4.0, abs=1e-3)


def test_hypervolume_ignores_dominated_points_and_points_below_the_reference():
    front = [[1, 3], [2, 2], [3, 1]]
    more = [*front, [0.5, 0.5], [5.0, -1.0], [2, 2]]
    assert hypervolume(more, reference=(0, 0)) == 6.0


def test_knee_of_a_corner_is_the_corner():
    assert knee([[0, 1], [0.9, 0.95], [1, 0], [0.2, 0.98]]) == 1


def test_a_hollow_front_has_no_knee_and_names_its_first_end():
    assert knee([[4.0, 0.0], [1.0, 0.2], [0.1, 1.0], [0.0, 2.0]]) == 0


def test_spread_keeps_ends_and_knee_and_takes_the_widest_gap():
    points = [[0, 10], [1, 9], [2, 8], [9, 1], [10, 0]]
    # Between (2, 8) and (9, 1) is the widest gap; its ends are nearest to what fills it.
    assert spread_along(points, 3, keep=[0]) in ([4, 2, 0], [4, 3, 0])


def test_rank_correlation_of_reversed_order_is_minus_one():
    assert rank_correlation([1, 2, 3, 4], [9, 7, 5, 1]) == -1.0


# ------------------------------------------------------------------ known fronts


def _zdt(which: int, x: np.ndarray) -> np.ndarray:
    """Zitzler, Deb and Thiele 2000, Evol Comput 8:173; minimised there, so negated here."""
    f1 = x[:, 0]
    g = 1.0 + 9.0 * x[:, 1:].mean(axis=1)
    ratio = f1 / g
    h = {
        1: 1.0 - np.sqrt(ratio),
        2: 1.0 - ratio**2,
        3: 1.0 - np.sqrt(ratio) - ratio * np.sin(10.0 * np.pi * f1),
    }[which]
    return -np.stack([f1, g * h], axis=1)


def _dtlz2(x: np.ndarray) -> np.ndarray:
    """Deb et al. 2002, three objectives; the front is the unit sphere's positive octant."""
    g = ((x[:, 2:] - 0.5) ** 2).sum(axis=1) + 1.0
    a, b = 0.5 * np.pi * x[:, 0], 0.5 * np.pi * x[:, 1]
    return -np.stack([g * np.cos(a) * np.cos(b), g * np.cos(a) * np.sin(b), g * np.sin(a)], axis=1)


@pytest.fixture(scope="module")
def search():
    pytest.importorskip("pymoo")
    from ligandose.design.optimise_search import search as found

    return found


@pytest.mark.parametrize(
    ("which", "area"),
    # Above (1.1, 1.1) to the left and below: 1.21 less what lies under the front,
    # ∫(1 - √x) = 1/3, ∫(1 - x²) = 2/3.
    [(1, 1.21 - 1.0 / 3.0), (2, 1.21 - 2.0 / 3.0)],
)
def test_known_fronts_are_found_zdt(search, which, area):
    found = search(lambda x: _zdt(which, x), genes=10, evaluations=8000, seed=1, population=40)
    covered = hypervolume(found.objectives, reference=(-1.1, -1.1))
    # Forty even points on a front as long as √2 leave steps of 2.5 % in each objective, under which
    # about 40 × 0.5 × 0.025² = 1.3 % of the unit square is missing at most; points that earlier
    # generations left on the front fill part of it.
    assert 0.985 * area < covered <= area


def test_all_five_parts_of_zdt3_are_found(search):
    found = search(lambda x: _zdt(3, x), genes=10, evaluations=6000, seed=1, population=100)
    front = -found.objectives[on_front(found.objectives)]
    # The parts of f1 that the front has (Zitzler et al. 2000, fig. 3, from f2' < 0 and dominance).
    parts = [(0.0, 0.0830), (0.1823, 0.2577), (0.4093, 0.4538), (0.6184, 0.6525), (0.8233, 0.8518)]
    # 0.01: the width of a step between a hundred points
    for low, high in parts:
        assert np.any((front[:, 0] > low - 0.01) & (front[:, 0] < high + 0.01))
    exact = 1.0 - np.sqrt(front[:, 0]) - front[:, 0] * np.sin(10.0 * np.pi * front[:, 0])
    assert np.median(front[:, 1] - exact) < 0.02


def test_the_sphere_of_dtlz2_is_found(search):
    found = search(_dtlz2, genes=7, evaluations=6000, seed=1, population=100)
    front = found.objectives[on_front(found.objectives)]
    # Distance to the front is |f| - 1, 0 on it; NSGA-II with three objectives comes within percent.
    assert np.median(np.linalg.norm(front, axis=1) - 1.0) < 0.03
    # Inverted generational distance over an even net of the octant: all of it is covered.
    net = np.abs(np.random.default_rng(0).normal(size=(300, 3)))
    net /= np.linalg.norm(net, axis=1, keepdims=True)
    gaps = np.linalg.norm(net[:, None, :] + front[None, :, :], axis=-1).min(axis=1)
    # 100 even points on π/2 of area lie 0.125 apart, so half of that from any place.
    assert gaps.mean() < 0.125


# ------------------------------------------------------------------ the model behind it


def test_another_amount_is_another_unit_of_amount():
    """A design with 25 nmol, in units of the call, is a simulation with 25 nmol."""
    plan = optimise_from_mapping(STUDY)
    space = space_of(plan)
    start = space.start("177Lu-PSMA-617")
    design = space.with_lever(start, "amount", 25.0)
    people = Population.of(plan.screen, patients=8, seed=1)
    _, first = next(first_cycles(people, space.forms[0], [start, design]))
    for row, amount in enumerate((start.number("amount"), 25.0)):
        course = simulate(
            agent("177Lu-PSMA-617"),
            people.host,
            Regimen.cycles(1, activity_GBq=1.0, amount_nmol=amount, infusion_min=5.0),
            patients=8,
            seed=1,
            threads=1,
        )
        at = [course.regions.index(r) for r in first.dose.regions]
        wanted = course.dose_per_cycle_Gy[:, 0, at].sum(axis=-1)
        ours = first.of(row, 8)
        # The solver keeps 1e-6 of each region's largest value; step sizes depend on the group.
        np.testing.assert_allclose((ours.low_Gy + ours.alpha_Gy)[:, 0], wanted, rtol=1e-5)


def test_the_starting_agent_is_measured_as_a_screen_measures_it():
    """With one cycle nothing shrinks, and both follow the same patients."""
    shared = {"cap": {"cycles": 1}, "patients": 8, "knowledge": 0, "seed": 1}
    plan = optimise_from_mapping({**STUDY, **shared})
    space = space_of(plan)
    people = Population.of(plan.screen, patients=8, seed=1)
    ours = evaluate(people, space, [space.start("177Lu-PSMA-617")])[0]
    data = {k: v for k, v in STUDY.items() if k != "target"}
    screen = screen_from_mapping({**data, **shared, "targets": ["PSMA"]})
    candidate = reference_candidate(screen)
    assert candidate is not None
    theirs = screen_evaluate({"candidate": candidate.task(), "plan": screen.task()})
    practical = theirs["activity_GBq"]["practical"]
    # Both solve the same model, in other groups of patients: 1e-6 of a region's largest value.
    np.testing.assert_allclose(ours.activity_GBq, practical, rtol=1e-4)
    np.testing.assert_allclose(
        ours.log10_kill, theirs["at"]["practical"]["log10_kill"], rtol=1e-3, atol=1e-4
    )


def test_a_logarithmic_bound_has_its_geometric_middle():
    form = space_of(optimise_from_mapping(STUDY)).forms[0]
    bound = form.bounds["k_d"]
    assert value_at(bound, 0.5) == pytest.approx(np.sqrt(bound.low * bound.high))


def test_a_choice_that_loses_is_tried_until_the_end(search):
    """The upper half of the first gene is worse by far; without new choices it dies out."""

    def two(x):
        value = np.where(x[:, 0] >= 0.5, -5.0, 0.0) - ((x[:, 1:] - 0.3) ** 2).sum(axis=1)
        return np.stack([value, value - x[:, 1]], axis=1)

    tried = {}
    for choices in (0, 1):
        points = search(two, genes=6, evaluations=1000, seed=1, choices=choices).points
        tried[choices] = np.mean(points[750:, 0] >= 0.5)
    assert tried[0] < 0.02
    assert tried[1] == pytest.approx(0.1, abs=0.06)  # half of a fifth


def test_new_choices_touch_a_fifth_of_the_points_in_one_of_the_first_genes(search):
    from ligandose.design.optimise_search import NEW_CHOICE, with_new_choices

    points = np.full((4000, 6), 0.25)
    made = with_new_choices(points, 3, np.random.default_rng(1))
    changed = made != points
    assert not changed[:, 3:].any()
    assert changed.sum(axis=1).max() == 1
    # four standard deviations of a binomial
    assert changed.any(axis=1).mean() == pytest.approx(NEW_CHOICE, abs=0.026)
    assert with_new_choices(points, 0, np.random.default_rng(1)) is points
