"""Alphas in a nucleus: numbers of hits, mean dose, compound Poisson law, survival."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ligandose.dose import (
    Cell,
    LineList,
    Neighbour,
    SpecificEnergy,
    alpha_events,
    cell_s_values,
    cross_s_values,
    kernel_of_lines,
    specific_energy_of,
)
from ligandose.dose.cell_geometry import SOURCES
from ligandose.dose.curves import JOULE_PER_KEV
from ligandose.dose.specific_energy import EVENT_SOURCES, AlphaEvents, events_of_lines
from ligandose.errors import InputError, UnknownNameError
from ligandose.nuclides import alpha_lines
from ligandose.transport import alpha_range_um

CONCENTRIC = Cell(7.0, 5.0)
OFFSET = Cell(8.0, 4.0, 3.5)
ENERGY = np.array([5869.0])
ONE = np.array([1.0])
# 65536 even points: sums over them are good to a few 1e-4
SAMPLED = 1e-3


@pytest.mark.parametrize("cell", [CONCENTRIC, OFFSET], ids=["concentric", "offset"])
def test_hits_in_a_uniform_medium_are_cauchys(cell: Cell) -> None:
    """Tracks of length L meet a convex body V + A L / 4 times per track and volume (Cauchy)."""
    medium = events_of_lines(ENERGY, ONE, cell, source="medium")
    own = events_of_lines(ENERGY, ONE, cell, source="whole_cell")
    hits = medium.hits_per_decay + own.hits_per_decay * cell.volume_um3("cell")
    radius, length = cell.nucleus_radius_um, float(alpha_range_um(ENERGY)[0])
    exact = 4 / 3 * math.pi * radius**3 + math.pi * radius**2 * length
    assert hits == pytest.approx(exact, rel=SAMPLED)


@pytest.mark.parametrize("cell", [CONCENTRIC, OFFSET], ids=["concentric", "offset"])
def test_dose_in_a_uniform_medium_is_the_energy_emitted_there(cell: Cell) -> None:
    medium = events_of_lines(ENERGY, ONE, cell, source="medium")
    own = events_of_lines(ENERGY, ONE, cell, source="whole_cell")
    dose = medium.mean_Gy_per_decay + own.mean_Gy_per_decay * cell.volume_um3("cell")
    assert dose == pytest.approx(5869.0 * JOULE_PER_KEV / 1e-15, rel=SAMPLED)


@pytest.mark.parametrize("cell", [CONCENTRIC, OFFSET], ids=["concentric", "offset"])
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", ["At-211", "Ac-225", "Po-212"])
def test_the_mean_of_the_tracks_is_the_s_value(name: str, source: str, cell: Cell) -> None:
    lines = alpha_lines(name)
    alphas = LineList(lines.energy_MeV * 1e3, lines.yield_per_decay)
    s = cell_s_values(kernel_of_lines(alpha=alphas), cell, source=source)
    events = alpha_events(name, cell, source=source, progeny=False)
    assert events.mean_Gy_per_decay == pytest.approx(s.total_Gy_per_Bq_s[0], rel=2 * SAMPLED)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("distance", [15.0, 30.0])
def test_tracks_from_another_cell_carry_its_cross_dose(source: str, distance: float) -> None:
    kernel = kernel_of_lines(alpha=LineList(ENERGY, ONE))
    s = cross_s_values(kernel, CONCENTRIC, OFFSET, source=source, distance_um=distance).sum()
    events = events_of_lines(
        ENERGY, ONE, OFFSET, source=source, neighbour=Neighbour(CONCENTRIC, distance)
    )
    assert events.mean_Gy_per_decay == pytest.approx(s, rel=2 * SAMPLED)
    with pytest.raises(UnknownNameError):
        events_of_lines(
            ENERGY, ONE, OFFSET, source="medium", neighbour=Neighbour(CONCENTRIC, distance)
        )


def test_tracks_that_start_inside_all_hit() -> None:
    events = events_of_lines(ENERGY, ONE, CONCENTRIC, source="nucleus")
    assert events.hits_per_decay == pytest.approx(1.0, rel=1e-12)
    shares = events.share_of_tracks()
    assert shares["crosser"] == shares["stopper"] == 0.0
    assert sum(shares.values()) == pytest.approx(1.0)


def test_from_the_surface_hits_are_the_solid_angle() -> None:
    events = events_of_lines(ENERGY, ONE, CONCENTRIC, source="cell_surface")
    seen = 0.5 * (1.0 - math.sqrt(1.0 - (5.0 / 7.0) ** 2))
    assert events.hits_per_decay == pytest.approx(seen, rel=1e-9)


def test_short_tracks_give_all_their_energy() -> None:
    cell = Cell(40.0, 39.0)
    events = events_of_lines(np.array([300.0]), ONE, cell, source="nucleus")
    insiders = events.specific_energy_Gy[events.kind == 3]
    assert insiders.size > 0.9 * events.kind.size
    assert insiders == pytest.approx(300.0 * JOULE_PER_KEV / cell.mass_kg("nucleus"), rel=1e-9)


def test_chords_of_a_far_source_are_those_of_a_parallel_beam() -> None:
    """Of parallel chords of a ball, a part (l/2R)² is shorter than l (Kellerer 1971)."""
    cell = Cell(40.0, 1.0)
    events = events_of_lines(np.array([9000.0]), ONE, cell, source="cell_surface")
    share = events.specific_energy_Gy / events.specific_energy_Gy.max()
    for x in (0.3, 0.6, 0.9):
        below = float(events.weight[share < x].sum()) / events.hits_per_decay
        # 2 %: stopping power rises along 2 µm of a track with 60 µm to go
        assert below == pytest.approx(x**2, abs=0.02)


def test_the_moments_are_those_of_the_law() -> None:
    events = alpha_events("Ac-225", CONCENTRIC, source="cytoplasm")
    medium = alpha_events("Ac-225", CONCENTRIC, source="medium")
    law = specific_energy_of([(events, 3.0), (medium, 1e-5)])
    assert law.mean_Gy == pytest.approx(
        3.0 * events.mean_Gy_per_decay + 1e-5 * medium.mean_Gy_per_decay, rel=1e-9
    )
    z, p = law.distribution()
    assert p.sum() == pytest.approx(1.0, abs=1e-12)
    assert p @ z == pytest.approx(law.mean_Gy, rel=1e-9)
    assert math.sqrt(p @ z**2 - (p @ z) ** 2) == pytest.approx(law.sd_Gy, rel=1e-6)
    # grazing tracks that give less than a step (1/1024 of the most) count there in part
    assert p[0] == pytest.approx(law.zero_hit_fraction, rel=1e-3)
    assert law.dose_mean_Gy >= law.frequency_mean_Gy


@settings(max_examples=30, deadline=None)
@given(hits=st.floats(0.01, 30.0), z0=st.floats(0.05, 5.0))
def test_survival_is_the_mean_over_nuclei(hits: float, z0: float) -> None:
    single = np.array([0.0, 0.2, 0.5, 0.3])
    law = SpecificEnergy(hits, 0.1, single)
    z, p = law.distribution()
    assert law.survival(z0) == pytest.approx(float(p @ np.exp(-z / z0)), rel=1e-9)
    assert law.zero_hit_fraction <= law.survival(z0) <= 1.0
    assert law.survival(z0) >= math.exp(-law.mean_Gy / z0) - 1e-12  # Jensen


@settings(max_examples=20, deadline=None)
@given(hits=st.floats(0.1, 20.0))
def test_tracks_of_one_size_are_counted_by_poisson(hits: float) -> None:
    law = SpecificEnergy(hits, 0.5, np.array([0.0, 1.0]))
    _, p = law.distribution()
    expected = [math.exp(-hits) * hits**k / math.factorial(k) for k in range(8)]
    assert p[:8] == pytest.approx(expected, abs=1e-12)


def test_many_small_hits_survive_as_the_mean_dose_says() -> None:
    law = SpecificEnergy(1e4, 1e-4, np.array([0.0, 1.0]))
    assert law.survival(1.0) == pytest.approx(math.exp(-1.0), rel=1e-4)


def test_seeds_shift_the_samples_and_little_else() -> None:
    one, again, other = (
        alpha_events("At-211", OFFSET, source="cytoplasm", seed=seed) for seed in (1, 1, 2)
    )
    assert np.array_equal(one.specific_energy_Gy, again.specific_energy_Gy)
    assert not np.array_equal(one.specific_energy_Gy, other.specific_energy_Gy)
    assert other.mean_Gy_per_decay == pytest.approx(one.mean_Gy_per_decay, rel=2 * SAMPLED)


def test_a_medium_beyond_reach_hits_nothing() -> None:
    events = events_of_lines(np.array([1000.0]), ONE, Cell(60.0, 5.0), source="medium")
    assert events.hits_per_decay == 0.0
    assert events.frequency_mean_Gy == events.dose_mean_Gy == 0.0
    with pytest.raises(InputError, match="no track meets the nucleus"):
        specific_energy_of([(events, 1.0)])


def test_bad_arguments_are_named() -> None:
    events = events_of_lines(ENERGY, ONE, CONCENTRIC, source="nucleus", samples=64)
    assert isinstance(events, AlphaEvents)
    with pytest.raises(InputError, match="decays is -1"):
        specific_energy_of([(events, -1.0)])
    with pytest.raises(InputError, match="z0_Gy is 0"):
        specific_energy_of([(events, 1.0)]).survival(0.0)
    with pytest.raises(InputError, match="it is normal"):
        specific_energy_of([(events, 1e7)]).distribution()
    with pytest.raises(InputError, match="emits no alphas"):
        alpha_events("Lu-177", CONCENTRIC, source="nucleus")
    with pytest.raises(UnknownNameError, match="did you mean"):
        alpha_events("At-211", CONCENTRIC, source="nuclues")
    assert EVENT_SOURCES[-1] == "medium"
