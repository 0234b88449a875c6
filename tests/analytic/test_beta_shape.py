"""Limits of the beta shape that can be written down."""

import numpy as np
import pytest

from ligandose.nuclides import beta_bins, beta_spectrum, nuclide
from ligandose.nuclides.beta import (
    ELECTRON_MASS_KEV,
    _log_abs_gamma,
    beta_shape,
    branch_mean_keV,
    branch_nodes,
)

ALLOWED = {"mass_number": 90, "charge": -1}


def test_the_gamma_function_has_its_known_modulus_on_a_vertical_line():
    eta = np.geomspace(1e-3, 200.0, 50)
    # |Γ(1+iη)|² = πη/sinh(πη), written so that sinh does not overflow
    expected = 0.5 * (
        np.log(2.0 * np.pi * eta) - np.pi * eta - np.log1p(-np.exp(-2.0 * np.pi * eta))
    )
    np.testing.assert_allclose(_log_abs_gamma(1.0, eta), expected, rtol=0, atol=1e-12)


def test_without_charge_the_allowed_shape_is_phase_space():
    """At Z = 0 the mean of p W (W0-W)² for a small endpoint is E0/3 · (1 + O(E0/m))."""
    energy, weight = branch_nodes(1e-2)
    total = 1.0 + energy / ELECTRON_MASS_KEV
    shape = np.sqrt(total**2 - 1.0) * total * (1e-2 - energy) ** 2
    assert weight @ (shape * energy) / (weight @ shape) == pytest.approx(1e-2 / 3.0, rel=1e-4)
    ours = branch_mean_keV(2000.0, z_progeny=1, mass_number=12, charge=-1)
    energy, weight = branch_nodes(2000.0)
    total = 1.0 + energy / ELECTRON_MASS_KEV
    shape = np.sqrt(total**2 - 1.0) * total * (2000.0 - energy) ** 2
    # the field of one charge shifts the mean by about α·π/β, less than 1 %
    assert ours == pytest.approx(weight @ (shape * energy) / (weight @ shape), rel=0.01)


def test_attraction_lowers_the_mean_of_electrons_and_repulsion_raises_that_of_positrons():
    neutral = branch_mean_keV(500.0, z_progeny=1, mass_number=90, charge=-1)
    electrons = branch_mean_keV(500.0, z_progeny=60, **ALLOWED)
    positrons = branch_mean_keV(500.0, z_progeny=60, mass_number=90, charge=1)
    assert electrons < neutral < positrons


def test_unique_forbidden_shapes_at_low_charge_are_polynomials_in_p_and_q():
    energy = np.linspace(10.0, 1990.0, 200)
    total = 1.0 + energy / ELECTRON_MASS_KEV
    p2, q2 = total**2 - 1.0, ((2000.0 - energy) / ELECTRON_MASS_KEV) ** 2
    known = {1: q2 + p2, 2: q2**2 + 10.0 / 3.0 * q2 * p2 + p2**2}
    light = {"z_progeny": 2, "mass_number": 6, "charge": -1}
    allowed = beta_shape(energy, 2000.0, **light)
    for order, polynomial in known.items():
        ratio = beta_shape(energy, 2000.0, unique_order=order, **light) / allowed / polynomial
        # λ_k differ from 1 by order (αZ)² and αZ/p·R: below 1 % at Z = 2
        assert np.ptp(ratio) / ratio.mean() < 0.01


def test_the_shape_is_zero_from_the_endpoint_on_and_positive_before():
    energy = np.array([0.0, 1.0, 499.9, 500.0, 700.0])
    shape = beta_shape(energy, 500.0, z_progeny=40, **ALLOWED)
    assert np.all(shape[:3] > 0.0)
    assert np.all(shape[3:] == 0.0)


def test_the_mean_grows_with_the_tilt():
    means = [
        branch_mean_keV(500.0, z_progeny=40, **ALLOWED, tilt=tilt) for tilt in (-2, -0.1, 0, 0.1, 2)
    ]
    assert np.all(np.diff(means) > 0.0)


@pytest.mark.parametrize("name", ["Lu-177", "Y-90", "I-131", "Cu-64", "F-18", "Ac-228", "Pb-212"])
def test_spectrum_and_bins_hold_the_number_and_energy_of_the_branches(name):
    branches = [e for e in nuclide(name).emissions if e.kind in ("beta-", "beta+")]
    number = sum(e.yield_per_decay for e in branches)
    energy = sum(e.yield_per_decay * e.energy_keV for e in branches)
    spectrum = beta_spectrum(name)
    integral = np.trapezoid(spectrum.yield_per_keV, spectrum.energy_keV)
    first_moment = np.trapezoid(spectrum.yield_per_keV * spectrum.energy_keV, spectrum.energy_keV)
    # trapezoids on 1001 points
    assert integral == pytest.approx(number, rel=1e-4)
    assert first_moment == pytest.approx(energy, rel=1e-4)
    bins = beta_bins(name)
    assert bins.yield_per_decay.sum() == pytest.approx(number, rel=1e-9)
    # the table's means have seven digits
    assert bins.energy_MeV @ bins.yield_per_decay * 1e3 == pytest.approx(energy, rel=1e-6)


def test_a_nuclide_without_betas_has_an_empty_spectrum():
    assert beta_spectrum("Ra-223").energy_keV.size == 0
    assert beta_bins("Ra-223").energy_MeV.size == 0


def test_a_spectrum_on_a_given_grid_is_the_same_function():
    full = beta_spectrum("Y-90")
    some = beta_spectrum("Y-90", full.energy_keV[::100])
    np.testing.assert_allclose(some.yield_per_keV, full.yield_per_keV[::100], rtol=1e-12)
