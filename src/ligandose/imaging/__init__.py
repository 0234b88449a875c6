"""What was measured: images read and checked, regions, cases; results written; test patients.

Needs the extra `imaging` (pydicom, highdicom, SimpleITK); without it, using a name says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ligandose.errors import LigandoseError
from ligandose.late import late_names

if TYPE_CHECKING:
    from ligandose.imaging.activity import ActivityImage, Calibration, read_activity
    from ligandose.imaging.case import Case, TimePoint, read_case, read_time_points
    from ligandose.imaging.ct import CtImage, DensityCurve, default_curve, density_curve, read_ct
    from ligandose.imaging.folder import Series, find_series
    from ligandose.imaging.generate import (
        Camera,
        Lesion,
        VirtualPatient,
        counted,
        course_activity,
        expected_counts,
        image_grid,
        noisy_ct,
        virtual_patient,
    )
    from ligandose.imaging.grid import Grid, axial_grid, grid_from_ras
    from ligandose.imaging.identity import Identity
    from ligandose.imaging.region_files import read_regions
    from ligandose.imaging.regions import Region, combined, label_map, onto, region_from_mask
    from ligandose.imaging.registration import Registration, moved, register
    from ligandose.imaging.resample import averaged
    from ligandose.imaging.scanner_files import (
        Scan,
        write_ct,
        write_pet,
        write_rtstruct,
        write_spect,
    )
    from ligandose.imaging.sidecar import volume_activity, volume_ct
    from ligandose.imaging.virtual_case import generate_case
    from ligandose.imaging.volumes import Volume, read_volume
    from ligandose.imaging.write import (
        write_nifti,
        write_parametric_map,
        write_rtdose,
        write_seg,
    )

__all__ = [
    "ActivityImage",
    "Calibration",
    "Camera",
    "Case",
    "CtImage",
    "DensityCurve",
    "Grid",
    "Identity",
    "Lesion",
    "Region",
    "Registration",
    "Scan",
    "Series",
    "TimePoint",
    "VirtualPatient",
    "Volume",
    "averaged",
    "axial_grid",
    "combined",
    "counted",
    "course_activity",
    "default_curve",
    "density_curve",
    "expected_counts",
    "find_series",
    "generate_case",
    "grid_from_ras",
    "image_grid",
    "label_map",
    "moved",
    "noisy_ct",
    "onto",
    "read_activity",
    "read_case",
    "read_ct",
    "read_regions",
    "read_time_points",
    "read_volume",
    "region_from_mask",
    "register",
    "virtual_patient",
    "volume_activity",
    "volume_ct",
    "write_ct",
    "write_nifti",
    "write_parametric_map",
    "write_pet",
    "write_rtdose",
    "write_rtstruct",
    "write_seg",
    "write_spect",
]

_LATE = {
    "activity": ("ActivityImage", "Calibration", "read_activity"),
    "case": ("Case", "TimePoint", "read_case", "read_time_points"),
    "ct": ("CtImage", "DensityCurve", "default_curve", "density_curve", "read_ct"),
    "folder": ("Series", "find_series"),
    "generate": (
        "Camera",
        "Lesion",
        "VirtualPatient",
        "counted",
        "course_activity",
        "expected_counts",
        "image_grid",
        "noisy_ct",
        "virtual_patient",
    ),
    "grid": ("Grid", "axial_grid", "grid_from_ras"),
    "identity": ("Identity",),
    "region_files": ("read_regions",),
    "regions": ("Region", "combined", "label_map", "onto", "region_from_mask"),
    "registration": ("Registration", "moved", "register"),
    "resample": ("averaged",),
    "scanner_files": ("Scan", "write_ct", "write_pet", "write_rtstruct", "write_spect"),
    "sidecar": ("volume_activity", "volume_ct"),
    "virtual_case": ("generate_case",),
    "volumes": ("Volume", "read_volume"),
    "write": ("write_nifti", "write_parametric_map", "write_rtdose", "write_seg"),
}
_late = late_names(__name__, _LATE)
_EXTRA = ("pydicom", "highdicom", "SimpleITK")


def __getattr__(name: str) -> Any:
    """Import a name when it is first used; say which extra is missing."""
    try:
        return _late(name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] not in _EXTRA:
            raise
        raise LigandoseError(
            f"reading and writing images needs {error.name}; install it with: "
            "pip install 'ligandose[imaging]'"
        ) from error
