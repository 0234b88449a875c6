"""S values of cells: reciprocity, conservation of energy, chains with daughters that leave."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ligandose.dose import (
    Cell,
    LineList,
    cell_kernel,
    cell_s_values,
    cross_s_values,
    kernel_of_lines,
    members_decays,
    progeny_decays,
)
from ligandose.dose.cell_geometry import SOURCES, TARGETS
from ligandose.dose.curves import JOULE_PER_KEV
from ligandose.dose.regions import parameter
from ligandose.errors import InputError, UnknownNameError
from ligandose.transport import alpha_range_um

VOLUMES = {"nucleus": "nucleus", "cytoplasm": "cytoplasm", "whole_cell": "cell"}
CELL = Cell(7.0, 5.0)


def electrons(energy_keV: float) -> LineList:
    return LineList(np.array([energy_keV]), np.array([1.0]))


@st.composite
def cells(draw: st.DrawFn) -> Cell:
    radius = draw(st.floats(2.0, 15.0))
    nucleus = draw(st.floats(0.2, 0.95)) * radius
    offset = draw(st.floats(0.0, 1.0)) * (radius - nucleus)
    return Cell(radius, nucleus, offset)


@settings(max_examples=15, deadline=None)
@given(cell=cells(), energy=st.floats(0.5, 300.0))
def test_dose_is_reciprocal_between_volumes(cell: Cell, energy: float) -> None:
    """S(t ← s) = S(s ← t) in a uniform medium (Loevinger's reciprocity theorem)."""
    kernel = kernel_of_lines(electron=electrons(energy))
    for source, as_target in VOLUMES.items():
        for other, other_target in VOLUMES.items():
            one = cell_s_values(kernel, cell, target=other_target, source=source)
            two = cell_s_values(kernel, cell, target=as_target, source=other)
            # shells average the factor over a shell of constant energy: 1e-5 of the self dose
            scale = 1e-5 * energy * JOULE_PER_KEV / min(map(cell.mass_kg, VOLUMES.values()))
            assert one.total_Gy_per_Bq_s == pytest.approx(
                two.total_Gy_per_Bq_s, rel=1e-6, abs=scale
            )


@settings(max_examples=10, deadline=None)
@given(first=cells(), second=cells(), gap=st.floats(0.0, 20.0), energy=st.floats(20.0, 300.0))
def test_dose_between_cells_is_reciprocal(
    first: Cell, second: Cell, gap: float, energy: float
) -> None:
    assume(first.nucleus_offset_um < 0.5 * first.radius_um)
    kernel = kernel_of_lines(electron=electrons(energy))
    apart = first.radius_um + second.radius_um + gap
    one = cross_s_values(kernel, first, second, source="nucleus", distance_um=apart)
    two = cross_s_values(kernel, second, first, source="nucleus", distance_um=apart)
    # 1e-4: orientations of a nucleus off centre are summed by 8 nodes each
    scale = 1e-7 * energy * JOULE_PER_KEV / first.mass_kg("nucleus")
    assert one == pytest.approx(two, rel=1e-4, abs=scale)


@pytest.mark.parametrize("cell", [CELL, Cell(8.0, 3.0, 4.0)], ids=["concentric", "offset"])
@pytest.mark.parametrize("source", SOURCES)
def test_parts_add_up_to_the_cell_and_what_leaves_to_what_is_emitted(
    cell: Cell, source: str
) -> None:
    kernel = cell_kernel("Lu-177", electrons="evaluated")
    kept = {
        target: cell_s_values(kernel, cell, target=target, source=source).s_Gy_per_Bq_s[0]
        * cell.mass_kg(target)
        / JOULE_PER_KEV
        for target in TARGETS
    }
    assert kept["nucleus"] + kept["cytoplasm"] == pytest.approx(kept["cell"], rel=1e-9)
    # escape by its own integral: what falls beyond r times the loss of share at r
    from ligandose.dose import geometric_factor

    r = np.linspace(0.0, 2.0 * cell.radius_um, 20_001)
    factor = geometric_factor(r, cell, target="cell", source=source)
    middle = 0.5 * (r[1:] + r[:-1])
    beyond = kernel.emitted_keV[:, None] - kernel.energy_within_keV(middle)
    escaped = beyond @ -np.diff(factor) + (1.0 - factor[0]) * kernel.emitted_keV
    # 1e-4 of what is emitted: the bound of issue 5
    limit = 1e-4 * kernel.emitted_keV.sum()
    assert kept["cell"] + escaped == pytest.approx(kernel.emitted_keV, abs=limit)


def test_a_source_wider_than_the_range_gives_charged_particle_equilibrium() -> None:
    energy = 5869.0
    reach = float(alpha_range_um(energy))
    big = Cell(reach + 6.0, 5.0)
    kernel = kernel_of_lines(alpha=electrons(energy))
    s = cell_s_values(kernel, big, source="whole_cell").total_Gy_per_Bq_s[0]
    # every decay per volume gives its energy to that volume
    assert s * big.mass_kg("cell") == pytest.approx(energy * JOULE_PER_KEV, rel=1e-4)


def test_short_tracks_stay_in_their_compartment() -> None:
    kernel = kernel_of_lines(electron=electrons(0.05))
    for source, target in (("nucleus", "nucleus"), ("cytoplasm", "cytoplasm")):
        kept = cell_s_values(kernel, CELL, target=target, source=source).total_Gy_per_Bq_s[0]
        absorbed = kept * CELL.mass_kg(target) / (0.05 * JOULE_PER_KEV)
        assert 0.99 < absorbed <= 1.0 + 1e-9  # a 50 eV electron goes some nanometres


def test_dose_falls_with_distance_and_scales_with_the_kernel() -> None:
    kernel = cell_kernel("Lu-177", electrons="evaluated")
    near = np.array([14.0, 20.0, 40.0, 100.0, 400.0])
    s = cross_s_values(kernel, CELL, CELL, source="whole_cell", distance_um=near).sum(axis=0)
    assert np.all(np.diff(s) < 0.0)
    twice = cross_s_values(kernel.scaled(2.0), CELL, CELL, source="whole_cell", distance_um=near)
    assert twice.sum(axis=0) == pytest.approx(2.0 * s, rel=1e-12)


def test_a_far_cell_receives_what_a_point_would() -> None:
    kernel = cell_kernel("Y-90", electrons="evaluated")
    apart = 300.0
    s = cross_s_values(kernel, CELL, CELL, source="nucleus", distance_um=apart)[1, 0]
    shell = np.diff(kernel.energy_within_keV(np.array([299.0, 301.0]))[1])[0]
    volume = 4.0 / 3.0 * np.pi * (301.0**3 - 299.0**3)
    point = shell / volume * JOULE_PER_KEV / 1e-15
    assert s == pytest.approx(point, rel=2e-3)  # size against distance squared: (5/300)² and less


@settings(max_examples=20, deadline=None)
@given(fraction=st.floats(0.0, 1.0))
def test_lost_daughters_take_their_progeny_along(fraction: float) -> None:
    whole = members_decays("Ac-225")
    some = members_decays("Ac-225", retained=fraction)
    assert some["Ac-225"] == 1.0
    for member, count in whole.items():
        if member != "Ac-225":
            assert some[member] == pytest.approx(fraction * count, rel=1e-12, abs=1e-15)
    named = members_decays("Ac-225", retained={"Bi-213": fraction})
    for member in ("Bi-213", "Tl-209"):  # Po-213 comes by Rn-217 too
        assert named[member] == pytest.approx(fraction * whole[member], rel=1e-9)
    assert named["At-217"] == pytest.approx(whole["At-217"], rel=1e-12)


def test_all_retained_is_the_chain_of_organ_dosimetry() -> None:
    horizon = parameter("chain", "horizon")
    for name in ("Ac-225", "Ra-223", "Pb-212", "At-211", "Tb-149"):
        counts = members_decays(name)
        assert counts.pop(name) == 1.0
        assert counts == pytest.approx(progeny_decays(name, horizon_s=horizon), rel=1e-12)


def test_none_retained_is_the_nuclide_alone() -> None:
    alone = cell_kernel("Ac-225", progeny=False, electrons="evaluated")
    lost = cell_kernel("Ac-225", retained=0.0, electrons="evaluated")
    assert lost.emitted_keV == pytest.approx(alone.emitted_keV, rel=1e-12)
    whole = cell_kernel("Ac-225", electrons="evaluated")
    assert whole.emitted_keV[0] > 4.0 * alone.emitted_keV[0]


@pytest.mark.parametrize("name", ["Lu-177", "I-125", "Tb-161", "Ac-225", "In-111"])
def test_the_cascade_emits_what_the_lumped_lines_do(name: str) -> None:
    cascade = cell_kernel(name, progeny=False, electrons="cascade").emitted_keV
    evaluated = cell_kernel(name, progeny=False, electrons="evaluated").emitted_keV
    # electrons and photons together: the evaluation leaves out vacancies of the outer shells, worth
    # 5 keV of the 37 keV of Ac-225; what it holds the cascade must hold too
    gain = cascade[1:].sum() / evaluated[1:].sum()
    assert 0.97 < gain < 1.13
    assert cascade[0] == evaluated[0]


def test_bad_arguments_are_named() -> None:
    with pytest.raises(InputError, match=r"retained of Fr-221 is 1\.2"):
        members_decays("Ac-225", retained={"Fr-221": 1.2})
    with pytest.raises(InputError, match="retained"):
        members_decays("Lu-177", retained=-0.1)
    with pytest.raises(UnknownNameError, match="member of the chain"):
        members_decays("Ac-225", retained={"Lu-177": 1.0})
    with pytest.raises(InputError, match="horizon_s"):
        members_decays("Ac-225", horizon_s=0.0)
    with pytest.raises(UnknownNameError, match="did you mean cascade"):
        cell_kernel("Lu-177", electrons="cascades")
    with pytest.raises(InputError, match="emits nothing"):
        cell_kernel("Hf-177")
    with pytest.raises(InputError, match="no line carries energy"):
        kernel_of_lines()
