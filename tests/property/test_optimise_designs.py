"""Designs keep their bounds, fronts keep dominance, seeds keep numbers."""

from __future__ import annotations

from importlib import resources

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ligandose.design.optimise_batch import Population
from ligandose.design.optimise_bounds import bounds, class_of, classes
from ligandose.design.optimise_front import hypervolume, knee, on_front, spread_along
from ligandose.design.optimise_measure import evaluate
from ligandose.design.optimise_space import share_of, steps_of, value_at
from ligandose.design.optimise_study import optimise_from_mapping, space_of
from ligandose.evidence import EDITION, read_table

POINTS = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 20)).map(list), min_size=1, max_size=30
)
STUDY = {
    "indication": "GEP-NET",
    "target": "SSTR2",
    "vectors": ["177Lu-DOTATATE", "antibody"],
    "nuclides": ["Lu-177", "Ac-225"],
    "optimise": {"bounds": {"k_d": [0.2, 20.0]}},
}


@pytest.fixture(scope="module")
def space():
    return space_of(optimise_from_mapping(STUDY))


@given(POINTS)
def test_nobody_on_a_front_is_dominated_and_everybody_else_is(points):
    values = np.array(points, dtype=float)
    front = on_front(values)
    for i, mine in enumerate(values):
        beaten = [np.all(other >= mine) and np.any(other > mine) for other in values]
        twin_before = any(np.array_equal(values[j], mine) for j in range(i))
        assert front[i] == (not any(beaten) and not twin_before)


@given(POINTS, st.tuples(st.integers(0, 20), st.integers(0, 20)))
def test_another_point_never_takes_from_the_hypervolume(points, one):
    before = hypervolume(points, reference=(0.0, 0.0))
    after = hypervolume([*points, list(one)], reference=(0.0, 0.0))
    assert after >= before
    inside = any(p[0] >= one[0] and p[1] >= one[1] for p in points)
    if inside:
        assert after == before


@given(POINTS)
def test_hypervolume_is_the_number_of_unit_squares_below_the_front(points):
    """Integer fronts: counted square by square, another way of working it out."""
    squares = {(i, j) for a, b in points for i in range(a) for j in range(b)}
    assert hypervolume(points, reference=(0.0, 0.0)) == len(squares)


@given(POINTS, st.integers(1, 8))
def test_a_spread_has_distinct_points_and_both_ends(points, count):
    values = np.array(points, dtype=float)
    front = values[on_front(values)]
    middle = knee(front)
    chosen = spread_along(front, count, keep=[middle])
    assert len(chosen) == len(set(chosen))
    assert middle in chosen
    assert int(np.argmax(front[:, 0])) in chosen
    assert int(np.argmax(front[:, 1])) in chosen


@given(st.data())
@settings(deadline=None)
def test_every_point_of_the_cube_is_a_design_within_its_bounds(space, data):
    point = [data.draw(st.floats(0.0, 1.0)) for _ in space.genes]
    design = space.design(point)
    form = space.forms[design.form]
    for lever, bound in form.bounds.items():
        if lever not in space.levers:
            continue
        value = design.values[lever]
        if bound.scale in ("log", "linear"):
            # rounding of a power
            assert bound.low * (1 - 1e-12) <= float(value) <= bound.high * (1 + 1e-12)
        else:
            assert value in steps_of(bound)
    for lever, value in design.values.items():
        if lever not in form.bounds:
            assert value == form.own[lever]


