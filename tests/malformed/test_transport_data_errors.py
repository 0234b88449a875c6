"""Bad names and energies for the transport data: a clear error that names the thing."""

import numpy as np
import pytest

from ligandose.errors import InputError, UnknownNameError
from ligandose.transport.materials import material
from ligandose.transport.photon_data import mass_attenuation, photon_forms
from ligandose.transport.stopping import (
    alpha_stopping,
    electron_collision_stopping,
    electron_csda_range,
)

ENERGY_FUNCTIONS = (
    mass_attenuation,
    alpha_stopping,
    electron_collision_stopping,
    electron_csda_range,
)


def test_an_unknown_medium_suggests_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean adipose"):
        material("adipoze")
    with pytest.raises(UnknownNameError, match="unknown material 'unobtainium'"):
        photon_forms("unobtainium")


@pytest.mark.parametrize("function", ENERGY_FUNCTIONS)
@pytest.mark.parametrize("energy", [0.0, -5.0, 0.5, 2e7, np.nan, np.inf])
def test_energies_outside_the_tables_are_refused_with_the_limits(function, energy):
    with pytest.raises(InputError, match=r"energy .* keV is outside the tables, allowed"):
        function("water", [10.0, energy])


def test_the_message_names_the_first_bad_energy():
    with pytest.raises(InputError, match="20000 keV"):
        mass_attenuation("water", [100.0, 20_000.0, 30_000.0])


def test_an_unknown_particle_is_refused():
    with pytest.raises(UnknownNameError, match="particle"):
        electron_collision_stopping("water", 10.0, particle="proton")


def test_a_material_whose_fractions_do_not_add_up_is_refused():
    from ligandose.errors import DataError
    from ligandose.transport.materials import _composition, elements

    row = {e.symbol: "" for e in elements().values()} | {"H": "0.11", "O": "0.80"}
    with pytest.raises(DataError, match=r"add up to 0\.91"):
        _composition(row, "bad water")
