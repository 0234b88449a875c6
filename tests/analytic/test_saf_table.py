"""The table of specific absorbed fractions: between nodes, below them, and as S values."""

import numpy as np
import pytest
from saf_toy import BODY_KG, ENERGY_MEV, MASS_KG, toy_table

from ligandose.dose import EmissionSpectrum, SafGrid, emission_spectrum
from ligandose.dose.curves import JOULE_PER_KEV
from ligandose.errors import InputError

NODES = np.array([0.01, 0.05, 0.2, 1.0, 4.0])
ONE = np.ones(1)


def grid(saf, *, limit=0.0, relative_sd=0.0):
    saf = np.asarray(saf, dtype=float).reshape(1, 1, -1)
    return SafGrid(NODES, saf, np.full_like(saf, relative_sd), np.array([[limit]]))


def value(table, energy):
    return float(table.mean_per_kg(np.array([energy]), ONE)[0, 0])


def test_nodes_are_reproduced():
    saf = [3.0, 2.0, 0.7, 0.9, 0.2]
    table = grid(saf)
    # 1e-12: rounding of exp and log
    assert [value(table, e) for e in NODES] == pytest.approx(saf, rel=1e-12)


def test_a_power_law_is_exact_between_nodes():
    table = grid(NODES**-1.7)
    for energy in (0.02, 0.11, 0.6, 3.9):
        assert value(table, energy) == pytest.approx(energy**-1.7, rel=1e-12)


def test_the_curve_between_nodes_stays_between_them():
    saf = np.array([1e-6, 2e-3, 2.1e-3, 1e-3, 9e-4])
    table = grid(saf)
    for i in range(NODES.size - 1):
        for energy in np.geomspace(NODES[i], NODES[i + 1], 9):
            low, high = sorted(saf[i : i + 2])
            assert low * (1 - 1e-12) <= value(table, energy) <= high * (1 + 1e-12)


def test_an_interval_with_a_zero_is_straight_in_log_energy():
    table = grid([0.0, 0.0, 1.0, 2.0, 3.0])
    middle = np.sqrt(NODES[1] * NODES[2])
    assert value(table, 0.02) == 0.0
    assert value(table, middle) == pytest.approx(0.5, rel=1e-12)


def test_soft_particles_of_a_source_stay_in_it_and_do_not_reach_others():
    own, other = grid([4.0, 3, 2, 1, 1], limit=5.0), grid([0.3, 0.2, 0.1, 0.1, 0.1])
    assert value(own, 1e-7) == pytest.approx(5.0, rel=1e-4)  # straight line: 1e-5 of the way
    assert value(own, 0.005) == pytest.approx(4.5, rel=1e-12)
    assert value(other, 1e-7) < 1e-5
    assert value(other, 0.01) == pytest.approx(0.3, rel=1e-12)


def test_an_energy_above_the_table_is_refused():
    with pytest.raises(InputError, match="above the table"):
        value(grid([1, 1, 1, 1, 1]), 5.0)


def test_the_statistical_error_of_a_line_at_a_node_is_the_nodes():
    table = grid([1.0, 2.0, 3.0, 4.0, 5.0], relative_sd=0.02)
    variance = table.variance_per_kg2(np.array([0.2]), np.array([0.5]))
    assert float(variance[0, 0]) == pytest.approx((0.5 * 3.0 * 0.02) ** 2, rel=1e-12)


def test_two_lines_at_different_nodes_add_their_variances():
    table = grid([1.0, 2.0, 3.0, 4.0, 5.0], relative_sd=0.1)
    variance = table.variance_per_kg2(np.array([0.05, 1.0]), np.array([1.0, 1.0]))
    assert float(variance[0, 0]) == pytest.approx(0.2**2 + 0.4**2, rel=1e-12)


def test_merging_near_lines_changes_s_by_less_than_a_thousandth():
    # lines within 4 % are merged at their mean: second order, (0.04)^2/12 of the curvature of
    # SAF, which is about 1 in steep parts: 1e-4; ten times that is allowed
    table = toy_table()
    spectrum = emission_spectrum("Lu-177")
    merged, _ = table.s_values(spectrum)
    for k, particle in enumerate(("alpha", "electron", "photon")):
        energy = spectrum.energy_keV[k]
        order = np.argsort(energy)
        weight = (energy * spectrum.yield_per_decay[k])[order] * 1e-3
        exact = table.grids[particle].mean_per_kg(energy[order] * 1e-3, weight)
        exact *= JOULE_PER_KEV * 1e3
        np.testing.assert_allclose(merged[..., k], exact, rtol=1e-3, atol=1e-30)


def test_s_is_energy_times_saf_for_one_line():
    table = toy_table()
    none = np.empty(0)
    spectrum = EmissionSpectrum(
        "line", (none, none, np.array([300.0])), (none, none, np.array([0.25]))
    )
    value_, sd = table.s_values(spectrum)
    s, t = table.sources.index("liver"), table.targets.index("spleen")
    node = int(np.flatnonzero(np.isclose(ENERGY_MEV, 0.3))[0])
    saf = table.grids["photon"].saf_per_kg[s, t, node]
    joule = 0.25 * 300.0 * JOULE_PER_KEV
    assert value_[s, t, 2] == pytest.approx(joule * saf, rel=1e-12)
    assert sd[s, t, 2] == pytest.approx(0.01 * joule * saf, rel=1e-9)
    assert np.all(value_[..., :2] == 0)


def test_alphas_and_recoils_stay_in_their_source():
    table = toy_table()
    spectrum = emission_spectrum("Ac-225")
    value_, _ = table.s_values(spectrum)
    i, j = table.sources.index("kidneys"), table.targets.index("kidneys")
    assert value_[i, j, 0] == pytest.approx(spectrum.emitted_J[0] / MASS_KG["kidneys"], rel=1e-12)
    assert value_[i, table.targets.index("liver"), 0] == 0.0


def test_the_toy_body_absorbs_what_it_should():
    """The whole of the electrons' energy is absorbed by the regions that make up the body."""
    table = toy_table()
    spectrum = emission_spectrum("Y-90")
    value_, _ = table.s_values(spectrum)
    absorbed = value_[..., 1] @ table.target_mass_kg
    # the line of 1/m below 10 keV ends at 0.99/m + …; soft electrons are 1e-5 of the energy
    np.testing.assert_allclose(absorbed, spectrum.emitted_J[1], rtol=1e-6)
    assert table.whole_kg == pytest.approx(BODY_KG)