@given(st.data())
@settings(deadline=None)
def test_a_point_made_of_a_design_gives_it_back(space, data):
    design = space.design([data.draw(st.floats(0.0, 1.0)) for _ in space.genes])
    again = space.design(space.point(design))
    assert again.form == design.form
    for lever, value in design.values.items():
        if isinstance(value, str):
            assert again.values[lever] == value
        elif lever in space.forms[design.form].bounds:
            assert again.values[lever] == pytest.approx(value, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", classes())
def test_bounds_are_ordered_sourced_and_contain_what_the_catalogue_has(name):
    known = _sources()
    for bound in bounds(name, "SSTR2").values():
        assert bound.low <= bound.high
        assert bound.source in known
        assert bound.status in ("verified", "unverified", "assumed")
        for share in (0.0, 0.3, 1.0):
            value = value_at(bound, share)
            if bound.scale in ("log", "linear"):
                assert share_of(bound, value) == pytest.approx(share)
    rows = [r for r in read_table("vectors.csv") if r["quantity"] == "k_d" and r["value"]]
    for row in rows:
        try:
            mine = class_of(row["subject"]) == name
        except Exception:  # a metal complex, which has no class of its own
            continue
        if mine and row["region"] not in ("megalin", "glandular", "binder"):
            bound = bounds(name, row["region"])["k_d"]
            # stronger than the table's bound only where the row is that of another metal
            assert bound.low <= float(row["value"]) <= bound.high


def test_the_antagonist_is_open_for_sstr2_only():
    assert "sites_factor" in bounds("peptide", "SSTR2")
    assert "sites_factor" not in bounds("peptide", "FAP")
    assert "sites_factor" not in bounds("small molecule", "PSMA")


def test_numbers_depend_on_the_seed_and_not_on_threads():
    plan = optimise_from_mapping({**STUDY, "vectors": ["177Lu-DOTATATE"], "nuclides": ["Lu-177"]})
    space = space_of(plan)
    rng = np.random.default_rng(3)
    designs = [space.design(p) for p in rng.random((5, len(space.genes)))]

    def objectives(seed: int, threads: int) -> np.ndarray:
        people = Population.of(plan.screen, patients=5, seed=seed)
        found = evaluate(people, space, designs, threads=threads)
        return np.array([[*m.log10_kill, *m.log10_margin] for m in found])

    one = objectives(1, 1)
    assert np.array_equal(one, objectives(1, 2))
    assert not np.array_equal(one, objectives(2, 1))


def test_same_seed_same_search():
    pytest.importorskip("pymoo")
    from ligandose.design.optimise_search import search

    def two(x: np.ndarray) -> np.ndarray:
        return np.stack([x[:, 0], 1.0 - x[:, 0] + x[:, 1]], axis=1)

    np.random.seed(5)
    before = np.random.get_state()[1].copy()
    one = search(two, genes=3, evaluations=200, seed=4)
    assert np.array_equal(before, np.random.get_state()[1])
    np.random.seed(6)
    again = search(two, genes=3, evaluations=200, seed=4)
    other = search(two, genes=3, evaluations=200, seed=5)
    assert np.array_equal(one.points, again.points)
    assert not np.array_equal(one.points, other.points)
    assert one.points.shape == (200, 3)
    assert one.points.min() >= 0.0
    assert one.points.max() <= 1.0


def test_levers_act_on_tumour_and_organs_through_the_model():
    """Each lever changes several regions; none is a factor on the tumour."""
    from ligandose.design.optimise_batch import first_cycles

    plan = optimise_from_mapping({**STUDY, "vectors": ["177Lu-DOTATATE"], "nuclides": ["Lu-177"]})
    space = space_of(plan)
    start = space.start("177Lu-DOTATATE")
    people = Population.of(plan.screen, patients=3, seed=1)
    designs = [
        start,
        space.with_lever(start, "unbound_plasma", 0.02),
        space.with_lever(start, "cleaved_share", 0.7),
        space.with_lever(start, "k_d", 20.0),
    ]
    _, first = next(first_cycles(people, space.forms[0], designs))
    dose = first.dose
    lesion = next(i for i, r in enumerate(dose.regions) if r.startswith("lesion:"))
    kidneys, marrow = dose.regions.index("kidneys"), dose.regions.index("red_marrow")
    by = (dose.low_Gy + dose.alpha_Gy)[:, 0].reshape(len(designs), 3, -1).mean(axis=1)
    ratio = by / by[0]
    assert ratio[1, marrow] > 1.5  # bound to albumin it stays in blood
    assert ratio[2, kidneys] < 0.7  # cleaved at the brush border
    assert ratio[2, lesion] == pytest.approx(1.0, abs=0.03)  # and nothing else moves
    assert ratio[3, lesion] < 0.7
    assert ratio[3, kidneys] != pytest.approx(1.0, abs=1e-6)


def _sources() -> set[str]:
    """Return the sources of all tables; parts exist only until they are merged."""
    names = ["sources.csv"]
    if (resources.files("ligandose") / "data" / EDITION / "sources_optimise.csv").is_file():
        names.append("sources_optimise.csv")
    return {row["id"] for name in names for row in read_table(name)}
