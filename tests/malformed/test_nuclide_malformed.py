"""Bad input to the nuclides room."""

import numpy as np
import pytest

from ligandose.errors import InputError, UnknownNameError
from ligandose.nuclides import beta_spectrum, canonical_name, decay_chain, nuclide


@pytest.mark.parametrize("name", ["", "Lutetium", "177", "Xx-12", "Lu-177x", "Lu--177", "177 177"])
def test_a_text_that_is_no_nuclide_is_refused(name):
    with pytest.raises(InputError):
        canonical_name(name)
    with pytest.raises(UnknownNameError):
        nuclide(name)


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [("Lu-178", "Lu-177"), ("Ac-252", "Ac-225"), ("Tc-99n", "Tc-99"), ("Lu-17", "Lu-177")],
)
def test_an_unknown_nuclide_suggests_the_nearest_known_ones(name, suggestion):
    with pytest.raises(UnknownNameError) as caught:
        nuclide(name)
    assert any(found.startswith(suggestion) for found in caught.value.suggestions)
    assert name in str(caught.value)


def test_a_nuclide_that_was_left_out_says_why():
    with pytest.raises(UnknownNameError, match="spontaneous fission"):
        nuclide("Cf-252")


@pytest.mark.parametrize("time", [-1.0, np.nan, np.inf])
def test_times_must_be_finite_and_not_negative(time):
    with pytest.raises(InputError, match="times"):
        decay_chain("Lu-177").activities(1.0, [0.0, time])


@pytest.mark.parametrize("activity", [-1.0, np.nan, np.inf])
def test_activities_must_be_finite_and_not_negative(activity):
    with pytest.raises(InputError, match="activities"):
        decay_chain("Lu-177").activities(activity, 1.0)


def test_a_nuclide_outside_the_chain_has_no_activity_in_it():
    with pytest.raises(UnknownNameError, match="Lu-177"):
        decay_chain("Lu-177").activities({"Y-90": 1.0}, 1.0)


def test_a_stable_member_has_no_activity():
    with pytest.raises(InputError, match="stable"):
        decay_chain("Lu-177").activities({"Hf-177": 1.0}, 1.0)


def test_an_initial_state_of_the_wrong_length_is_refused():
    with pytest.raises(InputError, match="members"):
        decay_chain("Ac-225").decays(np.ones(2), 1.0)


@pytest.mark.parametrize("energy", [[-1.0], [np.nan], [np.inf]])
def test_energies_of_a_spectrum_must_be_finite_and_not_negative(energy):
    with pytest.raises(InputError, match="energies"):
        beta_spectrum("Y-90", energy)
