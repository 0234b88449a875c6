"""Bad input to the dose and sphere functions: a stated rule, never a number."""

import numpy as np
import pytest

import ligandose.dose as dose
from ligandose.errors import InputError, UnknownNameError
from ligandose.transport import sphere_self_fraction

EMPTY = np.array([])
SPECTRUM = dose.EmissionSpectrum(
    "test", (EMPTY, np.array([100.0]), EMPTY), (EMPTY, np.array([1.0]), EMPTY)
)


@pytest.mark.parametrize("mass", [0.0, -1.0, np.nan, np.inf])
def test_sphere_of_a_mass_that_is_not_positive_is_refused(mass):
    with pytest.raises(InputError, match="mass_kg"):
        sphere_self_fraction("electron", 100.0, mass_kg=mass)


def test_unknown_region_suggests_the_nearest():
    with pytest.raises(UnknownNameError, match="kidneys"):
        dose.region_model("kidnyes")


def test_unknown_nuclide_is_refused():
    with pytest.raises(UnknownNameError):
        dose.emission_spectrum("Xx-999")


@pytest.mark.parametrize("name", ["lesion", "lesion:"])
def test_lesion_without_a_name_is_refused(name):
    with pytest.raises(UnknownNameError):
        dose.region_model(name)


@pytest.mark.parametrize("horizon", [0.0, -1.0, np.nan])
def test_horizon_that_is_not_positive_is_refused(horizon):
    with pytest.raises(InputError, match="horizon_s"):
        dose.emission_spectrum("Ac-225", with_progeny=True, horizon_s=horizon)


def test_sphere_outside_the_table_is_refused():
    with pytest.raises(InputError, match="outside"):
        sphere_self_fraction("electron", 100.0, mass_kg=1e-9)
    with pytest.raises(InputError, match="above the table"):
        sphere_self_fraction("photon", 9000.0, mass_kg=1.0)
    with pytest.raises(UnknownNameError, match="electron"):
        sphere_self_fraction("electrn", 100.0, mass_kg=1.0)
    with pytest.raises(InputError, match="outside"):
        dose.energy_curves(SPECTRUM).self_J(1e-9)


@pytest.mark.parametrize(
    ("energy", "yields"),
    [([0.0], [1.0]), ([-5.0], [1.0]), ([100.0], [-0.1]), ([np.nan], [1.0]), ([1.0, 2.0], [1.0])],
)
def test_spectrum_with_an_impossible_line_is_refused(energy, yields):
    with pytest.raises(InputError):
        dose.EmissionSpectrum(
            "bad", (EMPTY, np.array(energy), EMPTY), (EMPTY, np.array(yields), EMPTY)
        )


@pytest.mark.parametrize("haematocrit", [0.0, 1.0, 43.0, np.nan])
def test_haematocrit_outside_0_to_1_is_refused(haematocrit):
    with pytest.raises(InputError, match="haematocrit"):
        dose.marrow_to_blood_ratio(haematocrit)


def test_marrow_without_blood_mass_is_refused():
    with pytest.raises(InputError, match="blood_mass_kg"):
        dose.marrow_tia_from_blood_Bq_s(1.0, blood_mass_kg=0.0, marrow_mass_kg=1.0)


def test_effective_dose_without_a_tissue_names_it():
    with pytest.raises(InputError, match="red_marrow"):
        dose.effective_dose_Sv(np.ones((1, 1, 3)), regions=["liver"], mass_kg=[1.8], sex="male")
    with pytest.raises(UnknownNameError):
        dose.effective_dose_Sv(np.ones((1, 1, 3)), regions=["liver"], mass_kg=[1.8], sex="both")
    with pytest.raises(InputError, match="shape"):
        dose.effective_dose_Sv(np.ones((1, 3)), regions=["liver"], mass_kg=[1.8], sex="male")


def test_sex_average_needs_one_of_each():
    one = dose.EffectiveDose(np.ones(1), "male", ())
    with pytest.raises(InputError, match="female"):
        dose.sex_averaged_effective_dose(one, one)
