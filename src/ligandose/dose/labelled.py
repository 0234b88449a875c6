"""Named axes on top of the arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from ligandose.dose.curves import RADIATIONS
from ligandose.dose.svalues import SValues

if TYPE_CHECKING:
    import xarray as xr


def labelled_dose(
    s_values: SValues, tia_Bq_s: ArrayLike, *, mass_kg: ArrayLike, body_mass_kg: ArrayLike
) -> xr.DataArray:
    """Return `SValues.dose_Gy` with dimensions patient, region, radiation.

    The attributes hold the unit, and what is left out. Errors as `SValues.dose_Gy`.
    """
    import xarray as xr

    dose = s_values.dose_Gy(tia_Bq_s, mass_kg=mass_kg, body_mass_kg=body_mass_kg)
    return xr.DataArray(
        dose,
        dims=("patient", "region", "radiation"),
        coords={"region": list(s_values.regions), "radiation": list(RADIATIONS)},
        name="absorbed_dose",
        attrs={"units": "Gy", "omissions": s_values.omissions()},
    )


def labelled_s_values(
    s_values: SValues, nuclide: str, *, mass_kg: ArrayLike, body_mass_kg: ArrayLike
) -> xr.DataArray:
    """Return `SValues.s_Gy_per_Bq_s` with dimensions patient, target, source, radiation."""
    import xarray as xr

    s = s_values.s_Gy_per_Bq_s(nuclide, mass_kg=mass_kg, body_mass_kg=body_mass_kg)
    names = list(s_values.regions)
    return xr.DataArray(
        s,
        dims=("patient", "target", "source", "radiation"),
        coords={"target": names, "source": names, "radiation": list(RADIATIONS)},
        name="s_value",
        attrs={"units": "Gy/(Bq s)", "nuclide": nuclide, "omissions": s_values.omissions()},
    )
