"""What voxel dosimetry refuses, and what it says."""

import numpy as np
import pytest

from ligandose.dose import VoxelMedia, dose_at_share, region_dose, voxel_dose
from ligandose.effect import voxel_bed_Gy
from ligandose.errors import InputError, UnknownNameError

GOOD = {"nuclide": "Lu-177", "spacing_mm": (4.0, 4.0, 4.0), "density_g_cm3": 1.0}
DECAYS = np.ones((3, 3, 3))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"decays": -DECAYS}, "must not be negative"),
        ({"decays": DECAYS * np.nan}, "not finite"),
        ({"decays": 0.0 * DECAYS}, "0 everywhere"),
        ({"decays": np.ones((3, 3))}, "three axes"),
        ({"density_g_cm3": 1000.0}, "1 for water, not 1000"),
        ({"density_g_cm3": np.ones((3, 3, 4))}, "resample the CT"),
        ({"density_g_cm3": 0.001}, "no tissue"),
        ({"spacing_mm": (4.0, 4.0)}, "three sides"),
        ({"spacing_mm": (0.004, 0.004, 0.004)}, "three sides"),
        ({"engine": "mc", "uncertainty": 0.0}, "give 0 to 1"),
        ({"engine": "mc", "histories": 3}, "histories is 3"),
        ({"engine": "mc", "seed": -1}, "seed is -1"),
        ({"engine": "mc", "where": np.zeros((3, 3, 3))}, "no voxel of tissue"),
        ({"engine": "mc", "where": np.ones((3, 3))}, "where has shape"),
        (
            {"engine": "mc", "media": VoxelMedia(np.zeros((2, 2, 2), np.uint8), ("water",))},
            "media have shape",
        ),
    ],
)
def test_bad_input_is_named(change, says):
    given = {"decays": DECAYS, **GOOD, **change}
    with pytest.raises(InputError, match=says):
        voxel_dose(given.pop("decays"), **given)


def test_unknown_names_suggest():
    with pytest.raises(UnknownNameError, match="kernel"):
        voxel_dose(DECAYS, **GOOD, engine="kernal")
    with pytest.raises(UnknownNameError):
        voxel_dose(DECAYS, **{**GOOD, "nuclide": "Lu-1777"})
    with pytest.raises(UnknownNameError):
        VoxelMedia(np.zeros((2, 2, 2), np.uint8), ("watre",))
    with pytest.raises(InputError, match="1 names"):
        VoxelMedia(np.ones((2, 2, 2), np.uint8), ("water",))


@pytest.mark.parametrize(
    ("share", "says"),
    [
        (0.0 * DECAYS, "empty"),
        (2.0 * DECAYS, "parts from 0 to 1"),
        (np.ones((3, 3)), "one grid"),
        (np.nan * DECAYS, "finite"),
    ],
)
def test_bad_regions_are_named(share, says):
    with pytest.raises(InputError, match=says):
        region_dose(DECAYS, share, spacing_mm=(1, 1, 1))


def test_bad_doses_and_shares_are_named():
    with pytest.raises(InputError, match="not finite"):
        region_dose(DECAYS * np.inf, DECAYS, spacing_mm=(1, 1, 1))
    with pytest.raises(InputError, match="0 to 100"):
        dose_at_share([1.0], [1.0], [101.0])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rate_per_s": [0.0]}, "above 0"),
        ({"rate_per_s": [1e-5, 1e-6]}, "share is missing"),
        ({"rate_per_s": [1e-5, 1e-6], "share": [0.5, 0.6]}, "add up"),
        ({"rate_per_s": np.ones((2, 1))}, "rate_per_s has shape"),
        ({"alpha_dose_Gy": DECAYS}, "rbe_max"),
        ({"alpha_beta_Gy": 0.0}, "above 0"),
    ],
)
def test_bad_kinetics_are_named(change, says):
    given = {"rate_per_s": [1e-5], "repair_rate_per_s": 1e-4, "alpha_beta_Gy": 3.0, **change}
    with pytest.raises(InputError, match=says):
        voxel_bed_Gy(DECAYS, **given)
