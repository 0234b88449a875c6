"""Data of radiation transport where a closed form, or a sum rule, says what they must be."""

import math

import numpy as np
import pytest

from ligandose.transport.materials import additive_mean_excitation_eV, material, materials
from ligandose.transport.photon_data import (
    fluorescence,
    mean_photon_transfer,
    photoelectric_shares,
    photon_coefficients,
    photon_forms,
)
from ligandose.transport.stopping import (
    electron_collision_stopping,
    electron_csda_range,
    electron_radiative_stopping,
    radiation_yield,
)

R_E = 2.8179403262e-13
MC2 = 510.99895
AVOGADRO = 6.02214076e23


def klein_nishina(energy_keV):
    """Total and energy-transfer cross section of a free electron, cm2, by quadrature."""
    node, weight = np.polynomial.legendre.leggauss(200)
    ratio = 1 / (1 + energy_keV / MC2 * (1 - node))
    p = math.pi * R_E**2 * weight * ratio**2 * (ratio + 1 / ratio - 1 + node**2)
    return p.sum(), (p * (1 - ratio)).sum()


def test_mass_fractions_add_up_to_one():
    for name in materials():
        assert sum(w for _, w in material(name).composition) == pytest.approx(1.0, abs=1e-12)


def test_water_has_ten_electrons_in_eighteen_grams():
    assert material("water").electrons_mol_per_g == pytest.approx(10 / 18.01528, rel=1e-5)


@pytest.mark.parametrize(
    ("name", "icru_44"),
    [("adipose", 64.8), ("muscle", 74.6), ("bone_cortical", 112.0), ("brain", 73.9),
     ("breast", 70.3), ("eye_lens", 74.3), ("lung_tissue", 75.2), ("blood", 75.2)],
)  # fmt: skip
def test_additivity_repeats_the_published_mean_excitation_energies(name, icru_44):
    # published to one digit after the point
    assert additive_mean_excitation_eV(material(name)) == pytest.approx(icru_44, abs=0.06)


def test_media_without_a_published_mean_excitation_energy_have_the_additive_one():
    from ligandose.evidence import read_table

    rows = [r for r in read_table("materials.csv") if r["excitation_basis"] == "additivity"]
    assert rows
    for row in rows:
        medium = material(row["material"])
        assert medium.mean_excitation_eV == pytest.approx(
            additive_mean_excitation_eV(medium), abs=0.051
        )


@pytest.mark.parametrize("name", ["water", "bone", "adipose"])
def test_incoherent_scattering_of_hard_photons_is_klein_nishinas(name):
    per_gram = AVOGADRO * material(name).electrons_mol_per_g
    for energy in (1000.0, 3000.0, 9000.0):
        total, transfer = klein_nishina(energy)
        c = photon_coefficients(name, energy)
        # XCOM adds radiative corrections and double Compton scattering (Mork 1971): 0.1 % at
        # 1 MeV rising to 0.34 % at 10 MeV; binding takes less than 0.1 % away
        assert float(c.incoherent) == pytest.approx(per_gram * total, rel=4e-3)
        parts = mean_photon_transfer(name, energy) - c.photoelectric
        parts -= c.pair * max(1 - 2 * MC2 / energy, 0.0)
        assert float(parts) == pytest.approx(per_gram * transfer, rel=4e-3)


@pytest.mark.parametrize("name", ["water", "bone", "thyroid"])
@pytest.mark.parametrize("energy", [5.0, 30.0, 150.0, 511.0])
def test_scattering_functions_integrate_to_the_cross_sections(name, energy):
    forms, medium = photon_forms(name), material(name)
    u = np.geomspace(1e-5, 1.0, 40_001)  # sin(theta/2); 1 - cos = 2 u2
    x = energy / 12.398419843 * u
    versine = 2 * u * u
    ratio = 1 / (1 + energy / MC2 * versine)
    kn = ratio**2 * (ratio + 1 / ratio - 1 + (1 - versine) ** 2)
    s = np.interp(x, forms.x_per_angstrom, forms.incoherent)
    f2 = np.interp(x, forms.x_per_angstrom, forms.coherent)
    front = math.pi * R_E**2 * AVOGADRO
    incoherent = front * medium.electrons_mol_per_g * np.trapezoid(4 * u * kn * s, u)
    from ligandose.transport.materials import elements

    squared = sum(w / elements()[z].atomic_weight * z * z for z, w in medium.composition)
    thomson = 1 + (1 - versine) ** 2
    coherent = front * squared * np.trapezoid(4 * u * thomson * f2, u)
    c = photon_coefficients(name, energy)
    # both come from one evaluation; it rounds to four digits and integrates on other grids
    assert incoherent == pytest.approx(float(c.incoherent), rel=4e-3)
    assert coherent == pytest.approx(float(c.coherent), rel=4e-3)


def test_scattering_functions_have_their_limits():
    for name in ("water", "bone", "thyroid"):
        forms = photon_forms(name)
        assert forms.x_per_angstrom[0] == 0.0
        assert forms.incoherent[0] == 0.0
        assert forms.incoherent[-1] == pytest.approx(1.0, abs=1e-6)
        assert forms.coherent[0] == pytest.approx(1.0, abs=1e-6)
        assert np.all(np.diff(forms.coherent) <= 0)


def test_photoelectric_shares_are_those_of_the_elements():
    z, shares = photoelectric_shares("water", [10.0, 100.0])
    assert z == (1, 8)
    assert shares.sum(axis=0) == pytest.approx([1.0, 1.0])
    assert np.all(shares[1] > 0.999)


def test_transfer_of_soft_photons_lacks_the_k_fluorescence():
    edge = fluorescence()[20].edge_keV
    energy = edge * 1.001
    all_of_it = mean_photon_transfer("bone_cortical", energy, fluorescence_above_keV=100.0)
    less = mean_photon_transfer("bone_cortical", energy)
    z, shares = photoelectric_shares("bone_cortical", energy)
    tau = photon_coefficients("bone_cortical", energy).photoelectric
    lost = sum(
        share * fluorescence()[n].mean_emitted_keV / energy
        for n, share in zip(z, shares, strict=True)
        if n in fluorescence()
    )
    assert float(all_of_it - less) == pytest.approx(float(tau * lost), rel=1e-9)


def test_range_is_the_integral_of_the_inverse_stopping_power():
    e = np.geomspace(100.0, 2000.0, 4001)
    s = electron_collision_stopping("bone", e) + electron_radiative_stopping("bone", e)
    got = np.diff(electron_csda_range("bone", [100.0, 2000.0]))[0]
    # trapezoid on 800 points over four decades
    assert got == pytest.approx(np.trapezoid(1 / s, e), rel=2e-4)


def test_radiated_energy_grows_by_the_radiative_share():
    e = np.geomspace(500.0, 5000.0, 4001)
    radiative = electron_radiative_stopping("water", e)
    share = radiative / (radiative + electron_collision_stopping("water", e))
    radiated = e * radiation_yield("water", e)
    assert radiated[-1] - radiated[0] == pytest.approx(np.trapezoid(share, e), rel=5e-4)
